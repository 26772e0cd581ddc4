/// The start of a printed log line: `[   0.001] kernel   `, in words of eight bytes, the first in bits 7:0.
public struct LogPrefix {
  /// Bytes 0–7, 8–15 and 16–19.
  public let words: (UInt64, UInt64, UInt64)

  /// `[`, eight columns of seconds and milliseconds, `] `, the name in eight columns, a space.
  /// - Parameters:
  ///   - time: of the record that begins the line, as the counter has it.
  ///   - source: of the record.
  ///   - frequency: of the counter, in Hz.
  public init(time: UInt64, source: UInt64, frequency: UInt64) {
    // Divided in two parts, so that a counter that ran for years does not overflow.
    let hertz = max(frequency, 1)
    let milliseconds = time / hertz * 1000 + time % hertz * 1000 / hertz
    let stamp =
      Self.digits(milliseconds / 1000, columns: 4, padding: UInt8(ascii: " "))
      | UInt64(UInt8(ascii: ".")) &<< 32
      | Self.digits(milliseconds % 1000, columns: 3, padding: UInt8(ascii: "0")) &<< 40
    let used = UInt64(64 - source.leadingZeroBitCount + 7) & ~7
    let name = source | (used < 64 ? 0x2020_2020_2020_2020 &<< used : 0)
    let close = UInt64(UInt8(ascii: "]")) | UInt64(UInt8(ascii: " ")) &<< 8
    words = (
      UInt64(UInt8(ascii: "[")) | stamp &<< 8, stamp &>> 56 | close &<< 8 | name &<< 24,
      name &>> 40 | UInt64(UInt8(ascii: " ")) &<< 24
    )
  }

  /// The last digits of a number, right-aligned: at least one.
  private static func digits(_ number: UInt64, columns: UInt64, padding: UInt8) -> UInt64 {
    var rest = number
    var text: UInt64 = 0
    for _ in 0..<columns {
      let isPadding = rest == 0 && text != 0
      text = text &<< 8 | (isPadding ? UInt64(padding) : UInt64(UInt8(ascii: "0")) + rest % 10)
      rest /= 10
    }
    return text
  }
}
