/// Where tables live while they are built: the boot pool before the MMU is on, a dictionary in the tests.
package protocol TableStore: ~Copyable {
  /// Entry `index` of the table in `frame`.
  func entry(table frame: UInt64, index: UInt64) -> Descriptor
  /// Writes it.
  mutating func setEntry(table frame: UInt64, index: UInt64, to entry: Descriptor)
  /// Frame of a further, empty table; nil: the store has no more.
  mutating func take() -> UInt64?
}

/// Why a range was not mapped.
package enum TableRefusal: Error, Equatable, Sendable {
  /// The store has no table left.
  case outOfTables
  /// Something is mapped there already; what is there is never overwritten.
  case alreadyMapped
  /// The range is not a whole number of the smallest leaves that were allowed.
  case unaligned
}

/// Maps ranges of the kernel's half, each with the largest leaves that fit. Arm ARM D8.2.
///
/// Boot uses it with blocks alone, in tables that both halves share: the index of an address is the same in
/// the identity map and in the upper half.
package struct TableBuilder<Store: TableStore & ~Copyable>: ~Copyable {
  /// The tables.
  package var store: Store
  /// Frame of the first table.
  package let root: UInt64
  /// Its level: 1 under a 39-bit address space, 0 under 48 bits.
  package let rootLevel: UInt64

  /// Starts with an empty root; nil: the store has not even that.
  package init?(store: consuming Store, rootLevel: UInt64 = 1) {
    guard let root = store.take() else { return nil }
    self.store = store
    self.root = root
    self.rootLevel = rootLevel
  }

  /// Maps `frames` at `page` and following (address >> 12), with leaves of levels `largest` (1: 1 GiB)
  /// to `smallest` (3: 4 KiB). What was mapped before a refusal stays: boot stops at one.
  package mutating func map(
    _ frames: Range<UInt64>, at page: UInt64, use: KernelUse, largest: UInt64 = 2, smallest: UInt64 = 2
  ) throws(TableRefusal) {
    let grain = TableGeometry.frames(level: smallest) &- 1
    guard (frames.lowerBound | frames.upperBound | page) & grain == 0 else { throw .unaligned }
    var frame = frames.lowerBound
    var page = page
    while frame < frames.upperBound {
      var level = largest
      while level < smallest, !fits(level, frame, page, frames.upperBound) { level &+= 1 }
      let table = try self.table(level: level, page: page)
      let index = TableGeometry.index(page: page, level: level)
      guard !store.entry(table: table, index: index).isValid else { throw .alreadyMapped }
      store.setEntry(table: table, index: index, to: .kernel(frame: frame, level: level, use: use))
      frame &+= TableGeometry.frames(level: level)
      page &+= TableGeometry.frames(level: level)
    }
  }

  private func fits(_ level: UInt64, _ frame: UInt64, _ page: UInt64, _ end: UInt64) -> Bool {
    let frames = TableGeometry.frames(level: level)
    return (frame | page) & (frames &- 1) == 0 && end &- frame >= frames
  }

  /// Frame of the table of `level` that translates `page`, with the tables on the way.
  private mutating func table(level: UInt64, page: UInt64) throws(TableRefusal) -> UInt64 {
    var table = root
    var at = rootLevel
    while at < level {
      let index = TableGeometry.index(page: page, level: at)
      let entry = store.entry(table: table, index: index)
      if entry.isTable(level: at) {
        table = entry.frame
      } else {
        guard !entry.isValid else { throw .alreadyMapped }
        guard let next = store.take() else { throw .outOfTables }
        store.setEntry(table: table, index: index, to: .table(frame: next))
        table = next
      }
      at &+= 1
    }
    return table
  }
}
