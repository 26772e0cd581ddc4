public import Registers

/// A name of at most eight ASCII bytes as one word, the first byte in bits 7:0, padded with zeroes.
///
/// Names travel in messages and stand in the bundle; `Name("console")` is a constant.
@frozen public struct Name: Equatable, Hashable, Sendable, ExpressibleByStringLiteral {
  /// The bytes.
  public var word: UInt64

  /// The name of a word.
  @inlinable public init(word: UInt64) { self.word = word }

  /// A literal of two to eight ASCII characters.
  @inlinable public init(stringLiteral text: StaticString) {
    let bytes = StaticBytes(text)
    precondition(bytes.count <= 8, "a name has at most eight bytes")
    var word: UInt64 = 0
    for index in 0..<bytes.count { word |= UInt64(bytes[index]) &<< UInt64(index * 8) }
    self.word = word
  }

  /// No name.
  @inlinable public static var none: Name { Name(word: 0) }

  /// Bytes in use.
  @inlinable public var count: Int { (64 - word.leadingZeroBitCount + 7) / 8 }
  /// A byte of the name.
  @inlinable public subscript(_ index: Int) -> UInt8 { UInt8(truncatingIfNeeded: word >> UInt64(index * 8)) }
}
