import Testing

@testable import AArch64

@Suite("Boot's tables") struct TableBuilderTests {
  private func builder(limit: Int = .max, rootLevel: UInt64 = 1) -> TableBuilder<DictionaryStore> {
    guard let builder = TableBuilder(store: DictionaryStore(limit: limit), rootLevel: rootLevel) else {
      preconditionFailure("no root")
    }
    return builder
  }

  @Test("the image's map takes two tables and translates every page to itself, and nothing else")
  func bootMap() throws {
    var boot = builder(limit: 2)
    let blocks: [(UInt64, KernelUse)] = [
      (0x4000_0000, .data), (0x4020_0000, .code), (0x4040_0000, .readOnly), (0x4060_0000, .data),
    ]
    for (base, use) in blocks {
      try boot.map(base >> 12..<(base + 0x20_0000) >> 12, at: base >> 12, use: use)
    }
    try boot.map(0..<1 << 18, at: 0, use: .emergencyConsole, largest: 1, smallest: 1)
    #expect(boot.store.tables.count == 2)
    for page in stride(from: UInt64(0x4000_0000), to: 0x4080_0000, by: 0x1000) {
      let use = blocks.last { $0.0 <= page }!.1
      let expected = Descriptor.kernel(frame: (page >> 21) << 9, level: 2, use: use).raw
      let found = walk(boot.store.tables, root: boot.root, level: 1, address: page + 0x123)
      #expect(found?.address == page + 0x123)
      #expect(found?.attributes == expected & 0xfff0_0000_0000_0ffc)
    }
    for hole: UInt64 in [0x4080_0000, 0x7fff_f000, 0x8000_0000, 0x7f_ffff_f000] {
      #expect(walk(boot.store.tables, root: boot.root, level: 1, address: hole) == nil)
    }
    #expect(walk(boot.store.tables, root: boot.root, level: 1, address: 0x900_0018)?.address == 0x900_0018)
  }

  @Test("random ranges translate as asked, whatever leaves were chosen", arguments: 0..<40)
  func randomRanges(seed: UInt64) throws {
    var random = SplitMix(state: seed)
    var map = builder(rootLevel: seed & 1)
    let space: UInt64 = seed & 1 == 0 ? 1 << 36 : 1 << 27
    var mapped: [Range<UInt64>] = []
    for _ in 0..<12 {
      let size = UInt64.random(in: 1...3000, using: &random)
      let page = UInt64.random(in: 0..<space - size, using: &random)
      let range = page..<page + size
      guard !mapped.contains(where: { $0.overlaps(range) }) else { continue }
      try map.map(range, at: page, use: .data, largest: 1, smallest: 3)
      mapped.append(range)
    }
    for range in mapped {
      for page in [range.lowerBound, (range.lowerBound + range.upperBound) / 2, range.upperBound - 1] {
        let found = walk(map.store.tables, root: map.root, level: Int(seed & 1), address: page << 12)
        #expect(found?.address == page << 12)
      }
      for page in [range.lowerBound &- 1, range.upperBound]
      where page < space && !mapped.contains(where: { $0.contains(page) }) {
        #expect(walk(map.store.tables, root: map.root, level: Int(seed & 1), address: page << 12) == nil)
      }
    }
  }

  @Test("a pool one table short refuses")
  func oneTooFew() throws {
    var short = builder(limit: 1)
    #expect(throws: TableRefusal.outOfTables) { try short.map(0x40000..<0x40200, at: 0x40000, use: .data) }
    var hasRoot = false
    if TableBuilder(store: DictionaryStore(limit: 0)) != nil { hasRoot = true }
    #expect(!hasRoot)
  }

  @Test("what is mapped is never overwritten, by a leaf or by a table")
  func neverOverwritten() throws {
    var map = builder()
    try map.map(0x40000..<0x40200, at: 0x40000, use: .code)
    let before = map.store.tables
    #expect(throws: TableRefusal.alreadyMapped) { try map.map(0x40000..<0x40200, at: 0x40000, use: .data) }
    #expect(throws: TableRefusal.alreadyMapped) {
      try map.map(0x40001..<0x40002, at: 0x40001, use: .data, smallest: 3)
    }
    try map.map(0x80000..<0xc0000, at: 0x80000, use: .data, largest: 1)
    #expect(throws: TableRefusal.alreadyMapped) { try map.map(0x80000..<0x80200, at: 0x80000, use: .data) }
    #expect(map.store.tables[map.root]?[1] == before[map.root]?[1])
  }

  @Test(
    "a range that is not whole blocks is refused",
    arguments: [0x40001..<0x40200, 0x40000..<0x40201] as [Range<UInt64>])
  func ragged(range: Range<UInt64>) {
    var map = builder()
    #expect(throws: TableRefusal.unaligned) { try map.map(range, at: 0x40000, use: .data) }
    #expect(map.store.tables.count == 1)
  }
}

/// A small generator with a seed, so that a failure can be repeated.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z >> 31
  }
}
