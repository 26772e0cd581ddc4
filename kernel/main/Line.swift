internal import KernelEntry

/// A line of text in the making, ASCII and a few longer characters, without a heap. What does not fit is
/// cut off.
struct Line {
  /// The text in UTF-8, eight bytes a word, the first in bits 7:0; zeros behind it. The last word is never full:
  /// three records of the log take 168 bytes.
  private(set) var words = InlineArray<21, UInt64>(repeating: 0)
  /// Bytes of text.
  private(set) var count = 0

  /// Bytes of text at most.
  private static var capacity: Int { 160 }

  /// Appends a byte of UTF-8.
  mutating func append(byte: UInt8) { append(bytes: UInt64(byte), count: 1) }

  /// Appends up to eight bytes, the first in bits 7:0, zeros behind the last.
  private mutating func append(bytes: UInt64, count added: Int) {
    guard count &+ added <= Line.capacity else { return fill(from: bytes, count: added) }
    let shift = UInt64(count & 7 &* 8)
    words[count &>> 3] |= bytes &<< shift
    if shift > 0 { words[count &>> 3 &+ 1] |= bytes &>> (64 &- shift) }
    count &+= added
  }

  /// Appends of these bytes what still fits.
  @inline(never) private mutating func fill(from bytes: UInt64, count added: Int) {
    let room = Line.capacity &- count
    if room > 0 { append(bytes: bytes & (1 &<< UInt64(8 &* room) &- 1), count: room) }
  }

  /// Appends a constant. Works before the MMU is on too: constants found through a table have the address
  /// that they were linked at, so the half is taken from where the code runs.
  @inline(never) mutating func append(_ text: StaticString) {
    let half = address_image_code() & UInt64(DIRECT_MAP)
    // Safety: a StaticString's bytes lie in the image, which is mapped linearly; no load ends behind their count.
    let start = unsafe UInt64(UInt(bitPattern: text.utf8Start)) & ~UInt64(DIRECT_MAP) | half
    let letters = unsafe UnsafeRawPointer(bitPattern: UInt(start)).unsafelyUnwrapped
    var index = 0
    while index &+ 8 <= text.utf8CodeUnitCount {
      append(bytes: unsafe letters.loadUnaligned(fromByteOffset: index, as: UInt64.self), count: 8)
      index &+= 8
    }
    var rest: UInt64 = 0
    var place = text.utf8CodeUnitCount
    while place > index {
      place &-= 1
      rest = rest &<< 8 | UInt64(unsafe letters.load(fromByteOffset: place, as: UInt8.self))
    }
    append(bytes: rest, count: text.utf8CodeUnitCount &- index)
  }

  /// Appends a number in decimal.
  @inline(never) mutating func append(decimal number: UInt64) {
    var rest = number
    // Eight digits are a word; those before them come first.
    if rest >= 100_000_000 {
      append(decimal: rest / 100_000_000)
      rest %= 100_000_000
    }
    var digits: UInt64 = 0
    var count = 0
    repeat {
      digits = digits &<< 8 | (UInt64(UInt8(ascii: "0")) &+ rest % 10)
      rest /= 10
      count &+= 1
    } while rest > 0 || (number >= 100_000_000 && count < 8)
    append(bytes: digits, count: count)
  }

  /// Appends a number in hexadecimal, in groups of four digits: 0x4000_0000.
  @inline(never) mutating func append(hexadecimal number: UInt64) {
    append("0x")
    var shift: UInt64 = 0
    while shift < 48, number &>> shift > 0xffff { shift &+= 16 }
    var leading = true
    while true {
      let group = number &>> shift & 0xffff
      append(group: group, allDigits: !leading)
      leading = false
      if shift == 0 { return }
      append(byte: UInt8(ascii: "_"))
      shift &-= 16
    }
  }

  @inline(never) private mutating func append(group: UInt64, allDigits: Bool) {
    var rest = group
    var digits: UInt64 = 0
    var count = 0
    repeat {
      let digit = rest & 15
      digits = digits &<< 8 | (digit &+ UInt64(digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") &- 10))
      rest &>>= 4
      count &+= 1
    } while rest > 0 || (allDigits && count < 4)
    append(bytes: digits, count: count)
  }

  /// Appends the first and the last address of a range.
  @inline(never) mutating func append(from base: UInt64, end: UInt64) {
    append(hexadecimal: base)
    append("–")
    append(hexadecimal: end &- 1)
  }

  /// Appends bytes in the largest unit of which they are a whole number.
  @inline(never) mutating func append(size bytes: UInt64) {
    let units: UInt64 = bytes & 0xf_ffff == 0 ? 20 : bytes & 0x3ff == 0 ? 10 : 0
    append(decimal: bytes &>> units)
    append(units == 20 ? " MiB" : units == 10 ? " KiB" : " bytes")
  }

  /// Appends bytes in KiB, rounded up, without the unit.
  @inline(never) mutating func append(kibibytes bytes: UInt64) { append(decimal: (bytes &+ 1023) >> 10) }

  /// Appends spaces up to a column; for the start of a line, which is counted anew.
  @inline(never) mutating func pad(to column: Int) {
    // A character longer than a byte takes one column.
    var columns = 0
    for index in 0..<count {
      let byte = words[index &>> 3] &>> UInt64(index & 7 &* 8) & 0xff
      if byte & 0xc0 != 0x80 { columns &+= 1 }
    }
    while columns < column {
      append(byte: UInt8(ascii: " "))
      columns &+= 1
    }
  }
}
