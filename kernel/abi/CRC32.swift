/// The CRC-32 of IEEE 802.3 (reflected polynomial 0xedb88320), the one of zip and PNG.
public enum CRC32 {
  /// The checksum of `bytes` from `offset` to the end.
  ///
  /// The table is made on the stack (1 KiB, 2048 steps): a global one would be a thousand literal digits
  /// or a lazy initialiser, and a bundle is checked once.
  public static func checksum(of bytes: Span<UInt8>, from offset: Int = 0) -> UInt32 {
    var table = InlineArray<256, UInt32>(repeating: 0)
    for index in 0..<256 {
      table[index] = remainder(of: UInt32(truncatingIfNeeded: index))
    }
    var crc = ~UInt32(0)
    for index in offset..<bytes.count {
      let slot = Int(UInt8(truncatingIfNeeded: crc) ^ bytes[index])
      crc = (crc &>> 8) ^ table[slot]
    }
    return ~crc
  }

  private static func remainder(of byte: UInt32) -> UInt32 {
    var value = byte
    for _ in 0..<8 {
      value = value & 1 == 0 ? value &>> 1 : (value &>> 1) ^ 0xedb8_8320
    }
    return value
  }
}
