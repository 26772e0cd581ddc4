import Foundation
import Image
import QEMU

/// A folder for one test's files, gone with the last reference.
final class Folder: Sendable {
  let path = NSTemporaryDirectory() + "apus-\(UUID().uuidString)"
  init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of the file `name`, written if there is something to write.
  func file(_ name: String, _ bytes: some Collection<UInt8>) throws -> String {
    let path = "\(path)/\(name)"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return path
  }
}

/// The project's root, found from this file.
let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().path

let assemblerExpected = Oracle.assembler.isExpected && Oracle.readelf.isExpected

/// The ELF file that the cross assembler and linker make of `source`.
func assemble(_ source: String, script: String, _ more: [String] = []) async throws -> [UInt8] {
  let folder = try Folder()
  let input = try folder.file("a.S", Array(source.utf8))
  let layout = try folder.file("a.ld", Array(script.utf8))
  let output = "\(folder.path)/a.elf"
  let outcome = try await Oracle.assembler.run(
    ["-nostdlib", "-static", "-Wl,-z,max-page-size=4096,--build-id=none,--no-warn-rwx-segments", "-T", layout]
      + more + ["-o", output, input])
  guard let data = FileManager.default.contents(atPath: output) else { throw Failed(what: outcome.summary) }
  return Array(data)
}

/// A foreign tool that did not do its part.
struct Failed: Error { var what: String }

/// A service's source: code, constants, data and zeroed data of these sizes.
func serviceSource(constants: Int = 5000, data: Int = 24, zeroed: Int = 9000) -> String {
  """
  .section .text.start, "ax"
  .globl _start
  _start: mov x0, #7
          b _start
  .section .rodata
          .fill \(constants), 1, 0x52
  .data
          .fill \(data), 1, 0x44
  .bss
          .skip \(zeroed)
  .section swift5_types, "a"
          .fill 64, 1, 0xff
  """
}

/// The script that the services are linked by.
func serviceScript() throws -> String {
  try String(contentsOfFile: "\(root)/tools/service.ld", encoding: .utf8)
}

/// A service's ELF file, made once.
let service = Task { try await assemble(serviceSource(), script: serviceScript()) }

/// A kernel's ELF file with what may be wrong with one.
func kernel(
  base: UInt64 = 0xffff_ff80_4020_0000, pool: Int = 2, zeroed: Int = 0x4000, offset: Int = 0x20_0000,
  magic: String = "ARM\\x64", shrink: Int = 0
) async throws -> [UInt8] {
  let source = """
    .section .head, "ax"
    .globl _start
    _start: b _start
            .long 0
            .quad \(offset), __size - \(shrink), 10, 0, 0, 0
            .ascii "\(magic)"
            .long 0
    .section .rodata
            .fill 300, 1, 0x52
    .data
            .quad 5
    .bss
            .skip \(zeroed)
    .section .pool, "aw", %nobits
            .skip \(pool * 4096)
    """
  let script = """
    ENTRY(_start)
    PHDRS { text PT_LOAD FLAGS(5); rodata PT_LOAD FLAGS(4); data PT_LOAD FLAGS(6); }
    SECTIONS {
      . = \(base);
      .text : { *(.head) *(.text) } :text
      . = ALIGN(0x200000);
      .rodata : { *(.rodata) } :rodata
      . = ALIGN(0x200000);
      .data : { *(.data) } :data
      .bss : { *(.bss) } :data
      .pool ALIGN(4096) : { *(.pool) } :data
      __size = . - \(base);
      /DISCARD/ : { *(.note*) *(.comment) }
    }
    """
  return try await assemble(source, script: script)
}

extension [UInt8] {
  /// The little-endian number at `offset`.
  func load(_ offset: Int, _ count: Int = 8) -> UInt64 {
    self[offset..<(offset + count)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Puts a little-endian number at `offset`.
  mutating func store(_ value: UInt64, _ offset: Int, _ count: Int = 8) {
    for index in 0..<count { self[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index)) }
  }
}
