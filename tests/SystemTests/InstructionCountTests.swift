import Foundation
import QEMU
import Testing

/// The bench system. Not a member of the suite, whose traits could not name it then.
private let benchSystem = "build/system/bench.bin"

/// What the hottest kernel calls cost, in instructions at EL1 from the vector to the eret, counted by the bench system
/// on the kernel of every day. Exact: a change of the code is a change of tests/budgets.json, in the commit that says
/// why.
@Suite(
  "Instruction counts",
  .enabled(
    if: Guest.isExpected(booting: benchSystem), "the image, the bench system or QEMU is missing"))
struct InstructionCountTests {
  @Test("the hot calls execute exactly the instructions of tests/budgets.json, twice", arguments: [2, 3])
  func counts(gic: Int) async throws {
    var guest = Guest()
    guest.gic = gic
    guest.countsInstructions = true
    guest.arguments = ["-initrd", benchSystem]
    let outcome = try await guest.run(limit: .seconds(60))
    #expect(outcome.status == 0, "\(outcome.summary)")
    var counts = Self.counts(in: outcome.text)
    // Without -icount the counter stands still and every count reads 0.
    #expect(counts.removeValue(forKey: "empty") == [1, 1])
    let file = try Data(contentsOf: URL(filePath: "tests/budgets.json"))
    let budgets = try JSONDecoder().decode([String: Int].self, from: file)
    #expect(counts.keys.sorted() == budgets.keys.sorted())
    for (name, budget) in budgets.sorted(by: { $0.key < $1.key }) {
      print("GICv\(gic)  \(name)  \(counts[name]?.first ?? -1) instructions at EL1")
      #expect(counts[name] == [budget, budget], "\(name)")
    }
  }

  /// `[   0.002] bench    nullCall      129 129`
  private static func counts(in text: String) -> [String: [Int]] {
    var counts: [String: [Int]] = [:]
    for match in text.matches(of: /\] bench +([A-Za-z]+) +([0-9]+) ([0-9]+)/) {
      counts[String(match.1)] = [Int(match.2) ?? -1, Int(match.3) ?? -1]
    }
    return counts
  }
}
