import Foundation
import QEMU
import Testing

/// The image, booted to the shell's prompt and switched off there: what every machine prints, line by line.
///
/// `Expected/boot.txt` is the log of the default machine. All others must print what that machine prints: only the
/// lines that tell of what differs are theirs, and each test says which and how.
@Suite("The image", .enabled(if: Guest.isExpected, "build/apus.img or QEMU is missing: make image"))
struct BootTests {
  /// To the prompt, and off.
  static let steps = [Step.expect("apus> "), .send("poweroff\n")]

  @Test("prints from the kernel's entry to the prompt what Expected/boot.txt says, but for the times")
  func log() async throws { try await Scenario(name: "boot", steps: Self.steps).check() }

  @Test("boots on every machine of the matrix", arguments: Guest.matrix)
  func matrix(guest: Guest) async throws {
    let models = ["cortex-a53": "0x410f_d034", "cortex-a72": "0x410f_d083", "max": "0x"]
    let model = try #require(models[guest.cpu])
    let interface =
      guest.gic == 2 ? "version 2, CPU interface 0x801_0000–0x801_ffff" : "version 3, CPU interface in system registers"
    let log = try await log(of: guest, but: Self.ofController + Self.ofMemory + ["kernel   cpu"])
    #expect(log.contains("kernel   gic      \(interface)\n"), "\(log)")
    #expect(log.contains("kernel   cpu      1 found, 1 used, model \(model)"), "\(log)")
    #expect(log.contains(", entered at EL\(guest.entersAtEL2 ? 2 : 1)\n"), "\(log)")
    #expect(log.contains(/irq      ready    \d+ interrupts, timer on\n/), "\(log)")
    // Of the two beyond the static ones one is for the device window, and one below it: GICv2 alone has them.
    #expect(log.contains("memory   tables   kernel \(guest.gic == 2 ? 4 : 2), grown for leases "), "\(log)")
  }

  @Test(
    "boots with any amount of RAM, by the same two tables and with the same facts",
    arguments: [
      ("64M", "0x4000_0000–0x43ff_ffff   16384 frames"),
      ("193M", "0x4000_0000–0x4c0f_ffff   49152 frames, 256 given up"),
      ("1G", "0x4000_0000–0x7fff_ffff   262144 frames"),
      ("3G", "0x4000_0000–0xffff_ffff   786432 frames"),
      ("16G", "0x4000_0000–0x4_3fff_ffff   4194304 frames"),
    ])
  func sizes(memory: String, fact: String) async throws {
    let log = try await log(of: .with(memory: memory), but: Self.ofMemory)
    #expect(log.contains("kernel   memory   \(fact)\n"), "\(log)")
    #expect(log.contains(/memory   ready    \d+ frames free, 2 held in reserve\n/), "\(log)")
    #expect(log.contains("memory   tables   kernel 4, grown for leases "), "\(log)")
  }

  @Test("refuses a machine with too little RAM", arguments: ["10M", "31M"])
  func tooSmall(memory: String) async throws {
    let outcome = try await Guest.with(memory: memory).run()
    let found = memory.replacing("M", with: " MiB")
    #expect(
      Scenario.masked(outcome.text) == "[--------] kernel   refused  RAM too small: \(found) found, 32 MiB needed\n",
      "\(outcome.summary)")
    #expect(outcome.status == 66, "\(outcome.summary)")
  }

  @Test("boots with four processors, says so, and uses one", arguments: [2, 3])
  func processors(gic: Int) async throws {
    var guest = Guest()
    (guest.cpus, guest.gic) = (4, gic)
    let log = try await log(of: guest, but: Self.ofController + ["kernel   cpu", "kernel   tree"])
    #expect(log.contains("kernel   cpu      4 found, 1 used, "), "\(log)")
  }

  /// Lines that tell how much RAM there is, where the loader put the tree in it, and how long that is.
  private static let ofMemory = ["kernel   memory", "kernel   tree", "memory   ready", "memory   tables"]
  /// Lines that tell of the interrupt controller.
  private static let ofController = ["kernel   gic", "irq      ready", "memory   tables"]

  /// The default machine's log, taken once a run: what the image measures changes with its code, and is held to a
  /// file in one test alone.
  private static let ordinary = Task { try await booted(Guest()) }

  /// Boots to the prompt and off; what is printed, but for the times.
  private static func booted(_ guest: Guest) async throws -> String {
    let outcome = try await guest.run(steps)
    try #require(outcome.unmet == nil && outcome.status == 0, "\(outcome.summary)")
    return Scenario.masked(outcome.text)
  }

  /// The machine's log, all lines of it held to the default machine's but those that begin with one of `own`.
  private func log(of guest: Guest, but own: [String]) async throws -> String {
    let (ordinary, printed) = (try await Self.ordinary.value, try await Self.booted(guest))
    if let difference = Scenario.difference(Self.text(printed, but: own), Self.text(ordinary, but: own)) {
      Issue.record("unlike the default machine: \(difference)\n\(printed)")
    }
    return printed
  }

  /// The text with the rest of each line that begins with one of `own` left out.
  private static func text(_ text: String, but own: [String]) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      own.first { line.hasPrefix("[--------] \($0)") } ?? String(line)
    }.joined(separator: "\n")
  }
}
