/// Up to 56 bytes as they travel in a message: seven words, the first byte in the lowest bits of the first word.
public struct Chunk: Sendable {
  /// The most bytes that fit.
  public static var capacity: Int { 56 }

  /// The words of the message; bytes beyond `count` are zero.
  public private(set) var words: InlineArray<7, UInt64>
  /// The number of bytes held.
  public private(set) var count: Int

  /// No bytes.
  public init() {
    words = InlineArray(repeating: 0)
    count = 0
  }

  /// The first `count` bytes of `words`, or nothing where a message claims more than fit.
  public init?(words: InlineArray<7, UInt64>, count: UInt64) {
    guard count <= UInt64(Self.capacity) else { return nil }
    self.words = words
    self.count = Int(count)
  }

  /// Adds `byte`, and says whether it fitted.
  public mutating func append(_ byte: UInt8) -> Bool {
    guard count < Self.capacity else { return false }
    let shift = UInt64(count & 7) * 8
    words[count >> 3] = words[count >> 3] & ~(0xff << shift) | UInt64(byte) << shift
    count += 1
    return true
  }

  /// The byte at `index`, counted from 0.
  public subscript(_ index: Int) -> UInt8 {
    precondition(index >= 0 && index < count, "byte outside the chunk")
    return UInt8(truncatingIfNeeded: words[index >> 3] >> (UInt64(index & 7) * 8))
  }
}
