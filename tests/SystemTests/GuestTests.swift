import Foundation
import QEMU
import Testing

/// The runner itself, on a guest that is assembled here: what the scenarios rely on.
@Suite(
  "A guest", .enabled(if: Oracle.qemu.isExpected && Oracle.assembler.isExpected, "QEMU or the assembler is missing"))
struct GuestTests {
  /// The folder that the guest of Fixtures/echo.S is built in, as kernel.elf and echo.img, once a run.
  static let folder = "build/tests/echo"
  static let built = Task {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let source = #filePath.replacing("GuestTests.swift", with: "Fixtures/echo.S")
    let place = ["-Wl,-Ttext=0x40080000", "-Wl,--build-id=none", "-nostdlib", "-static"]
    let made = try await Oracle.assembler.run(place + ["-g", source, "-o", "\(folder)/kernel.elf"])
    try #require(made.status == 0, "\(made.summary)")
    let copied = try await Oracle.objcopy.run(["-O", "binary", "\(folder)/kernel.elf", "\(folder)/echo.img"])
    try #require(copied.status == 0, "\(copied.summary)")
  }

  /// That guest on a machine.
  func echo(on machine: Guest = Guest()) async throws -> Guest {
    try await Self.built.value
    var guest = machine
    guest.kernel = "\(Self.folder)/echo.img"
    return guest
  }

  @Test("is spoken to over its serial line, and its exit code is QEMU's status")
  func conversation() async throws {
    let guest = try await echo()
    let outcome = try await guest.run([.expect("name? "), .send("apus\n"), .expect("hello apus")])
    #expect(outcome.status == 4 && outcome.unmet == nil, "\(outcome.summary)")
  }

  @Test("that switches off ends QEMU with status 0")
  func off() async throws {
    let guest = try await echo()
    #expect(try await guest.run([.send("\n")]).status == 0)
  }

  @Test("that says nothing more is killed at its limit")
  func silence() async throws {
    let guest = try await echo()
    let outcome = try await guest.run([.expect("never")], limit: .seconds(1))
    #expect(outcome.timedOut && outcome.unmet == "never" && outcome.text == "name? ")
  }

  @Test("runs on every machine of the matrix", arguments: Guest.matrix)
  func matrix(guest: Guest) async throws {
    let outcome = try await echo(on: guest).run([.expect("name? "), .send("x\n")])
    #expect(outcome.status == 1 && outcome.text.hasSuffix("hello x"), "\(guest) \(outcome.summary)")
  }

  @Test("is held to what its expected file says, and to no other")
  func expectedFile() async throws {
    let guest = try await echo()
    let greeting = [Step.expect("name? "), .send("apus\n")]
    try await Scenario(name: "echo", guest: guest, steps: greeting, status: 4).check()
    try await Scenario(name: "echo", guest: guest, steps: greeting, expected: .lines(["name? hello apus"]), status: 4)
      .check()
    try await withKnownIssue("another answer, another status") {
      try await Scenario(name: "echo", guest: guest, steps: [.send("falcon\n")], status: 4).check()
    } matching: { issue in
      issue.comments.description.contains("line 1") || issue.comments.description.contains("status 6")
    }
  }

  @Test("that is not there is named")
  func absent() async {
    var guest = Guest()
    guest.kernel = "build/nothing.img"
    await #expect(throws: Guest.NoImage.self) { try await guest.run() }
  }

  @Test("stops at a line breakpoint of gdb", .enabled(if: Oracle.gdb.isExpected, "gdb-multiarch is not installed"))
  func breakpoint() async throws {
    let guest = try await echo()
    let commands = "-batch -ex 'break echo.S:12' -ex continue -ex 'print /x $x19'"
    let session = Child(
      "tools/debug", [Self.folder, try Oracle.qemu.located()] + guest.line, environment: ["GDB_FLAGS": commands])
    let outcome = try await session.run(limit: .seconds(30))
    #expect(outcome.text.contains("$1 = 0x9000000"), "\(outcome.summary)")
  }
}
