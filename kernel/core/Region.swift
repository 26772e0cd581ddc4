internal import ABI
internal import Machine

extension Kernel where M: ~Copyable {
  /// `region`: a slot of a task that says which pages show what, with which rights. Nothing is mapped yet.
  mutating func region(_ caller: UInt64) throws(Refusal) {
    let own = thread(caller).pointee.task
    let owner = try addressSpace(handleWord(caller), of: own)
    let target = try emptySlot(word(caller, 0), of: owner)
    let (page, pages) = (word(caller, 1), word(caller, 2))
    guard pages > 0, pages <= Geometry.taskPages, page > 0, page <= Geometry.taskPages - pages else {
      throw Refusal(.outOfRange, page, limit: Geometry.taskPages)
    }
    let rights = Rights.Memory(rawValue: word(caller, 3))
    guard rights.contains(.read), rights.rawValue <= 7, !rights.isSuperset(of: Rights.Memory(rawValue: 6)) else {
      throw Refusal(.invalidRights, rights.rawValue)
    }
    let shown = try shownMemory(caller, own, rights: rights, pages: pages)
    try checkOverlap(of: owner, page: page, pages: pages)
    let new = HandleWord(.region, rights: rights.rawValue, object: shown)
    let area = RegionWord(page: page, pages: pages, isPrivate: shown == 0)
    if shown == 0 {
      handle(target).pointee = Handle(word: new, value: area.raw)
    } else {
      install(target, new, value: area.raw)
      handle(target).pointee.offset = word(caller, 5)
    }
    succeed(caller)
  }

  /// The Memory in slot x4 that a region may show with these rights; 0 for private pages.
  private func shownMemory(
    _ caller: UInt64, _ own: UInt64, rights: Rights.Memory, pages: UInt64
  ) throws(Refusal) -> UInt64 {
    let number = word(caller, 4)
    guard number != 0 else { return 0 }
    let object = try find(number, of: own, .memory, rights: rights.rawValue).word.object
    let shown = memoryObject(object).pointee
    guard shown.kind == MemoryUse.fixed || shown.kind == MemoryUse.device else {
      throw Refusal(.wrongKind, shown.kind, limit: MemoryUse.fixed)
    }
    guard shown.kind != MemoryUse.device || !rights.contains(.execute) else {
      throw Refusal(.invalidRights, rights.rawValue)
    }
    let offset = word(caller, 5)
    guard offset <= shown.frames, pages <= shown.frames - offset, offset <= Handle.maximumOffset else {
      throw Refusal(.outOfRange, offset, limit: shown.frames)
    }
    return object
  }

  /// Refuses a region where the task has one already: a page belongs to one region.
  private func checkOverlap(of owner: UInt64, page: UInt64, pages: UInt64) throws(Refusal) {
    for number in 1..<task(owner).pointee.slots {
      let other = handle(owner + Task.handlesOffset + number &* Task.handleBytes)
      guard other.pointee.word.kindNumber == ObjectKind.region.rawValue else { continue }
      let area = other.pointee.region
      if page < area.page + area.pages, area.page < page + pages { throw Refusal(.regionOverlap, page, limit: number) }
    }
  }

  /// The region that a call names in a task, checked to hold the pages that the call is about.
  func findRegion(
    _ number: UInt64, of owner: UInt64, page: UInt64, count: UInt64
  ) throws(Refusal) -> (slot: UInt64, handle: Handle) {
    let found = try find(number, of: owner, .region, rights: 0)
    let area = found.region
    guard count > 0, page >= area.page, page - area.page < area.pages, count <= area.pages - (page - area.page) else {
      throw Refusal(.outsideRegion, page, limit: area.pages)
    }
    return (try slot(number, of: owner), found)
  }
}
