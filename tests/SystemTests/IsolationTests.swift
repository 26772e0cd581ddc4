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

  /// Compares what was printed between two lines, the log left out, with `Expected/FILE.txt`.
  static func compare(_ outcome: Outcome, from begin: String, to end: String, with file: String) throws {
    let lines = outcome.lines.filter { Session.logged($0) == nil }
    let first = try #require(lines.firstIndex { $0.hasSuffix(begin) })
    let last = try #require(lines.firstIndex { $0.hasSuffix(end) })
    let printed = lines[(first + 1)..<last].filter { !$0.isEmpty }.joined(separator: "\n")
    let wanted = try String(contentsOfFile: "tests/SystemTests/Expected/\(file).txt", encoding: .utf8)
    if let difference = Scenario.difference(printed + "\n", wanted) { Issue.record("\(difference)") }
  }

  @Test("refuses a hostile task each thing by its name, and goes on", arguments: [2, 3])
  func isolation(gic: Int) async throws {
    // The hostile task runs below the shell: it has written its last line when the shell is asked.
    let outcome = try await Self.guest("hostile", gic: gic).run([
      .expect("hostile: begins"), .expect("hostile: ends"), .send("tasks\r"), .expect("apus> "), .send("poweroff\r"),
    ])
    try #require(outcome.unmet == nil && outcome.status == 0, "\(outcome.summary)")
    try Self.compare(outcome, from: "hostile: begins", to: "hostile: ends", with: "hostile")
    // What the hostile task mapped at an address, its neighbour does not find there.
    #expect(outcome.text.contains("fault    peeker   read at 0x4000_0000, where nothing is mapped"))
    // What it has made read-only it can read, and make writable again, but not write.
    #expect(outcome.text.contains("fault    writer   wrote to 0x4000_2000, which its region does not allow"))
    for name in ["memory", "init", "irq", "console", "clock", "shell", "victim", "hostile"] {
      #expect(outcome.lines.row(name)?.dropFirst(3).first == "0", "\(outcome.summary)")
    }
  }

  @Test("restarts a service that exits or faults: what it held is back, its client connects anew", arguments: [2, 3])
  func restart(gic: Int) async throws {
    var guest = Self.guest("restart", gic: gic)
    // The pause before a restart is as long as so many instructions, however busy the host is.
    guest.countsInstructions = true
    let outcome = try await guest.run([
      .expect("witness: begins"), .expect("witness: ends"), .send("tasks\r"), .expect("apus> "), .send("poweroff\r"),
    ])
    try #require(outcome.unmet == nil && outcome.status == 0, "\(outcome.summary)")
    try Self.compare(outcome, from: "witness: begins", to: "witness: ends", with: "restart")
    for (name, restarts) in [("mortal", "4"), ("witness", "0"), ("console", "0"), ("clock", "0"), ("shell", "0")] {
      #expect(outcome.lines.row(name)?.dropFirst(3).first == restarts, "\(outcome.summary)")
    }
    let faults = outcome.lines.compactMap { Session.logged($0) }.filter { $0.contains("fault    mortal   read at ") }
    #expect(faults.count == 2 && faults.allSatisfy { $0.hasSuffix("0x7000_0000, where nothing is mapped") })
  }

  @Test("starts the memory server anew a hundred times in the middle of work, and no frame is lost", arguments: [2, 3])
  func killer(gic: Int) async throws {
    let outcome = try await Self.guest("killer", gic: gic).run(
      [
        .expect("worker: begins"), .expect("worker: ends"), .send("tasks\r"), .expect("apus> "), .send("poweroff\r"),
      ], limit: .seconds(120))
    try #require(outcome.unmet == nil && outcome.status == 0, "\(outcome.summary)")
    for line in [
      "kept memory: as written", "requests refused: none", "frames afterwards: as before", "index: 0 bytes differ",
    ] {
      #expect(outcome.lines.contains(line), "\(outcome.summary)")
    }
    #expect(outcome.lines.row("memory")?.dropFirst(3).first == "100", "\(outcome.summary)")
    for name in ["init", "irq", "console", "shell", "worker", "killer"] {
      #expect(outcome.lines.row(name)?.dropFirst(3).first == "0", "\(outcome.summary)")
    }
  }

  @Test("runs the threads of one task in turn, each with registers of its own, and ends them", arguments: [2, 3])
  func threads(gic: Int) async throws {
    let outcome = try await Self.guest("threads", gic: gic).run([.expect("threads: end"), .send("poweroff\r")])
    try #require(outcome.unmet == nil && outcome.status == 0, "\(outcome.summary)")
    try Self.compare(outcome, from: "threads: begin", to: "threads: end", with: "threads")
  }

  @Test(
    "tells a supervisor how a task ended just before the memory server died, or while it was dead", arguments: [2, 3])
  func orphans(gic: Int) async throws {
    let outcome = try await Self.guest("orphans", gic: gic).run([
      .expect("mourner: ends"), .send("tasks\r"), .expect("apus> "), .send("poweroff\r"),
    ])
    try #require(outcome.unmet == nil && outcome.status == 0, "\(outcome.summary)")
    try Self.compare(outcome, from: "mourner: begins", to: "mourner: ends", with: "orphans")
    for (name, restarts) in [("memory", "4"), ("init", "0"), ("console", "0"), ("mourner", "0")] {
      #expect(outcome.lines.row(name)?.dropFirst(3).first == restarts, "\(outcome.summary)")
    }
    let faults = outcome.lines.compactMap { Session.logged($0) }.filter { $0.contains("fault    orphan   read at ") }
    #expect(faults.count == 3, "each is reported once: \(outcome.summary)")
  }

  @Test("brings memory with the first touch, grows a stack, and ends who runs into its guard page", arguments: [2, 3])
  func lazy(gic: Int) async throws {
    let outcome = try await Self.guest("lazy", gic: gic).run([
      .expect("decides about a restart"), .send("tasks\r"), .expect("apus> "), .send("poweroff\r"),
    ])
    try #require(outcome.unmet == nil && outcome.status == 0, "\(outcome.summary)")
    try Self.compare(outcome, from: "lazy: begin", to: "lazy: end", with: "lazy")
    let faults = outcome.lines.compactMap { Session.logged($0) }.filter { $0.contains("fault    lazy     ") }
    try #require(faults.count >= 4, "\(outcome.summary)")
    #expect(faults[0].contains("wrote to ") && faults[0].hasSuffix(", in the guard page below its stack"))
    #expect(faults[2].contains("likely a stack that grew into its guard page; nearest region "))
  }

  @Test(
    "takes a device from a driver that reads it: the next read is a fault that says so, the driver starts anew",
    arguments: [2, 3])
  func revoke(gic: Int) async throws {
    let outcome = try await Self.guest("devices", gic: gic).run([
      .expect("driver   leased   it is after 2004"), .send("devices\r"), .expect("apus> "),
      .send("memory\r"), .expect("apus> "),
      .send("revoke driver rtc\r"), .expect("driver   leased   it is after 2004"),
      .send("revoke driver uart\r"), .expect("apus> "), .send("kill memory\r"), .expect("memory   restart"),
      .send("revoke driver rtc\r"), .expect("driver   leased   it is after 2004"),
      .send("memory\r"), .expect("apus> "), .send("tasks\r"), .expect("apus> "), .send("poweroff\r"),
    ])
    try #require(outcome.unmet == nil && outcome.status == 0, "\(outcome.summary)")
    #expect(outcome.lines.row("pl031@9010000")?[1] == "driver")
    let faults = outcome.lines.compactMap { Session.logged($0) }.filter { $0.contains("fault    driver ") }
    try #require(faults.count == 8, "\(outcome.summary)")
    for report in [faults[0...3], faults[4...7]].map(Array.init) {
      #expect(report[0].hasSuffix("driver   read at 0x0038_0000, lease revoked"), "\(report)")
      #expect(report[2].contains("likely a device that the supervisor took back; nearest region "), "\(report)")
    }
    #expect(outcome.lines.contains("holds no lease of this name: device, task uart, driver"), "\(outcome.summary)")
    #expect(outcome.lines.last { $0.hasPrefix("driver ") }?.split(separator: " ")[3] == "2", "\(outcome.summary)")
    // Of a long name the shell shows the unit address.
    #expect(outcome.lines.row("virtio_m@a003e00")?[1] == "free", "\(outcome.summary)")
    let free = outcome.lines.filter { $0.hasPrefix("free  ") }
    #expect(free.count == 2 && free[0] == free[1], "\(outcome.summary)")
  }

  @Test(
    "gives a driver of virtio's entropy source memory for the device: random bytes come by interrupt",
    arguments: [(2, true), (2, false), (3, true), (3, false)])
  func dma(gic: Int, isLegacy: Bool) async throws {
    var guest = Self.guest("devices", gic: gic)
    guest.arguments += ["-device", "virtio-rng-device"]
    if !isLegacy { guest.arguments += ["-global", "virtio-mmio.force-legacy=false"] }
    let outcome = try await guest.run([
      .expect("rng      random   64 bytes"), .send("devices\r"), .expect("apus> "), .send("regions rng\r"),
      .expect("apus> "), .send("revoke rng virtio\r"), .expect("apus> "), .send("regions rng\r"), .expect("apus> "),
      .send("devices\r"), .expect("apus> "), .send("kill rng\r"), .expect("rng      random   64 bytes"),
      .send("memory verify\r"), .expect("apus> "), .send("poweroff\r"),
    ])
    try #require(outcome.unmet == nil && outcome.status == 0, "\(outcome.summary)")
    let told = outcome.lines.compactMap { Session.logged($0) }.filter { $0.hasPrefix("rng      ") }
    let once = [
      "rng      found    transport 31, version \(isLegacy ? 1 : 2)", "rng      random   192 bytes, interrupts 3",
      "rng      kept     memory of a device that is leased: slot, slot of the lease 9, 8",
      "rng      secret   no such region in slot 9, 0", "rng      freed    after the lease",
      "rng      random   64 bytes, interrupts 1",
    ]
    #expect(told == once + once, "\(outcome.summary)")
    let transport = outcome.lines.filter { $0.hasPrefix("virtio_m@a003e00") }.map { $0.split(separator: " ") }
    #expect(transport.map { $0[1] } == ["rng", "free"] && transport[0].last == "4", "\(outcome.summary)")
    let regions = outcome.lines.filter { $0.hasPrefix("   9  0x") }
    #expect(regions.count == 2 && regions[0].hasSuffix("private, for a device"), "\(outcome.summary)")
    #expect(regions.last?.hasSuffix("private") == true, "\(outcome.summary)")
    #expect(outcome.lines.number("differed") == 0, "\(outcome.summary)")
  }

  @Test(
    "ends random work of many tasks, each ended in whatever it does, with the frames of each kind that there were",
    arguments: [2, 3])
  func storm(gic: Int) async throws {
    var guest = Self.guest("storm", gic: gic)
    // The same work each time, however busy the host is.
    guest.countsInstructions = true
    let outcome = try await guest.run(
      [
        .expect("storm: begins"), .expect("storm: ends"), .send("memory verify\r"), .expect("free by ledger"),
        .send("poweroff\r"),
      ],
      limit: .seconds(120))
    try #require(outcome.unmet == nil && outcome.status == 0, "\(outcome.summary)")
    try Self.compare(outcome, from: "storm: begins", to: "storm: ends", with: "storm")
    #expect(outcome.lines.number("differed") == 0, "\(outcome.summary)")
  }

  @Test("maps all RAM with the kernel's static tables, and each device for its holder alone", arguments: [2, 3])
  func seed(gic: Int) async throws {
    let outcome = try await Self.guest("seed", gic: gic).run([
      .expect("frames not claimed"), .expect("seed: done"), .send("time\r"), .expect("UTC, up"), .send("tables\r"),
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
  || ["hostile", "seed", "restart", "threads", "orphans", "lazy", "devices", "storm"].allSatisfy {
    FileManager.default.fileExists(atPath: "build/system/\($0).bin")
  }
