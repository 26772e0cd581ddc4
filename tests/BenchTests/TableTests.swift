import Foundation
import Testing

@testable import apus_bench

@Suite("Table of the bench")
struct TableTests {
  private struct Parsed: Codable, Equatable {
    var name: String
    var k: UInt64?
    var goal: UInt64?
    var sel4: UInt64?
    var unit: String
    var barriers: UInt64?
    var registers: UInt64?
  }

  @Test("a ratio is seL4's figure by ours, where both are there")
  func ratios() {
    #expect(Row(name: "a", k: 100, sel4: 250, unit: .kernel).ratio == 2.5)
    #expect(Row(name: "a", k: nil, sel4: 250, unit: .kernel).ratio == nil)
    #expect(Row(name: "a", k: 100, unit: .kernel).ratio == nil)
    #expect(Row(name: "a", k: 0, sel4: 250, unit: .kernel).ratio == nil)
  }

  @Test("what was not counted says so and has no number, neither in the table nor in the file")
  func absent() throws {
    let rows = [
      Row(
        name: "boot", k: 1_024_507, goal: 30_000, sel4: 2_715_390, unit: .kernel,
        accesses: Trace.Accesses(barriers: 16, registers: 49)),
      Row(name: "fpSwitch", k: nil, goal: 80, unit: .kernel),
    ]
    #expect(
      Table(rows).text == """
        | Operation  |            K |   goal |      seL4 | seL4 / K | barriers | registers | unit                |
        | ---------- | -----------: | -----: | --------: | -------: | -------: | --------: | ------------------- |
        | `boot`     |    1,024,507 | 30,000 | 2,715,390 |     2.65 |       16 |        49 | instructions at EL1 |
        | `fpSwitch` | not measured |     80 |           |          |          |           | instructions at EL1 |
        """)
    let parsed = try JSONDecoder().decode([Parsed].self, from: Data(Rows.json(rows).utf8))
    let unit = "instructions at EL1"
    #expect(
      parsed == [
        Parsed(
          name: "boot", k: 1_024_507, goal: 30_000, sel4: 2_715_390, unit: unit, barriers: 16,
          registers: 49),
        Parsed(name: "fpSwitch", k: nil, goal: 80, sel4: nil, unit: unit),
      ])
  }

  @Test("each row is listed once, in the order of the list; a count without an entry comes last")
  func order() {
    var counts = Counts()
    counts["signal"] = 180
    counts["novelWhole"] = 5
    let rows = Reference.rows(counts)
    #expect(Set(Reference.entries.map(\.name)).count == Reference.entries.count)
    #expect(rows.dropLast().map(\.name) == Reference.entries.map(\.name))
    #expect(rows.last == Row(name: "novelWhole", k: 5, unit: .whole))
    #expect(rows.filter { $0.k != nil }.map(\.name) == ["signal", "novelWhole"])
  }
}
