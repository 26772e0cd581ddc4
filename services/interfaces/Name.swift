/// A name of at most eight ASCII bytes as one word, the first byte in bits 7:0, padded with zeroes.
///
/// Names travel in messages and stand in the bundle; `Name("console")` is a constant.
@frozen public struct Name: Equatable, Hashable, Sendable, ExpressibleByStringLiteral {
  /// The bytes.
  public var word: UInt64

  /// The name of a word.
  @inlinable public init(word: UInt64) { self.word = word }

  /// A literal of one to eight ASCII characters.
  @inlinable public init(stringLiteral text: StaticString) {
    precondition(text.hasPointerRepresentation && text.utf8CodeUnitCount <= 8, "a name has two to eight bytes")
    var word: UInt64 = 0
    for index in 0..<text.utf8CodeUnitCount {
      // Safety: a literal's bytes live as long as the program, and the index is below their count.
      unsafe word |= UInt64(text.utf8Start[index]) &<< UInt64(index * 8)
    }
    self.word = word
  }

  /// No name.
  @inlinable public static var none: Name { Name(word: 0) }

  /// Bytes in use.
  @inlinable public var count: Int { (64 - word.leadingZeroBitCount + 7) / 8 }
  /// A byte of the name.
  @inlinable public subscript(_ index: Int) -> UInt8 { UInt8(truncatingIfNeeded: word >> UInt64(index * 8)) }
}
