import Registers

/// Up to `capacity` bytes of text in place. What does not fit is left out and told by `isTruncated`.
public struct TextBuffer<let capacity: Int>: TextSink, Sendable {
  private var bytes: InlineArray<capacity, UInt8>
  /// The number of bytes held.
  public private(set) var count = 0
  /// Whether something did not fit.
  public private(set) var isTruncated = false

  /// An empty buffer.
  public init() { bytes = InlineArray(repeating: 0) }

  /// A buffer with the bytes of a literal.
  public init(_ text: StaticString) {
    self.init()
    write(text)
  }

  /// Adds `byte` where it fits.
  public mutating func put(_ byte: UInt8) {
    guard count < capacity else {
      isTruncated = true
      return
    }
    bytes[count] = byte
    count += 1
  }

  /// The byte at `index`, counted from 0.
  public subscript(_ index: Int) -> UInt8 {
    precondition(index >= 0 && index < count, "byte outside the text")
    return bytes[index]
  }

  /// Empties the buffer.
  public mutating func removeAll() {
    count = 0
    isTruncated = false
  }

  /// Puts `byte` before the one at `index`, and says whether there was room.
  public mutating func insert(_ byte: UInt8, at index: Int) -> Bool {
    precondition(index >= 0 && index <= count, "place outside the text")
    guard count < capacity else { return false }
    var place = count
    while place > index {
      bytes[place] = bytes[place - 1]
      place -= 1
    }
    bytes[index] = byte
    count += 1
    return true
  }

  /// Takes the bytes of `range` out.
  public mutating func remove(_ range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "range outside the text")
    for index in range.upperBound..<max(count, range.upperBound) { bytes[index - range.count] = bytes[index] }
    count -= range.count
  }

  /// Whether the buffer holds exactly the bytes of `text`.
  public func equals(_ text: StaticString) -> Bool {
    let other = StaticBytes(text)
    guard count == other.count else { return false }
    for index in 0..<count where bytes[index] != other[index] { return false }
    return true
  }

  /// Whether both hold the same bytes.
  public func equals<let size: Int>(_ other: TextBuffer<size>) -> Bool {
    guard count == other.count else { return false }
    for index in 0..<count where bytes[index] != other[index] { return false }
    return true
  }
}
