/// The bytes of a string literal, bounds-checked.
///
/// Services write text from literals, and `StaticString` gives its bytes only by pointer; the pointer stays in here.
public struct StaticBytes: Sendable {
  @usableFromInline let text: StaticString

  /// The UTF-8 bytes of `text`.
  @inlinable
  public init(_ text: StaticString) {
    precondition(text.hasPointerRepresentation, "a literal of one scalar has no bytes to point at")
    self.text = text
  }

  /// The number of bytes.
  @inlinable
  public var count: Int { text.utf8CodeUnitCount }

  /// The byte at `index`, counted from 0.
  @inlinable
  public subscript(_ index: Int) -> UInt8 {
    precondition(index >= 0 && index < count, "byte outside the literal")
    // Safety: a literal's bytes live as long as the program, and the index was checked.
    return unsafe text.utf8Start[index]
  }
}
