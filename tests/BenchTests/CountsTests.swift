import Foundation
import Testing

@testable import apus_bench

@Suite("Counts of the bench")
struct CountsTests {
  /// The end of a log, as a guest prints it.
  private static func log(_ rows: String...) -> String {
    (["[   0.001] kernel   handover entry 0x20_0000, 1024507 instructions since the kernel's entry"]
      + (["empty  1 1"] + rows).map { "[   0.002] bench    \($0)" }).map { $0 + "\n" }.joined()
  }

  @Test("rows are read with their one count, boot's by itself")
  func reads() throws {
    let log = Self.log("nullCall   124 124", "allocate16Whole 9000 9000")
    #expect(try Counts(log: log, system: "bench").byName == ["nullCall": 124, "allocate16Whole": 9000])
    #expect(Counts.boot(log: log) == 1_024_507)
    #expect(Counts.boot(log: "handover entry 0x20_0000") == nil)
  }

  @Test(
    "what was not counted, or not steadily, is refused",
    arguments: [
      (log("nullCall 124 125"), BenchError.unsteady("nullCall", [124, 125])),
      (log("nullCall 124 124", "nullCall 124 124"), .unexpected("nullCall")),
      (log("empty 1 1"), .notCounted("bench", [1, 1, 1, 1])),
      ("[   0.002] bench    empty  0 0\n", .notCounted("bench", [0, 0])),
      ("nothing", .notCounted("bench", [])),
    ])
  func refuses(log: String, error: BenchError) {
    #expect(throws: error) { try Counts(log: log, system: "bench") }
  }

  @Test("the first task's rows are read, and no other line of a memory server's")
  func first() throws {
    let lines =
      "[   0.002] memory   mapPage   700 700\n[   0.002] memory   firstTask   1024517 1024517\n[   0.002] memory   ready    31630 3 frames\n"
    let counts = try Counts(log: Self.log() + lines, system: "bench-root")
    #expect(counts.byName == ["mapPage": 700, "bootHandOver": 10])
  }

  @Test("two boots that differ in a row, or in which rows there are, are refused")
  func boots() throws {
    let one = try Counts(log: Self.log("signal 180 180"), system: "bench")
    try Counts.check(one, one)
    let other = try Counts(log: Self.log("signal 181 181"), system: "bench")
    #expect(throws: BenchError.disagree("signal")) { try Counts.check(one, other) }
    let further = try Counts(log: Self.log("signal 180 180", "yield 90 90"), system: "bench")
    #expect(throws: BenchError.disagree("yield")) { try Counts.check(one, further) }
    #expect(throws: BenchError.disagree("yield")) { try Counts.check(further, one) }
  }

  @Test("a row that two systems counted is refused")
  func merged() throws {
    var all = try Counts(log: Self.log("signal 180 180"), system: "bench")
    let large = try Counts(log: Self.log("free262144 7 7"), system: "bench-large")
    try all.merge(large)
    #expect(all["free262144"] == 7)
    #expect(throws: BenchError.unexpected("free262144")) { try all.merge(large) }
  }

  @Test("a count that differs from its frozen figure, up or down, or is missing, is refused")
  func budgets() throws {
    let budgets = try Budgets(Data(#"{"signal": 180, "yield": 90}"#.utf8))
    var counts = Counts()
    (counts["signal"], counts["yield"], counts["boot"]) = (180, 90, 7)
    try budgets.check(counts)
    for other in [89, 91, nil] as [UInt64?] {
      counts["yield"] = other
      let difference = Budgets.Difference(name: "yield", figure: 90, count: other)
      #expect(throws: BenchError.budget([difference])) { try budgets.check(counts) }
      try budgets.check(counts, absent: ["yield"])
    }
    counts["signal"] = 1
    #expect(throws: BenchError.self) { try budgets.check(counts, absent: ["yield"]) }
  }
}
