/// The flat arm64 Image made of a kernel's ELF file: what a boot loader puts at its place and jumps to.
///
/// Header: Linux, Documentation/arch/arm64/booting.rst, "Call the kernel image".
public struct FlatImage: Sendable {
  /// The Image, from the header's first byte to the last stored byte.
  public let bytes: [UInt8]
  /// The address of the first byte, as linked.
  public let start: UInt64
  /// Bytes of memory that the image takes from its start, as the header says.
  public let size: UInt64

  /// Where the Image lies behind a 2 MiB boundary: the block before it holds the frame table's first part.
  public static var textOffset: UInt64 { 0x20_0000 }
  /// The unit of the kernel's own mappings.
  public static var blockSize: UInt64 { 0x20_0000 }

  /// Lays out the loadable segments of `kernel` and checks header and boot pool.
  public init(_ kernel: ELFFile) throws {
    let loads = kernel.loads
    guard let first = loads.first, let last = loads.last else { throw ELFError(.noSegment, 0, 1) }
    start = first.address
    bytes = try FlatImage.flatten(kernel)
    size = try FlatImage.checkHeader(bytes, memory: last.end - start)
    guard start % FlatImage.blockSize == 0, start >= FlatImage.textOffset else {
      throw ELFError(.unalignedSegment, start, FlatImage.blockSize)
    }
    try BootPool(start: start, size: size).check(try kernel.section(".pool").size)
  }

  private static func flatten(_ kernel: ELFFile) throws(ELFError) -> [UInt8] {
    var bytes: [UInt8] = []
    var previous: UInt64 = 0
    let start = kernel.loads.first?.address ?? 0
    for load in kernel.loads {
      guard load.address >= previous else { throw ELFError(.segmentsOverlap, load.address, previous) }
      guard !(load.isWritable && load.isExecutable) else {
        throw ELFError(.writableAndExecutable, load.address, load.flags)
      }
      previous = load.end
      guard load.fileSize > 0 else { continue }
      guard load.address - start < 1 << 30 else { throw ELFError(.addressTooHigh, load.address, start + 1 << 30) }
      bytes += Array(repeating: 0, count: Int(load.address - start) - bytes.count)
      bytes += kernel.contents(load)
    }
    return bytes
  }

  /// Checks the header's 64 bytes and answers the size that it gives.
  private static func checkHeader(_ bytes: [UInt8], memory: UInt64) throws(FlatImageError) -> UInt64 {
    guard bytes.count >= 64 else { throw FlatImageError(.truncated, UInt64(bytes.count), 64) }
    let reader = Reader(bytes: bytes)
    guard reader.word32(56) == 0x644d_5241 else {
      throw FlatImageError(.wrongMagic, UInt64(reader.word32(56)), 0x644d_5241)
    }
    guard reader.word64(8) == textOffset else { throw FlatImageError(.wrongTextOffset, reader.word64(8), textOffset) }
    guard reader.word64(16) >= memory else { throw FlatImageError(.sizeTooSmall, reader.word64(16), memory) }
    return reader.word64(16)
  }
}

/// The tables that the kernel's own map takes before anyone else has memory to give.
public struct BootPool: Equatable, Sendable {
  /// Tables: the L1 of a 39-bit address space, and an L2 for each GiB from the block before the image to its end.
  public let tables: UInt64
  /// Bytes of a table.
  public static var tableSize: UInt64 { 4096 }

  /// The pool for an image of `size` bytes at `start`, mapped in 2 MiB blocks.
  public init(start: UInt64, size: UInt64) {
    let first = (start - FlatImage.textOffset) >> 30
    let last = (start + max(size, 1) - 1) >> 30
    tables = 1 + (last - first + 1)
  }

  /// Refuses a pool of `bytes` that is not exactly as large as the layout needs.
  public func check(_ bytes: UInt64) throws(FlatImageError) {
    let needed = tables * BootPool.tableSize
    guard bytes >= needed else { throw FlatImageError(.poolTooSmall, bytes, needed) }
    guard bytes == needed else { throw FlatImageError(.poolTooLarge, bytes, needed) }
  }
}

/// Why an Image was refused, with the value found and the one that would have done.
public struct FlatImageError: Error, Equatable, CustomStringConvertible {
  /// The rule that was broken, in words that both values follow.
  public enum Reason: String, Sendable {
    case truncated = "bytes of the image, at least"
    case wrongMagic = "magic of the header, expected"
    case wrongTextOffset = "text offset of the header, expected"
    case sizeTooSmall = "image size of the header, memory that the segments take"
    case poolTooSmall = "boot pool too small: bytes held, bytes that the layout's tables take"
    case poolTooLarge = "boot pool too large: bytes held, bytes that the layout's tables take"
  }

  /// The rule that was broken.
  public let reason: Reason
  /// The value that was found.
  public let found: UInt64
  /// The limit it broke, or the value that was expected.
  public let expected: UInt64

  init(_ reason: Reason, _ found: UInt64, _ expected: UInt64) {
    self.reason = reason
    self.found = found
    self.expected = expected
  }

  /// The refusal in one line; a pool is told in tables as well.
  public var description: String {
    let values = "\(hexadecimal(found)), \(hexadecimal(expected))"
    guard reason == .poolTooSmall || reason == .poolTooLarge else { return "\(reason.rawValue): \(values)" }
    return "\(reason.rawValue): \(found), \(expected) (tables: \(found / 4096), \(expected / 4096))"
  }
}
