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
    let seals = word(caller, 4) == 1
    let frees = word(caller, 4) == 2
    if seals { try checkSeal(region, rights) }
    let (first, walk) = firstMapped(owner, FrameRange(page, page + count), except: rights)
    let range = FrameRange(first, min(page + count, first | 511 + 1))
    try checkWhole(walk, range)
    if walk.level == 2, becomesExecutable(walk.entry, rights) {
      guard publish(walk.entry.frame, range.count) else { return }
    }
    handle(slot).pointee.word = region.word.with(rights: rights.rawValue)
    if seals { handle(slot).pointee.value |= RegionFlags.seal }
    if frees, region.region.flags.isDMA {
      handle(slot).pointee.value &= ~RegionFlags.dma.raw
      handle(slot).pointee.offset = 0
    }
    guard walk.entry.isValid else { return succeed(caller, first - page) }
    let changed = walk.level == 2 ? protectBlock(walk, range, rights) : protectPages(walk, range, rights)
    if walk.level == 2 { forgetBlock(owner, first) } else { forget(owner, FrameRange(changed.first, changed.end)) }
    if changed.isBroken { make(walk.leaf, FrameRange(changed.first, changed.end)) }
    succeed(caller, changed.handled - page, changed.pages)
  }

  /// Private pages may get any rights; of what a region shows, its task has been given no more than the region has.
  private func newRights(_ raw: UInt64, _ region: Handle) throws(Refusal) -> Rights.Memory {
    let rights = try regionRights(raw)
    let flags = region.region.flags
    guard !flags.copiesOnWrite, !flags.isSealed || !rights.contains(.write) else {
      throw Refusal(.invalidRights, raw, limit: region.memoryRights.rawValue)
    }
    guard region.region.isPrivate || region.memoryRights.isSuperset(of: rights) else {
      throw Refusal(.invalidRights, raw, limit: region.memoryRights.rawValue)
    }
    return rights
  }

  /// What has changed: pages from `first` to `end`, `pages` of them; `isBroken` where they wait to be made again.
  private struct Change {
    var first: UInt64
    var end: UInt64
    var pages: UInt64 = 0
    var isBroken = false
    /// Where the call stops.
    var handled: UInt64 = 0
  }

  /// Changes entries of a leaf table. Permissions alone change, which needs no break: until the MMU forgets, a page has
  /// its old rights or its new ones. But 16 that must be alike are broken; a group of which a part is asked for goes whole.
  @inline(__always) private mutating func protectPages(_ walk: Walk, _ range: FrameRange, _ rights: Rights.Memory)
    -> Change
  {
    var page = walk.entry.isContiguous ? range.first & ~15 : range.first
    var change = Change(first: page, end: page)
    // Not within 16 that must be alike.
    let between = rights.contains(.execute) ? max(framesBetweenLooks, 16) : pagesBetweenLooks
    while page < range.end || (page & 15 != 0 && entry(of: walk.leaf, page: page, level: 3).isContiguous) {
      // An interrupt that waits ends the call early.
      if page & (between - 1) == 0, change.pages > 0, machine.interruptIsPending() { break }
      let old = entry(of: walk.leaf, page: page, level: 3)
      if old.isValid, old.rights != rights {
        if becomesExecutable(old, rights) { machine.synchronizeInstructions(frame: old.frame) }
        let new = old.allowing(rights)
        machine.setDescriptor(table: walk.leaf, index: page & 511, to: old.isContiguous ? new.broken.raw : new.raw)
        change.end = page + 1
        change.pages += 1
        if old.isContiguous { change.isBroken = true }
      }
      page &+= 1
    }
    change.handled = min(page, range.end)
    return change
  }

  /// Makes the entries again that were broken.
  @inline(__always) private mutating func make(_ leaf: UInt64, _ range: FrameRange) {
    for page in range.first..<range.end {
      let entry = entry(of: leaf, page: page, level: 3)
      if entry != .empty, !entry.isValid { machine.setDescriptor(table: leaf, index: page & 511, to: entry.made.raw) }
    }
    machine.publishTables()
  }

  @inline(__always) private mutating func protectBlock(_ walk: Walk, _ range: FrameRange, _ rights: Rights.Memory)
    -> Change
  {
    machine.setDescriptor(
      table: walk.middle, index: TableGeometry.index(page: range.first, level: 2), to: walk.entry.allowing(rights).raw)
    return Change(first: range.first, end: range.end, pages: range.count, handled: range.end)
  }

  /// What was written must become visible to instruction fetch before it may be executed.
  private func becomesExecutable(_ entry: Descriptor, _ rights: Rights.Memory) -> Bool {
    rights.contains(.execute) && !entry.rights.contains(.execute)
  }
}
