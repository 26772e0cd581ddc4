import Registers

/// Where text goes, byte by byte: a buffer, a message, the console.
///
/// Everything that a service prints is made of these few forms, none of which needs a heap.
public protocol TextSink: ~Copyable {
  /// Takes the next byte.
  mutating func put(_ byte: UInt8)
}

extension TextSink where Self: ~Copyable {
  /// Writes a literal.
  public mutating func write(_ text: StaticString) {
    let bytes = StaticBytes(text)
    for index in 0..<bytes.count { put(bytes[index]) }
  }

  /// Writes what a buffer holds.
  public mutating func write<let size: Int>(_ text: TextBuffer<size>) {
    for index in 0..<text.count { put(text[index]) }
  }

  /// Writes `byte` `times` times.
  public mutating func write(repeating byte: UInt8, times: Int) {
    guard times > 0 else { return }
    for _ in 0..<times { put(byte) }
  }

  /// Writes `text` and pads it with spaces on the right to `width` columns.
  public mutating func write(_ text: StaticString, width: Int) {
    write(text)
    write(repeating: UInt8(ascii: " "), times: width - text.utf8CodeUnitCount)
  }

  /// Writes `text` and pads it with spaces on the right to `width` columns.
  public mutating func write<let size: Int>(_ text: TextBuffer<size>, width: Int) {
    write(text)
    write(repeating: UInt8(ascii: " "), times: width - text.count)
  }

  /// Writes `value` in decimal, aligned right in `width` columns, filled with `fill`.
  public mutating func write(decimal value: UInt64, width: Int = 0, fill: UInt8 = UInt8(ascii: " ")) {
    var digits = 1
    var power: UInt64 = 1
    while value / power >= 10 {
      power *= 10
      digits += 1
    }
    write(repeating: fill, times: width - digits)
    while power > 0 {
      put(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / power % 10))
      power /= 10
    }
  }

  /// Writes `value` in hexadecimal, its digits in groups of four: `0x4008_0000`. At least `digits` digits.
  public mutating func write(hex value: UInt64, digits: Int = 8) {
    write("0x")
    var digit = 16
    while digit > digits && value >> (4 * UInt64(digit - 1)) == 0 && digit > 1 { digit -= 1 }
    while digit > 0 {
      digit -= 1
      let nibble = UInt8(truncatingIfNeeded: value >> (4 * UInt64(digit)) & 0xf)
      put(nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10)
      if digit > 0 && digit % 4 == 0 { put(UInt8(ascii: "_")) }
    }
  }

  /// Ends the line as a terminal wants it: carriage return, line feed.
  public mutating func newLine() {
    put(0x0d)
    put(0x0a)
  }
}
