/// What a product holds, by kind of section.
public struct Sizes: Equatable, Sendable {
  /// Bytes of code.
  public var text: UInt64 = 0
  /// Bytes of constants.
  public var readOnly: UInt64 = 0
  /// Bytes of initialised data.
  public var data: UInt64 = 0
  /// Bytes of zeroed data.
  public var zeroed: UInt64 = 0

  /// Adds up the sections of `file` that take memory.
  public init(_ file: ELFFile) {
    for section in file.sections where section.flags & 2 != 0 {
      if section.flags & 4 != 0 {
        text += section.size
      } else if section.type == 8 {
        zeroed += section.size
      } else if section.flags & 1 != 0 {
        data += section.size
      } else {
        readOnly += section.size
      }
    }
  }

  /// RAM lost to the kernel's 2 MiB mappings: what is left of each segment's last block, but for the last
  /// segment's, whose remaining frames are given out.
  public static func lostToBlocks(_ kernel: ELFFile) -> UInt64 {
    kernel.loads.dropLast().reduce(0) { $0 + roundedUp($1.end, to: FlatImage.blockSize) - $1.end }
  }

  /// RAM lost to pages: what is left of each segment's last page.
  public static func lostToPages(_ service: ELFFile) -> UInt64 {
    service.loads.reduce(0) { $0 + roundedUp($1.end, to: 4096) - $1.end }
  }
}
