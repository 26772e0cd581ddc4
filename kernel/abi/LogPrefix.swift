/// The start of a printed log line, byte by byte: `[   0.001] kernel   `.
public struct LogPrefix {
  private var milliseconds: UInt64
  private var source: UInt64
  private var index = 0

  /// The start of the line that a record begins.
  /// - Parameter frequency: of the counter, in Hz.
  public init(record: LogRecord, frequency: UInt64) {
    // Divided in two parts, so that a counter that ran for years does not overflow.
    let hertz = max(frequency, 1)
    milliseconds = record.time / hertz * 1000 + record.time % hertz * 1000 / hertz
    source = record.source
  }

  /// The next byte; nil at the end. `[`, eight columns of seconds and milliseconds, `] `, the name in eight
  /// columns, a space.
  public mutating func next() -> UInt8? {
    defer { index += 1 }
    switch index {
    case 0: return UInt8(ascii: "[")
    case 1...8: return time(column: index - 1)
    case 9: return UInt8(ascii: "]")
    case 10, 19: return UInt8(ascii: " ")
    case 11...18:
      let byte = UInt8(truncatingIfNeeded: source >> (UInt64(index - 11) * 8))
      return byte == 0 ? UInt8(ascii: " ") : byte
    default: return nil
    }
  }

  /// Seconds right-aligned in four columns, a point, milliseconds in three.
  private func time(column: Int) -> UInt8 {
    if column == 4 { return UInt8(ascii: ".") }
    let seconds = milliseconds / 1000
    let (value, place) = column < 4 ? (seconds, 3 - column) : (milliseconds % 1000, 7 - column)
    var power: UInt64 = 1
    for _ in 0..<place { power *= 10 }
    if column < 3, value < power { return UInt8(ascii: " ") }
    return UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / power % 10)
  }
}
