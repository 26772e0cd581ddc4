internal import AArch64
internal import ABI
internal import Machine

// Largest fit: a block of 2 MiB, 16 pages that one entry of the MMU may hold (64 KiB, the contiguous hint), single
// pages. Runs are merged when the pages that complete them come, and taken apart when a part goes. A run lies in one
// region, so that what protects or unmaps a region finds it whole.
extension Kernel where M: ~Copyable {
  /// 2 MiB in one entry.
  @inline(__always) mutating func mapBlock(_ plan: MapPlan) {
    setBlock(plan)
    ledger(plan.walk.middle).pointee = ledger(plan.walk.middle).pointee.using(1)
  }

  @inline(__always) private mutating func setBlock(_ plan: MapPlan) {
    let first = plan.descriptor.advanced(by: 0 &- plan.page & 511)
    let block = Descriptor.block(frame: first.frame, rights: plan.rights, kind: plan.isDevice ? .device : .normal)
    machine.setDescriptor(
      table: plan.walk.middle, index: TableGeometry.index(page: plan.page, level: 2), to: block.raw)
  }

  /// Whether all other pages of the leaf table are there and go on to a block with those that come.
  @inline(__always) func isLast(_ plan: MapPlan) -> Bool {
    guard plan.walk.leaf != 0, !plan.isSingle, (plan.page ^ plan.frame) & 511 == 0 else { return false }
    guard ledger(plan.walk.leaf).pointee.used + plan.count == Geometry.blockFrames else { return false }
    return surrounds(plan, FrameRange(plan.page & ~511, plan.page | 511 + 1))
  }

  /// A block in place of the leaf table, whose frame is free afterwards.
  @inline(__always) mutating func mapLast(_ plan: MapPlan) {
    let index = TableGeometry.index(page: plan.page, level: 2)
    machine.setDescriptor(table: plan.walk.middle, index: index, to: Descriptor.empty.raw)
    forget(
      plan.owner, FrameRange(plan.page & ~511, plan.page), FrameRange(plan.range.end, plan.page | 511 + 1))
    setBlock(plan)
    free(plan.walk.leaf)
    task(plan.owner).pointee.tables -= 1
    task(plan.owner).pointee.used -= 1
    task(plan.owner).pointee.forgetLeaf(plan.walk.leaf)
  }

  /// Pages of 4 KiB in one leaf table, with the hint on each group of 16 that is whole now.
  @inline(__always) mutating func mapPages(_ plan: MapPlan) {
    let whole = withGroups(plan)
    if whole != plan.range {
      let (before, behind) = (FrameRange(whole.first, plan.page), FrameRange(plan.range.end, whole.end))
      breakEntries(plan.walk.leaf, before)
      breakEntries(plan.walk.leaf, behind)
      forget(plan.owner, before, behind)
    }
    let single = plan.descriptor.advanced(by: whole.first &- plan.page)
    let isCongruent = !plan.isSingle && (plan.page ^ plan.frame) & 15 == 0
    setPages(plan.walk.leaf, whole, single, groups: isCongruent ? whole.inner16 : FrameRange(whole.end, whole.end))
    ledger(plan.walk.leaf).pointee = ledger(plan.walk.leaf).pointee.using(Int64(bitPattern: plan.count))
    task(plan.owner).pointee.noteLeaf(plan.walk.leaf, plan.page)
  }

  /// Writes the entries of pages that lie together, `first` that of the first; those of `groups` with the hint.
  @inline(__always) private mutating func setPages(
    _ leaf: UInt64, _ range: FrameRange, _ first: Descriptor, groups: FrameRange
  ) {
    set(leaf, FrameRange(range.first, groups.first), first)
    set(leaf, groups, first.advanced(by: groups.first &- range.first).contiguous)
    set(leaf, FrameRange(groups.end, range.end), first.advanced(by: groups.end &- range.first))
  }

  private mutating func set(_ leaf: UInt64, _ range: FrameRange, _ first: Descriptor) {
    guard range.first < range.end else { return }
    machine.setDescriptors(table: leaf, index: range.first & 511, count: range.count, to: first.raw, step: 1 << 12)
  }

  /// The pages of a plan, and those in front of and behind them that they complete to groups of 16.
  @inline(__always) private func withGroups(_ plan: MapPlan) -> FrameRange {
    var whole = plan.range
    guard !plan.isSingle, (plan.page ^ plan.frame) & 15 == 0 else { return whole }
    let (first, last) = (plan.page & ~15, (plan.range.end - 1) & ~15)
    if first != plan.page, surrounds(plan, FrameRange(first, first + 16)) { whole.first = first }
    if last + 16 != plan.range.end, surrounds(plan, FrameRange(last, last + 16)) { whole.end = last + 16 }
    return whole
  }

  /// Whether the other pages of a run are there, of the same region, and like those that come.
  private func surrounds(_ plan: MapPlan, _ run: FrameRange) -> Bool {
    guard plan.region.intersection(run) == run else { return false }
    let first = plan.descriptor.advanced(by: run.first &- plan.page)
    return goesOn(plan.walk.leaf, FrameRange(run.first, plan.page), first)
      && goesOn(
        plan.walk.leaf, FrameRange(plan.range.end, run.end), first.advanced(by: plan.range.end &- run.first))
  }

  /// Whether the pages of a range lie together, `first` being the entry of the first. Sixteen with the hint do: one of
  /// them is enough.
  private func goesOn(_ leaf: UInt64, _ range: FrameRange, _ first: Descriptor) -> Bool {
    var expected = first
    var page = range.first
    while page < range.end {
      let found = entry(of: leaf, page: page, level: 3)
      guard found.single == expected else { return false }
      let step = found.isContiguous ? 16 &- page & 15 : 1
      expected = expected.advanced(by: step)
      page &+= step
    }
    return true
  }

  /// The spare frame for the leaf table without which a part of a block cannot go; 0 where none is needed.
  func checkSplit(
    _ caller: UInt64, _ owner: UInt64, _ walk: Walk, _ range: FrameRange, _ region: Handle
  ) throws(Refusal) -> UInt64 {
    guard walk.level == 2, range.count < Geometry.blockFrames else { return 0 }
    let spare = word(caller, 4)
    guard spare != 0 else { throw Refusal(.tablesNeeded, 1, limit: 0) }
    try checkFree(spare, by: try authority(word(caller, 6), of: thread(caller).pointee.task))
    // What goes of private pages pays for the table.
    if !freesFrames(region) { try checkQuota(owner, 1) }
    return spare
  }

  /// A leaf table in place of a block, without the pages of `range`: made first, then put where the block was.
  mutating func splitBlock(_ owner: UInt64, _ walk: Walk, _ range: FrameRange, _ leaf: UInt64) {
    let index = TableGeometry.index(page: range.first, level: 2)
    machine.clear(frame: leaf)
    let first = range.first & ~511
    let (before, behind) = (FrameRange(first, range.first), FrameRange(range.end, first + 512))
    setPages(leaf, before, walk.entry.asPage, groups: before.inner16)
    setPages(leaf, behind, walk.entry.asPage.advanced(by: behind.first - first), groups: behind.inner16)
    ledger(leaf).pointee = .table(level: 3, used: 512 - range.count, parent: walk.middle, entry: index)
    machine.setDescriptor(table: walk.middle, index: index, to: Descriptor.empty.raw)
    forgetBlock(owner, range.first)
    machine.setDescriptor(table: walk.middle, index: index, to: Descriptor.table(frame: leaf).raw)
    machine.publishTables()
    task(owner).pointee.tables += 1
    task(owner).pointee.used += 1
  }
}
