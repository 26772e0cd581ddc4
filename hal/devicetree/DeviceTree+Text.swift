/// A text inside the tree: where its bytes lie, without an ending zero.
struct Text {
  var start: Int
  var end: Int
}

/// A constant text of one to twenty-four letters as words, which are constants too: what the tree's bytes are compared
/// with, four at a time.
struct Letters {
  private var words: (UInt64, UInt64, UInt64)
  private(set) var count: Int

  @inline(__always) init(_ text: StaticString) {
    count = text.utf8CodeUnitCount
    words = (Self.word(of: text, 0), Self.word(of: text, 8), Self.word(of: text, 16))
  }

  /// The next four letters, the first in bits 7:0.
  var four: UInt32 { UInt32(truncatingIfNeeded: words.0) }

  /// Goes on behind the next four.
  @inline(__always) mutating func drop() {
    words = (words.0 &>> 32 | words.1 &<< 32, words.1 &>> 32 | words.2 &<< 32, words.2 &>> 32)
    count &-= 4
  }

  @inline(__always) private static func word(of text: StaticString, _ start: Int) -> UInt64 {
    var word: UInt64 = 0
    var place = min(start &+ 8, text.utf8CodeUnitCount)
    while place > start {
      place &-= 1
      // Safety: the letters of a constant, and none behind them.
      word = unsafe word &<< 8 | UInt64(text.utf8Start[place])
    }
    return word
  }
}

extension DeviceTree {
  /// Whether the text that begins at `offset` and ends at a zero byte or at `end` is `text`.
  @inline(__always) func isText(at offset: Int, end: Int, _ text: StaticString) -> Bool {
    isText(at: offset, end: end, Letters(text))
  }

  @inline(never) func isText(at offset: Int, end: Int, _ text: Letters) -> Bool {
    let last = offset &+ text.count
    return isPrefix(at: offset, end: end, text) && (last == end || byte(at: last) == 0)
  }

  /// Whether `text` stands at `offset` and before `end`; four letters at a time.
  private func isPrefix(at offset: Int, end: Int, _ text: Letters) -> Bool {
    guard text.count <= end &- offset else { return false }
    var letters = text
    var offset = offset
    while letters.count > 4 {
      if fourBytes(at: offset) != letters.four { return false }
      letters.drop()
      offset &+= 4
    }
    return (fourBytes(at: offset) ^ letters.four) &<< UInt32(truncatingIfNeeded: 32 &- 8 &* letters.count) == 0
  }

  /// Whether the whole value of `property` is `text` and a zero byte.
  @inline(__always) func isText(_ property: DeviceTreeProperty, _ text: StaticString) -> Bool {
    property.byteCount == text.utf8CodeUnitCount + 1
      && isText(at: property.offset, end: property.offset + property.byteCount, text)
  }

  /// Whether two texts of the tree are the same.
  func isSame(_ first: Text, _ second: Text) -> Bool {
    guard first.end - first.start == second.end - second.start else { return false }
    for index in 0..<(first.end - first.start) where byte(at: first.start + index) != byte(at: second.start + index) {
      return false
    }
    return true
  }

  /// The first text of a property's value, or of the part of it from `start`: up to a zero or its end.
  func text(_ property: DeviceTreeProperty, from start: Int = 0) -> Text {
    let end = property.offset &+ property.byteCount
    let start = property.offset &+ start
    return Text(start: start, end: endOfText(at: start, before: end) ?? end)
  }

  /// The zero byte that ends the text at `offset`; nil where none lies before `end`.
  func endOfText(at offset: Int, before end: Int) -> Int? { firstZero(from: offset, before: end) }

  /// The first zero byte from `offset` on, found a word at a time; nil where none lies before `end`.
  @inline(__always) func firstZero(from offset: Int, before end: Int) -> Int? {
    guard offset < end else { return nil }
    var position = offset & ~3
    // Bytes before the text in its first word count as letters.
    var zeros = zeros(in: source.word(at: position) | ~(.max &<< UInt32(truncatingIfNeeded: 8 &* (offset & 3))))
    while zeros == 0 {
      position &+= 4
      guard position < end else { return nil }
      zeros = self.zeros(in: source.word(at: position))
    }
    position &+= zeros.trailingZeroBitCount &>> 3
    return position < end ? position : nil
  }

  /// Whether the word at `position`, a multiple of four, is the last of a node's name: a name ends with a zero byte and is
  /// padded with zeros to a whole word (Devicetree Specification 0.4, 5.4.1).
  @inline(__always) func endsName(_ position: Int) -> Bool { source.word(at: position) &>> 24 == 0 }

  /// The lowest bit set is that of the first zero byte of `word`; none is where there is no such byte.
  @inline(__always) func zeros(in word: UInt32) -> UInt32 { (word &- 0x0101_0101) & ~word & 0x8080_8080 }

  /// A node's name, unit address included.
  func name(of node: DeviceTreeNode) -> Text { name(ofNodeAt: node.offset) }

  func name(ofNodeAt offset: Int) -> Text {
    Text(start: offset &+ 4, end: endOfText(at: offset &+ 4, before: structure.end) ?? structure.end)
  }

  /// A name without its unit address.
  func base(of name: Text) -> Text { prefix(of: name, before: UInt8(ascii: "@")) }

  /// `text` up to the first `stop`, or all of it.
  func prefix(of text: Text, before stop: UInt8) -> Text {
    var end = text.start
    while end < text.end, byte(at: end) != stop { end += 1 }
    return Text(start: text.start, end: end)
  }

  /// Whether `node` is called `name`, with or without its unit address.
  @inline(__always) func isName(of node: DeviceTreeNode, _ name: StaticString) -> Bool {
    isName(ofNodeAt: node.offset, name)
  }

  @inline(__always) func isName(ofNodeAt offset: Int, _ name: StaticString) -> Bool {
    isName(ofNodeAt: offset, Letters(name))
  }

  @inline(never) private func isName(ofNodeAt offset: Int, _ name: Letters) -> Bool {
    let whole = self.name(ofNodeAt: offset)
    let end = whole.start &+ name.count
    return isPrefix(at: whole.start, end: whole.end, name)
      && (end == whole.end || byte(at: end) == UInt8(ascii: "@"))
  }
}
