import Foundation
import QEMU
import Testing

/// Systems of their own, booted by the same kernel from the loader's RAM disk: tests/system.
@Suite("A test system", .enabled(if: Guest.isExpected && hasSystems, "build/system is missing: make test builds it"))
struct TestSystemTests {
  /// The default machine with a bundle of tests/system, and an interrupt controller.
  static func guest(_ system: String, gic: Int) -> Guest {
    var guest = Guest()
    guest.gic = gic
    guest.arguments = ["-initrd", "build/system/\(system).bin"]
    return guest
  }

  @Test("refuses a hostile task each thing by its name, and goes on", arguments: [2, 3])
  func isolation(gic: Int) async throws {
    // The hostile task runs below the shell: it has written its last line when the shell is asked.
    let outcome = try await Self.guest("hostile", gic: gic).run([
      .expect("hostile: begins"), .expect("hostile: ends"), .send("tasks\r"), .expect("apus> "), .send("poweroff\r"),
    ])
    try #require(outcome.unmet == nil && outcome.status == 0, "\(outcome.summary)")
    let lines = outcome.lines.filter { Session.logged($0) == nil }
    let first = try #require(lines.firstIndex { $0.hasSuffix("hostile: begins") })
    let last = try #require(lines.firstIndex { $0.hasSuffix("hostile: ends") })
    let printed = lines[(first + 1)..<last].filter { !$0.isEmpty }.joined(separator: "\n")
    let wanted = try String(contentsOfFile: "tests/SystemTests/Expected/hostile.txt", encoding: .utf8)
    if let difference = Scenario.difference(printed + "\n", wanted) { Issue.record("\(difference)") }
    // What the hostile task mapped at an address, its neighbour does not find there.
    #expect(outcome.text.contains("fault    peeker   read at 0x4000_0000, where nothing is mapped"))
    for name in ["memory", "init", "irq", "console", "clock", "shell", "victim", "hostile"] {
      #expect(lines.row(name)?[3] == "0", "\(outcome.summary)")
    }
  }

  @Test("maps all RAM with the kernel's static tables, and each device for its holder alone", arguments: [2, 3])
  func seed(gic: Int) async throws {
    let outcome = try await Self.guest("seed", gic: gic).run([
      .expect("frames not claimed"), .send("time\r"), .expect("UTC, up"), .expect("seed: done"), .send("tables\r"),
      .expect("apus> "), .send("poweroff\r"),
    ])
    try #require(outcome.unmet == nil && outcome.status == 0, "\(outcome.summary)")
    var wanted = [
      "frames not claimed: 0",
      "pages at themselves through the kernel's half: 32640 of 32640",
      "of these open to a task: 0 of 32640",
      "uart in console from 0x0900_0000: 1 of 1 pages device memory",
      "gic in irq from 0x0800_0000: 16 of 16 pages device memory",
    ]
    if gic == 3 { wanted.append("gic in irq from 0x080a_0000: 32 of 32 pages device memory") }
    for line in wanted {
      #expect(outcome.lines.contains { $0.hasSuffix(line) }, "no line “\(line)”\n\(outcome.summary)")
    }
    let tables = try #require(outcome.lines.first { $0.contains("memory   tables   ") })
    #expect(tables.contains("kernel \(gic == 2 ? 4 : 2), grown for leases 0, grown in all "))
    #expect(tables.hasSuffix("; 4 KiB pages for RAM and devices: 70"))
    // All RAM is claimed and nothing grew for it: the kernel maps it by blocks.
    let grown = "kernel   2 in the image, \(gic == 2 ? 2 : 0) grown"
    #expect(outcome.lines.contains(grown), "\(outcome.summary)")
  }
}

/// `make test` builds them; it requires them too.
private let hasSystems =
  ProcessInfo.processInfo.environment["APUS_REQUIRE_ORACLES"] == "1"
  || ["hostile", "seed"].allSatisfy { FileManager.default.fileExists(atPath: "build/system/\($0).bin") }
