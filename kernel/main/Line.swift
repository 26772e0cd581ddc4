internal import KernelEntry

/// A line of text in the making, ASCII and a few longer characters, without a heap. What does not fit is
/// cut off.
struct Line {
  /// The text in UTF-8.
  private(set) var bytes = InlineArray<160, UInt8>(repeating: 0)
  /// Bytes of text.
  private(set) var count = 0
  /// Characters, for aligning columns.
  private var columns = 0

  /// Appends a byte of UTF-8.
  mutating func append(byte: UInt8) {
    guard count < 160 else { return }
    bytes[count] = byte
    count &+= 1
    if byte & 0xc0 != 0x80 { columns &+= 1 }
  }

  /// Appends a constant. Works before the MMU is on too: constants found through a table have the address
  /// that they were linked at, so the half is taken from where the code runs.
  @inline(never) mutating func append(_ text: StaticString) {
    let half = address_image_code() & UInt64(DIRECT_MAP)
    // Safety: a StaticString's bytes lie in the image, which is mapped linearly.
    let start = unsafe UInt64(UInt(bitPattern: text.utf8Start)) & ~UInt64(DIRECT_MAP) | half
    let pointer = unsafe UnsafePointer<UInt8>(bitPattern: UInt(start)).unsafelyUnwrapped
    for index in 0..<text.utf8CodeUnitCount { append(byte: unsafe pointer[index]) }
  }

  /// Appends a number in decimal, right-aligned in `width` columns.
  @inline(never) mutating func append(decimal number: UInt64, width: Int = 0, padding: UInt8 = UInt8(ascii: " ")) {
    var divisor: UInt64 = 1
    var digits = 1
    while number / divisor >= 10 {
      divisor &*= 10
      digits &+= 1
    }
    while digits < width {
      append(byte: padding)
      digits &+= 1
    }
    while divisor > 0 {
      append(byte: UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: number / divisor % 10))
      divisor /= 10
    }
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
    var shift: UInt64 = 12
    if !allDigits { while shift > 0, group &>> shift == 0 { shift &-= 4 } }
    while true {
      let digit = UInt8(truncatingIfNeeded: group &>> shift & 15)
      append(byte: digit < 10 ? UInt8(ascii: "0") &+ digit : UInt8(ascii: "a") &- 10 &+ digit)
      if shift == 0 { return }
      shift &-= 4
    }
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

  /// Appends spaces up to a column.
  @inline(never) mutating func pad(to column: Int) { while columns < column { append(byte: UInt8(ascii: " ")) } }
}
