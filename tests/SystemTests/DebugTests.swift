import Foundation
import QEMU
import Testing

/// `make debug`, on the image.
@Suite("The debugger", .enabled(if: Guest.isExpected, "build/apus.img or QEMU is missing: make image"))
struct DebugTests {
  @Test(
    "stops under gdb at a line of the kernel",
    .enabled(if: Oracle.gdb.isExpected, "gdb-multiarch is not installed"),
    .enabled(if: Oracle.gdb.isExpected && Self.hasSymbols, "build/debug/kernel.elf is missing: make test builds it"))
  func breakpoint() async throws {
    let file = "kernel/main/Boot.swift"
    let lines = try String(contentsOfFile: file, encoding: .utf8).split(
      separator: "\n", omittingEmptySubsequences: false)
    // kernelMain's first step, by its number.
    let step = try #require(lines.firstIndex { $0.hasPrefix("  Boot.") })
    let commands = "-batch -ex 'break Boot.swift:\(step + 1)' -ex continue -ex backtrace"
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
