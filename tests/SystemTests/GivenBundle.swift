import enum ABI.BundleLayout
import enum ABI.CRC32
import Foundation
import QEMU

/// The bundle of build/bundle.bin, to be changed and given to the kernel as its initial RAM disk.
struct GivenBundle: Sendable {
  /// Its bytes.
  var bytes: [UInt8]

  init() throws { bytes = Array(try Data(contentsOf: URL(filePath: "build/bundle.bin"))) }

  /// The checksum that its bytes have (BundleLayout).
  var checksum: UInt32 { CRC32.checksum(of: bytes.span, from: 16) }
  /// The checksum that it says it has.
  var storedChecksum: UInt32 { UInt32(truncatingIfNeeded: word(12) & 0xffff_ffff) }
  /// Where its first task, the memory server, starts.
  var start: Int { word(BundleLayout.headerSize + 8) }

  /// Gives it the checksum that its bytes have.
  mutating func seal() {
    let sum = checksum
    for index in 0..<4 { bytes[12 + index] = UInt8(truncatingIfNeeded: sum >> (8 * index)) }
  }

  /// Changes a byte, and the checksum with it.
  mutating func setSealed(_ offset: Int, to byte: UInt8) {
    bytes[offset] = byte
    seal()
  }

  /// The bundle has no such place, or the change would move what follows it.
  struct NotThere: Error { let what: String }

  /// Replaces the first `old` by a text of the same length.
  mutating func replace(_ old: String, with new: String) throws {
    guard old.utf8.count == new.utf8.count, let found = Data(bytes).range(of: Data(old.utf8)) else {
      throw NotThere(what: old)
    }
    bytes.replaceSubrange(found, with: new.utf8)
    seal()
  }

  /// Writes instructions where the memory server starts.
  mutating func replaceStart(with instructions: [UInt32]) throws {
    // Segments of 32 bytes from 56: offset in the bundle, address; the first that holds the start.
    let table = BundleLayout.headerSize + 56
    let segments = (0..<BundleLayout.mostSegments).map { table + $0 * BundleLayout.segmentSize }
    guard let segment = segments.last(where: { word($0 + 8) != 0 && word($0 + 8) <= start }) else {
      throw NotThere(what: "the entry address of memory")
    }
    let place = word(segment) + start - word(segment + 8)
    for (index, instruction) in instructions.enumerated() {
      for byte in 0..<4 { bytes[place + 4 * index + byte] = UInt8(truncatingIfNeeded: instruction >> (8 * byte)) }
    }
    seal()
  }

  /// Boots the image with it.
  func boot(_ steps: [Step]) async throws -> Outcome {
    let workspace = try Workspace()
    var guest = Guest()
    guest.arguments = ["-initrd", try workspace.write("bundle.bin", bytes: bytes)]
    return try await guest.run(steps, limit: .seconds(30))
  }

  private func word(_ offset: Int) -> Int {
    (0..<8).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
  }
}

/// A number as the kernel prints it: "0x4_5000".
func hexadecimal(_ number: Int) -> String {
  let digits = Array(String(number, radix: 16))
  let grouped = digits.enumerated().map { index, digit in
    index > 0 && (digits.count - index) % 4 == 0 ? "_\(digit)" : "\(digit)"
  }
  return "0x" + grouped.joined()
}
