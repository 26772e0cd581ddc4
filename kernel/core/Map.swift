internal import AArch64
internal import ABI
internal import Machine

/// A `map` whose every argument was checked.
struct MapPlan {
  var owner: UInt64
  var regionSlot: UInt64
  var page: UInt64
  var count: UInt64
  var frame: UInt64
  var rights: Rights.Memory
  var isPrivate: Bool
  var isDevice: Bool
  var isBlock: Bool
  /// Whether the pages complete 512 that lie together: the leaf table makes room for a block.
  var isLast = false
  /// Whether each page has an entry of its own, which another may replace.
  var isSingle = false
  /// The region's pages: only these are merged.
  var region: FrameRange
  var walk: Walk

  var range: FrameRange { FrameRange(page, page + count) }
  /// The entry of the first page.
  var descriptor: Descriptor { Descriptor.page(frame: frame, rights: rights, kind: isDevice ? .device : .normal) }
}

extension Kernel where M: ~Copyable {
  /// `map`: pages of one region under one leaf table. First everything is checked, then nothing can fail.
  mutating func map(_ caller: UInt64) throws(Refusal) {
    var plan = try planMap(caller)
    let tables = try checkRoom(plan, caller)
    guard clearFrames(plan) else { return }
    if plan.rights.contains(.execute), !publish(plan.frame, plan.count, areCleared: plan.isPrivate) { return }
    let taken = grow(&plan, caller, tables)
    enter(plan)
    if plan.isLast { mapLast(plan) } else if plan.isBlock { mapBlock(plan) } else { mapPages(plan) }
    machine.publishTables()
    succeed(caller, plan.count, taken, plan.isLast ? plan.walk.leaf : 0)
  }

  @inline(__always) private func planMap(_ caller: UInt64) throws(Refusal) -> MapPlan {
    let own = thread(caller).pointee.task
    let owner = try addressSpace(handleWord(caller), of: own)
    let page = word(caller, 1)
    var count = word(caller, 2)
    let (slot, region) = try findRegion(word(caller, 0), of: owner, page: page, count: count)
    guard page & 511 + count <= Geometry.blockFrames else {
      throw Refusal(.outOfRange, count, limit: Geometry.blockFrames - page & 511)
    }
    let isPrivate = region.region.isPrivate
    var frame = word(caller, 3)
    var isDevice = false
    if isPrivate {
      try checkFrames(caller, own, frame, count)
    } else {
      let shown = memoryObject(region.word.object).pointee
      let shownPage = region.offset + page - region.region.page
      switch shown.kind {
      case MemoryUse.ledger: frame = try ledgerFrame(shownPage, count)
      case MemoryUse.shared: frame = try sharedFrames(region.word.object, shownPage, &count)
      default: frame = shown.frame + shownPage
      }
      isDevice = shown.kind == MemoryUse.device
    }
    let walk = walk(owner, page: page)
    let area = region.region
    let copies = area.flags.copiesOnWrite
    let isBlock = count == 512 && (page | frame) & 511 == 0 && walk.leaf == 0 && !copies
    let rights = copies ? region.memoryRights.subtracting(.write) : region.memoryRights
    var plan = MapPlan(
      owner: owner, regionSlot: slot, page: page, count: count, frame: frame, rights: rights,
      isPrivate: isPrivate, isDevice: isDevice, isBlock: isBlock, isSingle: copies,
      region: FrameRange(area.page, area.page + area.pages),
      walk: walk)
    plan.isLast = isLast(plan)
    return plan
  }

  /// The first of the ledger's frames that hold the words of `count` × 512 frames. Their sections were claimed,
  /// so that the words are there; a GiB that is RAM as a whole may be shown whole once it was opened.
  private func ledgerFrame(_ page: UInt64, _ count: UInt64) throws(Refusal) -> UInt64 {
    let gigabyte = page >> 9
    let whole = FrameRange(gigabyte << 18, (gigabyte + 1) << 18)
    if count < Geometry.blockFrames || !isOpen(gigabyte: gigabyte) || held(whole) != whole {
      for each in page..<page + count where !isClaimed(each << 9) {
        throw Refusal(.frameNotClaimed, each << 9, limit: each >> 4)
      }
    }
    return gigabyte << 18 + page & 511
  }

  /// Private pages come from free frames of an authority that the caller holds, and the account pays.
  private func checkFrames(_ caller: UInt64, _ own: UInt64, _ frame: UInt64, _ count: UInt64) throws(Refusal) {
    let authority = try authority(word(caller, 6), of: own)
    guard frame < 1 << 27 else { throw Refusal(.outOfRange, frame, limit: 1 << 27) }
    let range = FrameRange(frame, frame + count)
    guard memoryObject(authority).pointee.isAuthority(over: range),
      ram.used.contains(range.end - 1) || isAdded(range)
    else {
      throw Refusal(.frameNotClaimed, frame, limit: frame >> 13)
    }
    guard isClaimed(frame), isClaimed(range.end - 1) else {
      throw Refusal(.frameNotClaimed, frame, limit: frame >> 13)
    }
    // The words of a GiB lie in a row, zero where a frame is free; the next one starts with its ledger, whose frames are
    // not free.
    let end = min(range.end, frame | (Geometry.gigabyteFrames - 1) + 1)
    let used = frame + machine.zeros(ledgerAddress(frame), count: end - frame)
    guard used == range.end else { throw Refusal(.frameNotFree, used, limit: ledger(used).pointee.kind.rawValue) }
  }

