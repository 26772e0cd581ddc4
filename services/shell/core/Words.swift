public import Interfaces

/// One word of a line, in place.
public typealias Word = TextBuffer<32>

/// The words of a line, separated by spaces.
struct Words<let width: Int> {
  private let line: TextBuffer<width>
  private var position = 0

  init(_ line: TextBuffer<width>) { self.line = line }

  /// The next word, or nothing at the end of the line.
  mutating func next() throws(CommandError) -> Word? {
    while position < line.count && line[position] == UInt8(ascii: " ") { position += 1 }
    guard position < line.count else { return nil }
    var word = Word()
    while position < line.count && line[position] != UInt8(ascii: " ") {
      word.put(line[position])
      position += 1
    }
    guard !word.isTruncated else { throw .wordTooLong(word) }
    return word
  }
}
