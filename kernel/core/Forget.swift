internal import AArch64
internal import ABI
internal import Machine

extension Kernel where M: ~Copyable {
  /// Pages that are invalidated one by one; beyond, forgetting the whole address space takes fewer steps.
  private var singly: UInt64 { 16 }

  /// Orders the stores to tables, then makes the MMU forget pages, and with them the tables on the way.
  mutating func forget(_ owner: UInt64, _ range: FrameRange, _ further: FrameRange = FrameRange(0, 0)) {
    let identifier = task(owner).pointee.translation >> 48
    machine.publishTables()
    if range.count + further.count <= singly {
      for page in range.first..<range.end { machine.invalidate(page: page, identifier: identifier) }
      for page in further.first..<further.end { machine.invalidate(page: page, identifier: identifier) }
    } else {
      machine.invalidate(identifier: identifier)
    }
    machine.completeInvalidation()
  }

  /// The same of a block: one of its pages is enough.
  mutating func forgetBlock(_ owner: UInt64, _ page: UInt64) { forget(owner, FrameRange(page, page + 1)) }

  /// Takes entries of a leaf table from the MMU; their bits stay. They are to be forgotten, then made again.
  mutating func breakEntries(_ leaf: UInt64, _ range: FrameRange) {
    for page in range.first..<range.end {
      let entry = entry(of: leaf, page: page, level: 3)
      if entry.isValid { machine.setDescriptor(table: leaf, index: page & 511, to: entry.broken.raw) }
    }
  }

  /// Makes entries that were broken and forgotten again, each for itself: those of `range` outside `gone`.
  mutating func mend(_ leaf: UInt64, _ range: FrameRange, around gone: FrameRange) {
    guard range != gone else { return }
    for page in range.first..<range.end where !gone.contains(page) {
      let entry = entry(of: leaf, page: page, level: 3)
      machine.setDescriptor(table: leaf, index: page & 511, to: entry.made.single.raw)
    }
    machine.publishTables()
  }
}
