internal import ABI
internal import Machine

// A region keeps its first page and gets another end. Nothing is mapped or unmapped here: what a longer one has more is
// empty, and a shorter one loses only what is.
extension Kernel where M: ~Copyable {
  /// `resize`: a region of private pages gets x1 pages, or as few as end above its last one that is mapped. Of a home the
  /// first x2 may be shown from now on.
  mutating func resize(_ caller: UInt64) throws(Refusal) {
    let own = thread(caller).pointee.task
    let owner = try addressSpace(handleWord(caller), of: own)
    let region = try find(word(caller, 0), of: owner, .region, rights: 0)
    let slot = try slot(word(caller, 0), of: owner)
    let area = region.region
    guard area.isPrivate else {
      throw Refusal(.wrongKind, ObjectKind.memory.rawValue, limit: ObjectKind.region.rawValue)
    }
    let (pages, shown) = (word(caller, 1), word(caller, 2))
    let most = Geometry.taskPages - area.page
    guard pages > 0, pages <= most else { throw Refusal(.outOfRange, pages, limit: most) }
    guard shown <= pages else { throw Refusal(.outOfRange, shown, limit: pages) }
    try checkUnshown(region, FrameRange(shown, Geometry.taskPages), isAny: true)
    if pages > area.pages { try checkOverlap(of: owner, area.with(pages: pages), except: slot) }
    let end = emptyEnd(owner, FrameRange(area.page + pages, area.page + area.pages))
    if region.isHome { memoryObject(region.word.object).pointee.frames = shown }
    handle(slot).pointee.value = area.with(pages: max(pages, end - area.page)).raw
    succeed(caller, max(pages, end - area.page))
  }
}
