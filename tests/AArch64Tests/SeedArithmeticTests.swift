import Testing

@testable import AArch64

/// The case this project started from: 0x4008_0000–0x4800_0000, with and without UART and GIC. A pool of 8
/// tables was given to a map that needs 67.
@Suite("The seed's arithmetic") struct SeedArithmeticTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var name: String
    var rootLevel: UInt64
    var memory: Range<UInt64>
    var smallest: UInt64
    var tables: Int
    var tablesWithDevices: Int
    var testDescription: String { name }
  }

  static let cases = [
    Case(
      name: "4 KiB pages, 48 bits", rootLevel: 0, memory: 0x40080..<0x48000, smallest: 3, tables: 67,
      tablesWithDevices: 70),
    Case(
      name: "2 MiB blocks with a ragged head, 48 bits", rootLevel: 0, memory: 0x40080..<0x48000, smallest: 2,
      tables: 4, tablesWithDevices: 7),
    Case(
      name: "rounded out to 2 MiB, 48 bits", rootLevel: 0, memory: 0x40000..<0x48000, smallest: 2, tables: 3,
      tablesWithDevices: 4),
    Case(
      name: "rounded out to 2 MiB, 39 bits", rootLevel: 1, memory: 0x40000..<0x48000, smallest: 2, tables: 2,
      tablesWithDevices: 3),
  ]

  @Test("each way to map it takes the number of tables that was worked out by hand", arguments: cases)
  func tables(_ test: Case) throws {
    #expect(try count(test, devices: false) == test.tables)
    #expect(try count(test, devices: true) == test.tablesWithDevices)
  }

  private func count(_ test: Case, devices: Bool) throws -> Int {
    guard var builder = TableBuilder(store: DictionaryStore(), rootLevel: test.rootLevel) else { return 0 }
    let isRagged = test.memory.lowerBound & 511 != 0
    let largest: UInt64 = test.smallest == 3 ? 3 : 2
    try builder.map(
      test.memory, at: test.memory.lowerBound, use: .data, largest: largest, smallest: isRagged ? 3 : test.smallest)
    if devices {
      // GIC and UART, a page or a block each.
      for range in [0x8000..<0x8020, 0x9000..<0x9001] as [Range<UInt64>] {
        let whole = range.lowerBound & ~511..<(range.upperBound + 511) & ~511
        try builder.map(
          isRagged ? range : whole, at: isRagged ? range.lowerBound : whole.lowerBound, use: .device,
          largest: largest, smallest: isRagged ? 3 : 2)
      }
    }
    return builder.store.tables.count
  }
}