  /// Checks the entries, the spare frames and the account; returns the tables that are missing.
  @inline(__always) private func checkRoom(_ plan: MapPlan, _ caller: UInt64) throws(Refusal) -> UInt64 {
    try checkEmpty(plan)
    let needed: UInt64 = (plan.walk.middle == 0 ? 1 : 0) + (!plan.isBlock && plan.walk.leaf == 0 ? 1 : 0)
    try checkSpares(plan, caller, needed)
    try checkQuota(plan.owner, needed + (plan.isPrivate ? plan.count : 0))
    return needed
  }

  /// Puts in the tables that are missing; returns which spares were taken, a bit each.
  @inline(__always) private mutating func grow(_ plan: inout MapPlan, _ caller: UInt64, _ needed: UInt64) -> UInt64 {
    var spare = 4
    if plan.walk.middle == 0 {
      plan.walk.middle = word(caller, spare)
      spare += 1
      grow(plan.owner, plan.walk.middle, level: 2, parent: root(of: plan.owner), page: plan.page)
    }
    if !plan.isBlock, plan.walk.leaf == 0 {
      plan.walk.leaf = word(caller, spare)
      grow(plan.owner, plan.walk.leaf, level: 3, parent: plan.walk.middle, page: plan.page)
    }
    return 1 &<< needed &- 1
  }

  @inline(__always) private func checkEmpty(_ plan: MapPlan) throws(Refusal) {
    if plan.walk.leaf == 0 {
      guard !plan.walk.entry.isValid else { throw Refusal(.alreadyMapped, plan.page, limit: plan.walk.level) }
      return
    }
    guard ledger(plan.walk.leaf).pointee.used > 0 else { return }
    for page in plan.page..<plan.page + plan.count {
      guard machine.descriptor(table: plan.walk.leaf, index: page & 511) == 0 else {
        throw Refusal(.alreadyMapped, page, limit: 3)
      }
    }
  }

  /// The spares that will be used are free, two different frames, and none of the pages.
  @inline(__always) private func checkSpares(_ plan: MapPlan, _ caller: UInt64, _ needed: UInt64) throws(Refusal) {
    let given: UInt64 = (word(caller, 4) != 0 ? 1 : 0) + (word(caller, 5) != 0 ? 1 : 0)
    guard given >= needed, needed == 0 || word(caller, 4) != 0 else {
      throw Refusal(.tablesNeeded, needed, limit: given)
    }
    guard needed > 0 else { return }
    let authority = try authority(word(caller, 6), of: thread(caller).pointee.task)
    for index in 0..<Int(truncatingIfNeeded: needed) {
      let frame = word(caller, 4 + index)
      try checkFree(frame, by: authority)
      let isPage = plan.isPrivate && FrameRange(plan.frame, plan.frame + plan.count).contains(frame)
      guard !isPage, index == 0 || frame != word(caller, 4) else { throw Refusal(.frameNotFree, frame) }
    }
  }

  /// Clears the frames of private pages, some at a time; where an interrupt waits between two steps the call
  /// starts over and goes on behind what is cleared already. Nothing else has been changed yet.
  @inline(__always) private mutating func clearFrames(_ plan: MapPlan) -> Bool {
    guard plan.isPrivate else { return true }
    var next = ram.cleared.first == plan.frame ? min(ram.cleared.end, plan.frame + plan.count) : plan.frame
    ram.cleared = FrameRange(0, 0)
    while true {
      let end = min(next + framesBetweenLooks, plan.frame + plan.count)
      for frame in next..<end { machine.clear(frame: frame) }
      next = end
      if next == plan.frame + plan.count { return true }
      guard machine.interruptIsPending() else { continue }
      ram.cleared = FrameRange(plan.frame, next)
      restart()
      return false
    }
  }

  /// Books the pages: ledger, region and account.
  @inline(__always) private mutating func enter(_ plan: MapPlan) {
    if plan.isPrivate {
      // They lie in one GiB, as `checkFrames` saw, and their words in a row.
      let first = LedgerWord.privatePage(task: DirectMap.frame(plan.owner), page: plan.page)
      machine.fill(ledgerAddress(plan.frame), count: plan.count, with: first.raw, step: LedgerWord.nextPage)
    }
    handle(plan.regionSlot).pointee.mapped += plan.count
    noteShown(handle(plan.regionSlot).pointee, more: plan.count)
    task(plan.owner).pointee.mappedPages += plan.count
    if plan.isPrivate { task(plan.owner).pointee.used += plan.count }
    if plan.isDevice { noteDevice(plan.frame, plan.count, isMapped: true) }
  }
}
