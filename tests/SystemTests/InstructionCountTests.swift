import Foundation
import QEMU
import Testing

@testable import apus_bench

/// The bench system. Not a member of the suite, whose traits could not name it then.
private let benchSystem = "build/system/bench.bin"

/// What the hottest operations cost, in instructions at EL1 from the vector to the eret, counted by the bench systems
/// on the kernel of every day. Exact: a change of the code is a change of tests/budgets.json, in the commit that says
/// why.
@Suite(
  "Instruction counts",
  .enabled(
    if: Guest.isExpected(booting: benchSystem), "the image, the bench system or QEMU is missing"))
struct InstructionCountTests {
  @Test(
    "the hot calls execute exactly the instructions of tests/budgets.json, and every row the same twice",
    arguments: [2, 3])
  func counts(gic: Int) async throws {
    var counts = Counts()
    for name in ["bench", "bench-root"] {
      var guest = Guest()
      guest.gic = gic
      guest.countsInstructions = true
      guest.arguments = ["-initrd", "build/system/\(name).bin"]
      let outcome = try await guest.run(limit: .seconds(60))
      #expect(outcome.status == 0, "\(outcome.summary)")
      // Refuses a row whose counts differ, and all where the counter stands still for want of -icount.
      try counts.merge(try Counts(log: outcome.text, system: name))
    }
    // Interrupts are counted by the controller's version.
    let absent: Set = gic == 2 ? ["interruptDeliver3", "interruptCycle3"] : ["interruptDeliver", "interruptCycle"]
    try Budgets(try Data(contentsOf: URL(filePath: "tests/budgets.json"))).check(counts, absent: absent)
  }

  @Test(
    "the gate passes the frozen figures and fails on another, or where an operation is not counted",
    arguments: [("{}", true), (#"{"empty": 1}"#, false), (#"{"nullCall": 1}"#, false), ("nothing", false)])
  func gate(figures: String, passes: Bool) async throws {
    let place = try Workspace()
    let outcome = try await Child("tools/check/budgets", [try place.write("budgets.json", figures)]).run()
    #expect((outcome.status == 0) == passes, "\(outcome.summary)")
  }
}
