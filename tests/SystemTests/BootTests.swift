import Foundation
import QEMU
import Testing

/// The image, booted: what every machine must print, and what one session prints to the letter.
@Suite("The image", .enabled(if: Guest.isExpected, "build/apus.img or QEMU is missing: make image"))
struct BootTests {
  /// Whole sessions, each with its file in Expected.
  static let sessions: [Scenario] = []

  @Test("boots on every machine of the matrix", arguments: Guest.matrix)
  func matrix(guest: Guest) async throws { try await boot(guest) }

  @Test("boots with any amount of RAM", arguments: Guest.sizes)
  func sizes(guest: Guest) async throws { try await boot(guest) }

  /// Waits for the end of the kernel's own boot, and looks for the facts that depend on the machine.
  private func boot(_ guest: Guest) async throws {
    let outcome = try await guest.run([.expect("kernel   handover"), .expect("\n"), .stop])
    let log = Scenario.masked(outcome.text)
    try #require(outcome.unmet == nil, "\(outcome.summary)")
    for fact in [
      "entered at EL\(guest.entersAtEL2 ? 2 : 1)", "kernel   tables   2 static",
      "gic      version \(guest.gic),",
    ] {
      #expect(log.contains(fact), "\(outcome.summary)")
    }
  }

  @Test("prints in a session what its file says", arguments: sessions)
  func session(scenario: Scenario) async throws { try await scenario.check() }

  @Test(
    "stops under gdb at a line of the kernel",
    .enabled(if: Oracle.gdb.isExpected, "gdb-multiarch is not installed"),
    .enabled(if: Oracle.gdb.isExpected && Self.hasSymbols, "build/debug/kernel.elf is missing: make test builds it"))
  func breakpoint() async throws {
    let file = "kernel/main/Boot.swift"
    let lines = try String(contentsOfFile: file, encoding: .utf8).split(
      separator: "\n", omittingEmptySubsequences: false)
    // The first line that the kernel prints: not yet a place that the compiler moves elsewhere.
    let entry = try #require(lines.firstIndex { $0.contains("log(\"cpu\")") })
    let commands = "-batch -ex 'break Boot.swift:\(entry + 2)' -ex continue -ex backtrace"
    let session = Child(
      "tools/debug", ["build/debug", try Oracle.qemu.located()] + Guest().line, environment: ["GDB_FLAGS": commands])
    let outcome = try await session.run(limit: .seconds(60))
    #expect(outcome.text.contains(/Breakpoint 1, .*Boot.swift:\d+/), "\(outcome.summary)")
    #expect(outcome.text.contains("kernelMain () at"), "\(outcome.summary)")
  }

  /// `make test` makes them; it requires them too.
  static var hasSymbols: Bool {
    ProcessInfo.processInfo.environment["APUS_REQUIRE_ORACLES"] == "1"
      || FileManager.default.fileExists(atPath: "build/debug/kernel.elf")
  }
}
