internal import KernelEntry

/// A line of text in the making, ASCII and a few longer characters, without a heap. What does not fit is
/// cut off.
struct Line {
  /// The text in UTF-8, eight bytes a word, the first in bits 7:0; zeros behind it. There are more than `capacity`
  /// takes, so that an index needs no check.
  private(set) var words = InlineArray<32, UInt64>(repeating: 0)
  /// Bytes of text.
  private(set) var count = 0

  /// Bytes of text at most.
  private static var capacity: Int { 160 }

  /// Appends a byte of UTF-8.
  mutating func append(byte: UInt8) { append(bytes: UInt64(byte), count: 1) }

  /// Appends up to eight bytes, the first in bits 7:0, zeros behind the last. What does not fit is cut off.
  @inline(__always) private mutating func append(bytes: UInt64, count added: Int) {
    let room = Line.capacity &- count
    if added > room { return append(bytes: bytes & ~(.max &<< UInt64(8 &* room)), fitting: room) }
    append(bytes: bytes, fitting: added)
  }

  @inline(__always) private mutating func append(bytes: UInt64, fitting added: Int) {
    let shift = UInt64(count & 7 &* 8)
    words[count &>> 3 & 31] |= bytes &<< shift
    // Twice, for a shift by 64 is none.
    words[(count &>> 3 &+ 1) & 31] = (bytes &>> 1) &>> (63 &- shift)
    count &+= added
  }

  /// Appends a constant. Works before the MMU is on too: constants found through a table have the address
  /// that they were linked at, so the half is taken from where the code runs, and all loads are aligned.
  @inline(never) mutating func append(_ text: StaticString) {
    let half = address_image_code() & UInt64(DIRECT_MAP)
    // Safety: a StaticString's bytes lie in the image, which is mapped linearly and in whole words.
    let start = unsafe UInt64(UInt(bitPattern: text.utf8Start)) & ~UInt64(DIRECT_MAP) | half
    let words = unsafe UnsafePointer<UInt64>(bitPattern: UInt(start & ~7)).unsafelyUnwrapped
    let shift = start & 7 &* 8
    var left = min(text.utf8CodeUnitCount, Line.capacity &- count)
    var index = 0
    var word = unsafe words[0]
    while left > 0 {
      index &+= 1
      // Safety: the word that holds the text's last byte may have another behind it in the image, at least the bundle.
      let next = unsafe words[index]
      let bytes = word &>> shift | (next &<< 1) &<< (63 &- shift)
      word = next
      if left < 8 { return append(bytes: bytes & ~(.max &<< UInt64(8 &* left)), fitting: left) }
      append(bytes: bytes, fitting: 8)
      left &-= 8
    }
  }

  /// Appends a number in decimal.
  @inline(never) mutating func append(decimal number: UInt64) {
    // Eight digits are a word; those before them come first.
    var unit: UInt64 = 1
    while number / unit >= 100_000_000 { unit &*= 100_000_000 }
    append(digitsOf: UInt32(truncatingIfNeeded: number / unit), atLeast: 1)
    while unit > 1 {
      unit /= 100_000_000
      append(digitsOf: UInt32(truncatingIfNeeded: number / unit % 100_000_000), atLeast: 8)
    }
  }

  private mutating func append(digitsOf number: UInt32, atLeast least: Int) {
    var rest = number
    var digits: UInt64 = 0
    var count = 0
    while rest > 0 || count < least {
      digits = digits &<< 8 | UInt64(UInt32(UInt8(ascii: "0")) &+ rest % 10)
      rest /= 10
      count &+= 1
    }
    append(bytes: digits, count: count)
  }

  /// Appends a number in hexadecimal, in groups of four digits: 0x4000_0000.
  @inline(never) mutating func append(hexadecimal number: UInt64) {
    append("0x")
    var shift: UInt64 = 0
    while shift < 48, number &>> shift > 0xffff { shift &+= 16 }
    // Of the first group no leading zeros, but for a number that is one.
    let first = number &>> shift
    append(digits: first, count: first == 0 ? 1 : (67 &- first.leadingZeroBitCount) &>> 2)
    while shift > 0 {
      shift &-= 16
      append(byte: UInt8(ascii: "_"))
      append(digits: number &>> shift, count: 4)
    }
  }

  /// Appends the last hexadecimal digits of a number, four at most: a digit a byte, all at once.
  private mutating func append(digits number: UInt64, count: Int) {
    let bytes = (number & 0xff) &<< 16 | number &>> 8 & 0xff
    let digits = (bytes & 0x0f_000f) &<< 8 | bytes &>> 4 & 0x0f_000f
    // Those that six more make sixteen are letters.
    let letters = (digits &+ 0x0606_0606) &>> 4 & 0x0101_0101
    let text = digits &+ 0x3030_3030 &+ letters &* 39
    append(bytes: text &>> UInt64(32 &- 8 &* count), count: count)
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

  /// Appends spaces up to a column, eight at most; for the start of a line, whose first word is counted anew.
  mutating func pad(to column: Int) {
    // A character longer than a byte takes one column: those that go on are 10xxxxxx.
    let more = words[0] &>> 7 & ~(words[0] &>> 6) & 0x0101_0101_0101_0101
    let missing = column &- count &+ Int(truncatingIfNeeded: more &* 0x0101_0101_0101_0101 &>> 56)
    if missing > 0 { append(bytes: 0x2020_2020_2020_2020 &>> UInt64(64 &- 8 &* missing), count: missing) }
  }
}
