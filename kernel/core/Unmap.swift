internal import AArch64
internal import ABI
internal import Machine

extension Kernel where M: ~Copyable {
  /// Pages that are invalidated one by one; beyond, forgetting the whole address space takes fewer steps.
  private var singly: UInt64 { 16 }

  /// `unmap`: pages of one region under one leaf table; tables that come empty go back with them.
  mutating func unmap(_ caller: UInt64) throws(Refusal) {
    let own = thread(caller).pointee.task
    let owner = try addressSpace(handleWord(caller), of: own)
    let (page, count) = (word(caller, 1), word(caller, 2))
    let (slot, region) = try findRegion(word(caller, 0), of: owner, page: page, count: count)
    let walk = walk(owner, page: page)
    let isBlock = walk.level == 2 && walk.entry.isLeaf(level: 2)
    guard !isBlock || (page & 511 == 0 && count == 512) else { throw Refusal(.unaligned, page, limit: 512) }
    let range = FrameRange(page, page + count)
    let removed = isBlock ? removeBlock(walk, range, region) : removePages(walk, range, region)
    guard removed > 0 else { return succeed(caller, count) }
    let freed = pruneEmpty(owner, walk)
    forget(owner, range, isBlock: isBlock)
    release(owner, slot: slot, region: region, removed: removed, freed: freed)
    succeed(caller, count, freed.0, freed.1)
  }

  /// Empties the entries of a range of pages; returns how many were mapped.
  private mutating func removePages(_ walk: Walk, _ range: FrameRange, _ region: Handle) -> UInt64 {
    guard walk.leaf != 0 else { return 0 }
    var removed: UInt64 = 0
    for page in range.first..<range.end {
      let entry = entry(of: walk.leaf, page: page, level: 3)
      guard entry.isValid else { continue }
      machine.setDescriptor(table: walk.leaf, index: page & 511, to: Descriptor.empty.raw)
      noteRemoved(entry.frame, 1, region)
      removed += 1
    }
    ledger(walk.leaf).pointee = ledger(walk.leaf).pointee.using(-Int64(bitPattern: removed))
    return removed
  }

  private mutating func removeBlock(_ walk: Walk, _ range: FrameRange, _ region: Handle) -> UInt64 {
    machine.setDescriptor(
      table: walk.middle, index: TableGeometry.index(page: range.first, level: 2), to: Descriptor.empty.raw)
    ledger(walk.middle).pointee = ledger(walk.middle).pointee.using(-1)
    noteRemoved(walk.entry.frame, 512, region)
    return 512
  }

  /// Frames of private pages are booked out at once; they are given out again only after `forget`, because
  /// this call is atomic.
  private mutating func noteRemoved(_ frame: UInt64, _ count: UInt64, _ region: Handle) {
    if region.region.isPrivate {
      for each in frame..<frame + count { free(each) }
    } else if memoryObject(region.word.object).pointee.kind == MemoryUse.device {
      noteDevice(frame, count, isMapped: false)
    }
  }

  /// Takes tables that hold nothing any more out of their parents: the leaf, then the one above it.
  private mutating func pruneEmpty(_ owner: UInt64, _ walk: Walk) -> (UInt64, UInt64) {
    var leaf: UInt64 = 0
    var middle: UInt64 = 0
    if walk.leaf != 0, ledger(walk.leaf).pointee.used == 0 {
      prune(owner, walk.leaf)
      leaf = walk.leaf
    }
    if walk.middle != 0, ledger(walk.middle).pointee.used == 0 {
      prune(owner, walk.middle)
      middle = walk.middle
    }
    return (leaf, middle)
  }

  /// Makes the MMU forget the pages, and with them the tables on the way.
  private mutating func forget(_ owner: UInt64, _ range: FrameRange, isBlock: Bool) {
    let identifier = task(owner).pointee.translation >> 48
    machine.publishTables()
    if isBlock {
      machine.invalidate(page: range.first, identifier: identifier)
    } else if range.count <= singly {
      for page in range.first..<range.end { machine.invalidate(page: page, identifier: identifier) }
    } else {
      machine.invalidate(identifier: identifier)
    }
    machine.completeInvalidation()
  }

  /// The freed tables become free frames; region and account shrink.
  private mutating func release(
    _ owner: UInt64, slot: UInt64, region: Handle, removed: UInt64, freed: (UInt64, UInt64)
  ) {
    if freed.0 != 0 { free(freed.0) }
    if freed.1 != 0 { free(freed.1) }
    handle(slot).pointee.mapped -= removed
    task(owner).pointee.mappedPages -= removed
    if region.region.isPrivate { task(owner).pointee.used -= removed }
  }

  /// `copyPage`: page x2 of a Memory in the caller's table into a private page that is mapped.
  mutating func copyPage(_ caller: UInt64) throws(Refusal) {
    let own = thread(caller).pointee.task
    let owner = try addressSpace(handleWord(caller), of: own)
    let object = try find(word(caller, 1), of: own, .memory, rights: Rights.Memory.read.rawValue).word.object
    let source = memoryObject(object).pointee
    guard source.kind == MemoryUse.fixed else { throw Refusal(.wrongKind, source.kind, limit: MemoryUse.fixed) }
    guard word(caller, 2) < source.frames else { throw Refusal(.outOfRange, word(caller, 2), limit: source.frames) }
    let page = word(caller, 0)
    guard page < Geometry.taskPages else { throw Refusal(.outOfRange, page, limit: Geometry.taskPages) }
    let walk = walk(owner, page: page)
    guard walk.entry.isLeaf(level: walk.level) else { throw Refusal(.notMapped, page) }
    let frame = walk.entry.frame + (walk.level == 2 ? page & 511 : 0)
    guard isClaimed(frame), ledger(frame).pointee == .privatePage(task: owner >> 12, page: page) else {
      throw Refusal(.notPermitted, page)
    }
    machine.copy(frame: source.frame + word(caller, 2), to: frame)
    if walk.entry.rights.contains(.execute) { machine.synchronizeInstructions(frame: frame) }
    succeed(caller)
  }
}
