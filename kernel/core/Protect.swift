internal import AArch64
internal import ABI
internal import Machine

extension Kernel where M: ~Copyable {
  /// `protect`: other rights for a region, and for those of its pages under one leaf table that have them not yet.
  mutating func protect(_ caller: UInt64) throws(Refusal) {
    let own = thread(caller).pointee.task
    let owner = try addressSpace(handleWord(caller), of: own)
    let (page, count) = (word(caller, 1), word(caller, 2))
    let (slot, region) = try findRegion(word(caller, 0), of: owner, page: page, count: count)
    let rights = try newRights(word(caller, 3), region)
    let (first, walk) = firstMapped(owner, FrameRange(page, page + count), except: rights)
    let range = FrameRange(first, min(page + count, first | 511 + 1))
    try checkWhole(walk, range)
    handle(slot).pointee.word = region.word.with(rights: rights.rawValue)
    guard walk.entry.isValid else { return succeed(caller, first - page) }
    let changed = walk.level == 2 ? protectBlock(walk, range, rights) : protectPages(walk, range, rights)
    forget(owner, FrameRange(first, changed.end), isBlock: walk.level == 2)
    succeed(caller, range.end - page, changed.pages)
  }

  /// Private pages may get any rights; of what a region shows, its task has been given no more than the region has.
  private func newRights(_ raw: UInt64, _ region: Handle) throws(Refusal) -> Rights.Memory {
    let rights = try regionRights(raw)
    guard region.region.isPrivate || region.memoryRights.isSuperset(of: rights) else {
      throw Refusal(.invalidRights, raw, limit: region.memoryRights.rawValue)
    }
    return rights
  }

  /// Changes entries of a leaf table; one past the last page that changed, and how many did. Permissions alone change,
  /// which needs no break: until the MMU forgets, a page has its old rights or its new ones.
  private mutating func protectPages(
    _ walk: Walk, _ range: FrameRange, _ rights: Rights.Memory
  ) -> (end: UInt64, pages: UInt64) {
    var changed = (end: range.first, pages: UInt64(0))
    for page in range.first..<range.end {
      let entry = entry(of: walk.leaf, page: page, level: 3)
      guard entry.isValid, entry.rights != rights else { continue }
      synchronize(entry, frames: 1, rights)
      machine.setDescriptor(table: walk.leaf, index: page & 511, to: entry.allowing(rights).raw)
      changed = (page + 1, changed.pages + 1)
    }
    return changed
  }

  private mutating func protectBlock(
    _ walk: Walk, _ range: FrameRange, _ rights: Rights.Memory
  ) -> (end: UInt64, pages: UInt64) {
    synchronize(walk.entry, frames: range.count, rights)
    machine.setDescriptor(
      table: walk.middle, index: TableGeometry.index(page: range.first, level: 2), to: walk.entry.allowing(rights).raw)
    return (range.end, range.count)
  }

  /// Makes what was written visible to instruction fetch before it may be executed.
  private func synchronize(_ entry: Descriptor, frames: UInt64, _ rights: Rights.Memory) {
    guard rights.contains(.execute), !entry.rights.contains(.execute) else { return }
    for frame in entry.frame..<entry.frame + frames { machine.synchronizeInstructions(frame: frame) }
  }
}
