internal import AArch64
internal import ABI
internal import Machine

extension Kernel where M: ~Copyable {
  /// Pages that are invalidated one by one; beyond, forgetting the whole address space takes fewer steps.
  private var singly: UInt64 { 16 }

  /// `unmap`: the first pages of a range that are mapped and lie together; tables that come empty go back with them.
  mutating func unmap(_ caller: UInt64) throws(Refusal) {
    let own = thread(caller).pointee.task
    let owner = try addressSpace(handleWord(caller), of: own)
    let (page, count) = (word(caller, 1), word(caller, 2))
    let (slot, region) = try findRegion(word(caller, 0), of: owner, page: page, count: count)
    try checkUnshown(region)
    let (first, walk) = firstMapped(owner, FrameRange(page, page + count))
    guard walk.entry.isValid else { return told(caller, handled: first - page) }
    let range = FrameRange(first, min(page + count, first | 511 + 1))
    try checkWhole(walk, range)
    let run = walk.level == 2 ? removeBlock(walk, range, region) : removePages(walk, range, region)
    let tables = pruneEmpty(owner, walk)
    forget(owner, FrameRange(first, run.end), isBlock: walk.level == 2)
    release(owner, slot: slot, region: region, removed: run.removed, freed: tables)
    guard freesFrames(region) else { return told(caller, handled: run.end - page, tables) }
    told(caller, handled: run.end - page, tables, frame: walk.entry.frame, run.removed)
  }

  /// The results: pages handled, tables and frames that came free.
  private func told(
    _ caller: UInt64, handled: UInt64, _ tables: (UInt64, UInt64) = (0, 0), frame: UInt64 = 0, _ frames: UInt64 = 0
  ) {
    succeed(caller, handled, tables.0, tables.1)
    setWord(caller, 3, frame)
    setWord(caller, 4, frames)
  }

  /// Whether the frames of a region's pages are the task's alone and come free with them.
  private func freesFrames(_ region: Handle) -> Bool { region.region.isPrivate }

  /// Empties entries of a leaf table from the first, mapped page of a range on: as far as the frames lie together, or
  /// all of them. Returns one past the last page, and how many were mapped.
  private mutating func removePages(
    _ walk: Walk, _ range: FrameRange, _ region: Handle
  ) -> (end: UInt64, removed: UInt64) {
    let stops = freesFrames(region)
    var removed: UInt64 = 0
    var page = range.first
    while page < range.end {
      let entry = entry(of: walk.leaf, page: page, level: 3)
      if stops, entry.frame != walk.entry.frame + removed { break }
      if entry.isValid {
        machine.setDescriptor(table: walk.leaf, index: page & 511, to: Descriptor.empty.raw)
        noteRemoved(entry.frame, 1, region)
        removed += 1
      }
      page += 1
    }
    ledger(walk.leaf).pointee = ledger(walk.leaf).pointee.using(-Int64(bitPattern: removed))
    return (page, removed)
  }

  private mutating func removeBlock(
    _ walk: Walk, _ range: FrameRange, _ region: Handle
  ) -> (end: UInt64, removed: UInt64) {
    machine.setDescriptor(
      table: walk.middle, index: TableGeometry.index(page: range.first, level: 2), to: Descriptor.empty.raw)
    ledger(walk.middle).pointee = ledger(walk.middle).pointee.using(-1)
    noteRemoved(walk.entry.frame, 512, region)
    return (range.end, 512)
  }

  /// Frames of private pages are booked out at once; they are given out again only after `forget`, because
  /// this call is atomic.
  private mutating func noteRemoved(_ frame: UInt64, _ count: UInt64, _ region: Handle) {
    if freesFrames(region) {
      for each in frame..<frame + count { free(each) }
    } else if memoryObject(region.word.object).pointee.kind == MemoryUse.device {
      noteDevice(frame, count, isMapped: false)
    }
  }

  /// Takes tables that hold nothing any more out of their parents: the leaf, then the one above it.
  mutating func pruneEmpty(_ owner: UInt64, _ walk: Walk) -> (UInt64, UInt64) {
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
  mutating func forget(_ owner: UInt64, _ range: FrameRange, isBlock: Bool) {
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
    noteShown(region, less: removed)
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
