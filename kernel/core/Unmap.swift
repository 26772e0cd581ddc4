internal import AArch64
internal import ABI
internal import Machine

extension Kernel where M: ~Copyable {
  /// `unmap`: the first pages of a range that are mapped and lie together; tables that come empty go back with them.
  mutating func unmap(_ caller: UInt64) throws(Refusal) {
    let own = thread(caller).pointee.task
    let owner = try addressSpace(handleWord(caller), of: own)
    let (page, count) = (word(caller, 1), word(caller, 2))
    let (slot, region) = try findRegion(word(caller, 0), of: owner, page: page, count: count)
    try checkUnshown(region, FrameRange(page - region.region.page, page - region.region.page + count))
    let (first, walk) = firstMapped(owner, FrameRange(page, page + count))
    guard walk.entry.isValid else { return told(caller, handled: first - page) }
    let range = FrameRange(first, min(page + count, first | 511 + 1))
    let spare = try checkSplit(caller, owner, walk, range, region)
    let frees = freesFrame(walk.entry.frame, page: first, owner, region)
    let run = remove(owner, walk, range, region, spare: spare, frees: frees)
    let tables = spare == 0 ? pruneEmpty(owner, walk) : (0, 0)
    if walk.level == 3 {
      forget(owner, run.kept)
      mend(walk.leaf, run.kept, around: FrameRange(first, run.end))
    } else if spare == 0 {
      forgetBlock(owner, first)
    }
    release(owner, slot: slot, region: region, removed: run.removed, frees: frees, freed: tables)
    told(caller, handled: run.end - page, tables, spare: spare)
    guard frees else { return }
    setWord(caller, 3, walk.entry.frame + (walk.level == 2 ? first & 511 : 0))
    setWord(caller, 4, run.removed)
  }

  /// The results: pages handled, tables that came free, no frames yet, the spare if it was taken.
  @inline(__always) private func told(
    _ caller: UInt64, handled: UInt64, _ tables: (UInt64, UInt64) = (0, 0), spare: UInt64 = 0
  ) {
    succeed(caller, handled, tables.0, tables.1)
    setWord(caller, 3, 0)
    setWord(caller, 4, 0)
    setWord(caller, 5, spare)
  }

  /// Whether the frames of a region's pages are the task's alone and come free with them.
  func freesFrames(_ region: Handle) -> Bool { region.region.isPrivate }

  /// The same of one page: where a region copies on write, some are the task's and others are not.
  func freesFrame(_ frame: UInt64, page: UInt64, _ owner: UInt64, _ region: Handle) -> Bool {
    guard region.region.flags.copiesOnWrite else { return freesFrames(region) }
    return ledger(frame).pointee == .privatePage(task: DirectMap.frame(owner), page: page)
  }

  /// What `remove` did: pages up to `end`, `removed` of them; `kept` is `first` to `end` and what must be made again.
  private struct Run {
    var end: UInt64
    var removed: UInt64
    var kept: FrameRange
  }

  @inline(__always) private mutating func remove(
    _ owner: UInt64, _ walk: Walk, _ range: FrameRange, _ region: Handle, spare: UInt64, frees: Bool
  ) -> Run {
    guard walk.level == 2 else { return removePages(owner, walk, range, region, frees: frees) }
    if spare == 0 { removeBlock(walk, range) } else { splitBlock(owner, walk, range, spare) }
    noteRemoved(walk.entry.frame + range.first & 511, range.count, region, frees: frees)
    return Run(end: range.end, removed: range.count, kept: range)
  }

  /// Empties entries of a leaf table from the first, mapped page of a range on: as far as the frames lie together, or
  /// all of them. What is left of a group of 16 is broken, to be made again without the hint.
  @inline(__always) private mutating func removePages(
    _ owner: UInt64, _ walk: Walk, _ range: FrameRange, _ region: Handle, frees: Bool
  ) -> Run {
    let isMixed = region.region.flags.copiesOnWrite
    let console = devices.uartFrame
    var holdsConsole = false
    var removed: UInt64 = 0
    var page = range.first
    var last = walk.entry
    while page < range.end {
      // An interrupt that waits ends the call early; the groups of 16 that it passed are whole.
      if page & (pagesBetweenLooks - 1) == 0, page != range.first, machine.interruptIsPending() { break }
      let entry = entry(of: walk.leaf, page: page, level: 3)
      if frees {
        if entry.frame != walk.entry.frame &+ removed { break }
        if isMixed, !freesFrame(entry.frame, page: page, owner, region) { break }
        removed &+= 1
      } else if entry.isValid {
        if isMixed, freesFrame(entry.frame, page: page, owner, region) { break }
        removed &+= 1
        if entry.frame == console { holdsConsole = true }
      }
      last = entry
      page &+= 1
    }
    machine.setDescriptors(
      table: walk.leaf, index: range.first & 511, count: page - range.first, to: Descriptor.empty.raw, step: 0)
    if frees { noteRemoved(walk.entry.frame, removed, region, frees: true) }
    if holdsConsole, !frees { noteRemoved(devices.uartFrame, 1, region, frees: false) }
    ledger(walk.leaf).pointee = ledger(walk.leaf).pointee.using(-Int64(bitPattern: removed))
    task(owner).pointee.noteLeaf(walk.leaf, range.first)
    let kept = FrameRange(
      walk.entry.isContiguous ? range.first & ~15 : range.first, last.isContiguous ? (page - 1) | 15 + 1 : page)
    breakEntries(walk.leaf, FrameRange(kept.first, range.first))
    breakEntries(walk.leaf, FrameRange(page, kept.end))
    return Run(end: page, removed: removed, kept: kept)
  }

  @inline(__always) private mutating func removeBlock(_ walk: Walk, _ range: FrameRange) {
    machine.setDescriptor(
      table: walk.middle, index: TableGeometry.index(page: range.first, level: 2), to: Descriptor.empty.raw)
    ledger(walk.middle).pointee = ledger(walk.middle).pointee.using(-1)
  }

  /// Frames of private pages are booked out at once; they are given out again only after `forget`, because
  /// this call is atomic.
  @inline(__always) private mutating func noteRemoved(_ frame: UInt64, _ count: UInt64, _ region: Handle, frees: Bool) {
    if frees {
      machine.fill(ledgerAddress(frame), count: count, with: LedgerWord.free.raw, step: 0)
      noteFree(FrameRange(frame, frame + count))
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

  /// The freed tables become free frames; region and account shrink.
  @inline(__always) private mutating func release(
    _ owner: UInt64, slot: UInt64, region: Handle, removed: UInt64, frees: Bool, freed: (UInt64, UInt64)
  ) {
    if freed.0 != 0 { free(freed.0) }
    if freed.1 != 0 { free(freed.1) }
    handle(slot).pointee.mapped -= removed
    if !frees { noteShown(region, less: removed) }
    task(owner).pointee.mappedPages -= removed
    if frees { task(owner).pointee.used -= removed }
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
    guard isClaimed(frame), ledger(frame).pointee == .privatePage(task: DirectMap.frame(owner), page: page) else {
      throw Refusal(.notPermitted, page)
    }
    machine.copy(frame: source.frame + word(caller, 2), to: frame)
    if walk.entry.rights.contains(.execute) { machine.synchronizeInstructions(frame: frame) }
    succeed(caller)
  }
}
