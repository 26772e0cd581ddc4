import Foundation
import QEMU
import Testing

/// What cannot go on: each says so and ends QEMU with a status that is not zero, so that no test run passes over it.
/// The faults are real ones, in a copy of the image or of the bundle.
@Suite("A panic", .enabled(if: Guest.isExpected, "build/apus.img or QEMU is missing: make image"))
struct PanicTests {
  /// An oracle of its own: where a function lies in the image.
  static let nm = Oracle.require("aarch64-linux-gnu-nm")

  @Test("ends QEMU with status 99 when the memory server faults again and again before it serves")
  func server() async throws {
    var bundle = try GivenBundle()
    // mov x1, #16; ldr x0, [x1]
    try bundle.replaceStart(with: [0xd280_0201, 0xf940_0020])
    let outcome = try await bundle.boot([])
    let start = hexadecimal(bundle.start + 4)
    for line in [
      " kernel   panic    the task that serves all others faulted: memory\n",
      " kernel   where    at \(start), syndrome 0x9200_0006, address 0x10\n",
    ] {
      #expect(outcome.text.contains(line), "\(outcome.summary)")
    }
    #expect(outcome.status == 99, "\(outcome.summary)")
  }

  @Test(
    "ends QEMU with status 99 when the kernel does what it must not, and tells what, where and why",
    .enabled(if: nm.isExpected, "aarch64-linux-gnu-nm is not installed"),
    arguments: [
      // brk #1: what a Swift trap is compiled to
      ([0xd420_0020], "the kernel stopped at a check of its own", "a Swift precondition"),
      // udf
      ([0x0000_0000], "the kernel executed an instruction that the processor refused", "unknown"),
      // mov x1, #0; ldr x0, [x1]
      ([0xd280_0001, 0xf940_0020], "the kernel read an address that it may not read", "an address of a task, or nil"),
      // adr x1, .; str x0, [x1]
      ([0x1000_0001, 0xf900_0020], "the kernel wrote to an address that it may not write", "permission: code"),
      // mov x1, sp; br x1
      ([0x9100_03e1, 0xd61f_0020], "the kernel jumped to an address that it may not execute", "permission: code"),
    ] as [([UInt32], String, String)])
  func kernel(code: [UInt32], what: String, why: String) async throws {
    let workspace = try Workspace()
    var guest = Guest()
    let place = try await address(of: "kernelMain") & 0x7f_ffff_ffff
    guest.kernel = try workspace.write("broken.img", bytes: try image(with: code, at: place - 0x4020_0000))
    let outcome = try await guest.run(limit: .seconds(30))
    #expect(outcome.text.contains(" kernel   panic    \(what)\n"), "\(outcome.summary)")
    #expect(outcome.text.contains(" kernel   cause    \(why)"), "\(outcome.summary)")
    #expect(outcome.text.contains(" kernel   where    at 0x"), "\(outcome.summary)")
    #expect(outcome.status == 99, "\(outcome.summary)")
  }

  @Test(
    "is not what a wrong entry becomes: it is refused by its code, before the kernel has a console",
    arguments: [
      // Entered at EL3; loaded elsewhere than linked.
      (0x4020_0000, ["-machine", "secure=on"], 64),
      (0x4480_0000, ["-device", "loader,file=\(Guest.image),addr=0x44800000,force-raw=on"], 65),
    ] as [(Int, [String], Int32)])
  func entry(address: Int, arguments: [String], status: Int32) async throws {
    let workspace = try Workspace()
    var guest = Guest()
    let file = try workspace.write("shim.bin", bytes: Shim.bytes([], image: address))
    guest.arguments = arguments + Shim.arguments(file)
    let outcome = try await guest.run(limit: .seconds(30))
    #expect(outcome.text.isEmpty && outcome.status == status, "\(outcome.summary)")
  }

  private func address(of symbol: String) async throws -> Int {
    let listed = try await Self.nm.run(["build/kernel.elf"])
    let line = try #require(listed.lines.first { $0.hasSuffix(" \(symbol)") }, "no symbol \(symbol)")
    let value = try #require(UInt64(line.prefix(16), radix: 16))
    return Int(truncatingIfNeeded: value)
  }

  private func image(with code: [UInt32], at offset: Int) throws -> [UInt8] {
    var bytes = Array(try Data(contentsOf: URL(filePath: Guest.image)))
    for (index, word) in code.enumerated() {
      for byte in 0..<4 { bytes[offset + 4 * index + byte] = UInt8(truncatingIfNeeded: word >> (8 * byte)) }
    }
    return bytes
  }
}
