import Foundation
import QEMU
import Testing

/// Device trees that the kernel must not boot with, handed over by a shim. DeviceTreeTests hold the reader to each of
/// its rules on the host; here is what becomes of a refusal in the machine: its words, its code, and the end.
@Suite(
  "A device tree",
  .enabled(if: Guest.isExpected && Oracle.dtc.isExpected, "build/apus.img, QEMU or dtc is missing"))
struct TreeTests {
  /// A tree, and what is said of it.
  struct Row: Sendable, CustomTestStringConvertible {
    let name: String
    let tree: Tree
    var pointer = Shim.Pointer.tree
    var address = Shim.address
    /// What the kernel says on the UART; nil where it knows none.
    let message: String?
    /// The code of docs/boot.md: QEMU's status.
    let status: Int32

    var testDescription: String { name }
  }

  @Test("as QEMU makes it boots from the shim's hands")
  func whole() async throws {
    let outcome = try await Guest().run(with: Tree(), steps: [.expect("apus> "), .send("poweroff\n")])
    #expect(outcome.status == 0 && outcome.unmet == nil, "\(outcome.summary)")
  }

  @Test("that lacks or contradicts something is refused in words, and by its code", arguments: Row.told)
  func told(row: Row) async throws { try await check(row) }

  @Test("in which no UART can be known is refused by its code alone", arguments: Row.silent)
  func silent(row: Row) async throws { try await check(row) }

  private func check(_ row: Row) async throws {
    let outcome = try await Guest().run(with: row.tree, pointer: row.pointer, at: row.address)
    let said = row.message.map { "[--------] kernel   refused  \($0)\n" } ?? ""
    #expect(Scenario.masked(outcome.text) == said, "\(outcome.summary)")
    #expect(outcome.status == row.status, "\(outcome.summary)")
  }

  @Test("is refused in the same words without semihosting; the machine, whose firmware nobody knows, sleeps")
  func withoutSemihosting() async throws {
    var guest = Guest()
    guest.semihosting = false
    let row = try #require(Row.told.first { $0.status == 20 })
    let outcome = try await guest.run(with: row.tree, steps: [.expect("\(row.message ?? "")\r\n"), .stop])
    #expect(outcome.unmet == nil && Scenario.masked(outcome.text).hasSuffix("\(row.message ?? "")\n"))
  }

  @Test("leaves its code in x0 at boot_refused, where no emulator takes it", .enabled(if: Oracle.gdb.isExpected))
  func code() async throws {
    var guest = Guest()
    guest.semihosting = false
    let workspace = try Workspace()
    let file = try workspace.write("shim.bin", bytes: Shim.bytes([UInt8](repeating: 0, count: 64)))
    guest.arguments += Shim.arguments(file)
    // The debugger's socket lies beside its kernel: a folder of this test's own.
    try FileManager.default.copyItem(atPath: "build/kernel.elf", toPath: "\(workspace.path)/kernel.elf")
    let place = "*((unsigned long)&boot_refused & 0x7fffffffff)"
    let commands = "-batch -ex 'hbreak \(place)' -ex continue -ex 'print $x0'"
    let session = Child(
      "tools/debug", [workspace.path, try Oracle.qemu.located()] + guest.line, environment: ["GDB_FLAGS": commands])
    let outcome = try await session.run(limit: .seconds(60))
    #expect(outcome.text.contains("$1 = 2\n"), "\(outcome.summary)")
  }
}
