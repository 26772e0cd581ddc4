import enum ABI.BundleLayout

extension BundleTests.Row {
  /// Where the first entry, the memory server's, begins (BundleLayout).
  private static var entry: Int { BundleLayout.headerSize }

  /// The refusals; those after the flipped bits are found behind a checksum that is right.
  static let all = [
    Self(
      name: "cut short by a byte", change: { $0.bytes.removeLast() },
      message: { "bytes present, bytes needed: \(size($0)), \(size($0, 1))" }),
    Self(
      name: "cut short in its header", change: { $0.bytes.removeLast($0.bytes.count - 20) },
      message: { _ in "bytes present, bytes needed: 0x14, 0x20" }),
    Self(
      name: "one byte too long", change: { $0.bytes.append(0) },
      message: { "bytes present, the bundle ends after: \(size($0)), \(size($0, -1))" }),
    Self(
      name: "one page too long", change: { $0.bytes += [UInt8](repeating: 0, count: 4096) },
      message: { "bytes present, the bundle ends after: \(size($0)), \(size($0, -4096))" }),
    Self(
      name: "with a wrong magic", change: { $0.bytes[0] ^= 1 },
      message: { _ in "magic, not that of a bundle: 0x4c44_4e42_5355_5040, 0x4c44_4e42_5355_5041" }),
    Self(
      name: "of another version", change: { $0.bytes[8] = 3 },
      message: { _ in "format version, expected: 0x3, 0x2" }),
    Self(name: "with a flipped bit in a page", change: { $0.bytes[$0.bytes.count / 2] ^= 16 }, message: checksums),
    Self(
      name: "with a flipped bit in its last byte", change: { $0.bytes[$0.bytes.count - 1] ^= 1 }, message: checksums),
    Self(
      name: "with one entry", change: { $0.setSealed(24, to: 1) },
      message: { _ in "entries, at least: 0x1, 0x2" }),
    Self(
      name: "whose first task has another name", change: { $0.setSealed(entry, to: UInt8(ascii: "n")) },
      message: { _ in "name of a fixed entry, expected: 0x7972_6f6d_656e, 0x7972_6f6d_656d" }),
    Self(
      name: "whose first task has no segment", change: { $0.setSealed(entry + 16, to: 0) },
      message: { _ in "segments, at least: 0x0, 0x1" }),
    Self(
      name: "whose first task writes what it executes", change: { $0.setSealed(entry + 56 + 24, to: 7) },
      message: { _ in "rights, writable and executable: 0x7, 0x7" }),
    Self(
      name: "whose first task starts at an odd address", change: { $0.setSealed(entry + 8, to: 1) },
      message: { "entry address, not a multiple of: \(hexadecimal($0.start)), 0x4" }),
  ]

  private static func size(_ bundle: GivenBundle, _ more: Int = 0) -> String { hexadecimal(bundle.bytes.count + more) }

  @Sendable private static func checksums(_ bundle: GivenBundle) -> String {
    "checksum, expected: \(hexadecimal(Int(bundle.checksum))), \(hexadecimal(Int(bundle.storedChecksum)))"
  }
}
