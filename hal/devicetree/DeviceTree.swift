/// A flattened device tree, version 17, read where it lies (Devicetree Specification 0.4, chapter 5).
///
/// `init` checks header, memory reservations and, in one scan, the whole structure block. Behind it nodes and properties
/// are walked without failing; only what a property means can still be refused. Nothing is allocated, and
/// no word at or behind `totalBytes` is loaded.
public struct DeviceTree<Source: BlobSource> {
  let source: Source
  /// The header's total size in bytes.
  public let totalBytes: Int
  /// Bytes up to the end of the last block in use: what must be kept. QEMU's tree is 1 MiB long, of which
  /// some kilobytes are used.
  public private(set) var usedBytes: Int
  /// Offset of the memory reservation block.
  let reservations: Int
  /// Offset and end of the structure block.
  let structure: (start: Int, end: Int)
  /// Offset and end of the strings block.
  let strings: (start: Int, end: Int)
  /// Where in the strings block its last zero byte lies, -1 where it holds none: a name before it has an end.
  private(set) var lastName = -1

  /// Checks the tree in `source`, of which at most `limit` bytes may be read. The arm64 boot protocol
  /// allows 2 MiB, which is the default.
  public init(_ source: Source, limit: Int = 2 << 20) throws(DeviceTreeError) {
    try self.init(headerOf: source, limit: limit)
    var nobody = NoVisitor()
    try scan(&nobody)
  }

  /// Checks header and memory reservations alone: `scan` must follow before anything else is asked.
  init(headerOf source: Source, limit: Int) throws(DeviceTreeError) {
    self.source = source
    func field(_ index: Int) -> Int { Int(source.word(at: index * 4).byteSwapped) }

    guard limit >= Header.size else { throw DeviceTreeError(.truncated, limit, Header.size) }
    guard field(0) == Header.magic else { throw DeviceTreeError(.wrongMagic, field(0), Header.magic) }
    let total = field(1)
    guard total >= Header.size else { throw DeviceTreeError(.truncated, total, Header.size) }
    guard total <= limit else { throw DeviceTreeError(.truncated, limit, total) }
    guard field(5) >= Header.version else { throw DeviceTreeError(.versionTooOld, field(5), Header.version) }
    guard field(6) <= Header.version else { throw DeviceTreeError(.incompatible, field(6), Header.version) }
    totalBytes = total
    structure = try Header.block(at: field(2), size: field(9), alignment: 4, within: total)
    strings = try Header.block(at: field(3), size: field(8), alignment: 1, within: total)
    reservations = try Header.block(at: field(4), size: 16, alignment: 8, within: total).start
    usedBytes = max(structure.end, strings.end)
    usedBytes = max(usedBytes, try checkReservations())
    lastName = strings.end &- strings.start &- 1
    while lastName >= 0, byte(at: strings.start &+ lastName) != 0 { lastName &-= 1 }
  }

  /// The root node.
  public var root: DeviceTreeNode {
    // Leading NOP tokens are allowed; the check has seen that a root follows.
    var offset = structure.start
    while word(at: offset) == Token.nop { offset += 4 }
    return DeviceTreeNode(root: offset)
  }

  /// The big-endian word at `offset`, a multiple of four.
  func word(at offset: Int) -> UInt32 { source.word(at: offset).byteSwapped }

  /// The byte at `offset`.
  func byte(at offset: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: source.word(at: offset & ~3) &>> UInt32(truncatingIfNeeded: 8 &* (offset & 3)))
  }

  /// Four bytes from `offset` on, aligned or not, the first in bits 7:0; zeros behind the tree's end.
  func fourBytes(at offset: Int) -> UInt32 {
    let first = offset & ~3
    let shift = UInt64(truncatingIfNeeded: 8 &* (offset & 3))
    let next = shift != 0 && first &+ 4 < totalBytes ? source.word(at: first &+ 4) : 0
    return UInt32(truncatingIfNeeded: (UInt64(next) &<< 32 | UInt64(source.word(at: first))) &>> shift)
  }

  /// The big-endian double word at `offset`, a multiple of four.
  func doubleWord(at offset: Int) -> UInt64 { UInt64(word(at: offset)) &<< 32 | UInt64(word(at: offset &+ 4)) }
}

/// The header's constants.
enum Header {
  static var magic: Int { 0xd00d_feed }
  static var version: Int { 17 }
  static var size: Int { 40 }

  /// A block's start and end, which must lie behind the header and inside the tree.
  static func block(
    at start: Int, size: Int, alignment: Int, within total: Int
  ) throws(DeviceTreeError) -> (start: Int, end: Int) {
    guard start % alignment == 0 else { throw DeviceTreeError(.unaligned, start, alignment) }
    guard start >= Header.size else { throw DeviceTreeError(.truncated, start, Header.size) }
    guard start + size <= total else { throw DeviceTreeError(.blockOutside, start + size, total) }
    return (start, start + size)
  }
}

/// The tokens of the structure block.
enum Token {
  static var beginNode: UInt32 { 1 }
  static var endNode: UInt32 { 2 }
  static var property: UInt32 { 3 }
  static var nop: UInt32 { 4 }
  static var end: UInt32 { 9 }
}
