import Foundation
import QEMU
import Testing

/// A device tree made from QEMU's own: what is changed in its text, or in the bytes it is compiled to.
struct Tree: Sendable {
  /// A replacement in the text; `old` must be there, so that no row of a table means something else one day.
  struct Edit: Sendable {
    let old: String
    let new: String
  }

  var edits: [Edit] = []
  /// A change of the compiled tree.
  var damage: @Sendable ([UInt8]) -> [UInt8] = { $0 }

  /// The tree with `old` replaced.
  static func with(_ new: String, for old: String) -> Tree { Tree(edits: [Edit(old: old, new: new)]) }

  /// The tree with more nodes in its root.
  static func adding(_ nodes: String) -> Tree { with("\n\(nodes)\n\tpsci {\n", for: "\n\tpsci {\n") }

  /// The tree with its bytes changed.
  static func damaged(_ damage: @escaping @Sendable ([UInt8]) -> [UInt8]) -> Tree { Tree(damage: damage) }

  /// QEMU's tree of a machine with 128M as text, asked for once a run.
  private static let stock = Task { try await decompiled(Guest()) }

  private static func decompiled(_ guest: Guest) async throws -> String {
    let workspace = try Workspace()
    let file = "\(workspace.path)/machine.dtb"
    let dump = ["-M", "virt,gic-version=\(guest.gic),dumpdtb=\(file)", "-cpu", guest.cpu, "-m", guest.memory]
    let dumped = try await Oracle.qemu.run(dump)
    try #require(dumped.status == 0, "\(dumped.summary)")
    let text = try await Oracle.dtc.run(["-q", "-I", "dtb", "-O", "dts", file])
    try #require(text.status == 0, "\(text.summary)")
    return text.text
  }

  /// The tree as it lies in memory.
  func blob() async throws -> [UInt8] {
    var text = try await Self.stock.value
    for edit in edits {
      try #require(text.contains(edit.old), "QEMU's tree has no “\(edit.old)”")
      text.replace(edit.old, with: edit.new, maxReplacements: 1)
    }
    // -f: trees that are wrong on purpose are compiled all the same.
    let compiled = try await Oracle.dtc.run(["-q", "-f", "-I", "dts", "-O", "dtb", "-"], input: Array(text.utf8))
    try #require(compiled.status == 0, "\(compiled.summary)")
    return damage(compiled.output)
  }
}

/// A loader of four instructions: hands the image a tree of its own, which follows it in memory.
struct Shim {
  /// What x0 holds when the image is entered.
  enum Pointer: Sendable {
    /// The tree's address.
    case tree
    /// Four bytes before it.
    case unaligned
    /// Nothing.
    case zero
  }

  /// Where QEMU puts it: RAM that neither the image nor QEMU's own tree takes.
  static let address = 0x4380_0000

  /// The code, with the tree behind it; `image` is where the kernel was loaded, a multiple of 64 KiB.
  static func bytes(_ tree: [UInt8], _ pointer: Pointer = .tree, image: Int = 0x4020_0000) -> [UInt8] {
    let first: UInt32 =
      switch pointer {
      case .tree: 0x1000_0080  // adr x0, .+16
      case .unaligned: 0x1000_0060  // adr x0, .+12
      case .zero: 0xd280_0000  // mov x0, #0
      }
    // mov x1, image; br x1; nop
    let code = [first, 0xd2a0_0001 | UInt32(image >> 16) << 5, 0xd61f_0020, 0xd503_201f]
    return code.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } } + tree
  }

  /// QEMU's arguments that put a file of bytes at an address and start the processor there.
  static func arguments(_ file: String, at address: Int = address) -> [String] {
    ["-device", "loader,file=\(file),addr=0x\(String(address, radix: 16)),cpu-num=0,force-raw=on"]
  }
}

extension Guest {
  /// Boots the image with a tree of the test's own, the shim at `address`.
  func run(
    with tree: Tree, pointer: Shim.Pointer = .tree, at address: Int = Shim.address, steps: [Step] = []
  ) async throws -> Outcome {
    let workspace = try Workspace()
    let file = try workspace.write("shim.bin", bytes: Shim.bytes(try await tree.blob(), pointer))
    var guest = self
    guest.arguments += Shim.arguments(file, at: address)
    return try await guest.run(steps, limit: .seconds(30))
  }
}
