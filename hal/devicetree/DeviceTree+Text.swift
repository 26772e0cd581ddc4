/// A text inside the tree: where its bytes lie, without an ending zero.
struct Text {
  var start: Int
  var end: Int
}

extension DeviceTree {
  /// Whether the text that begins at `offset` and ends at a zero byte or at `end` is `text`.
  @inline(never) func isText(at offset: Int, end: Int, _ text: StaticString) -> Bool {
    isPrefix(at: offset, end: end, text) && endsText(at: offset &+ text.utf8CodeUnitCount, end: end)
  }

  /// Whether `text` stands at `offset` and before `end`; four letters at a time.
  private func isPrefix(at offset: Int, end: Int, _ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    guard count <= end &- offset else { return false }
    // Safety: a static string's bytes are constants of the image, and no load ends behind their count.
    let letters = unsafe UnsafeRawPointer(text.utf8Start)
    var index = 0
    while index &+ 4 <= count {
      guard unsafe fourBytes(at: offset &+ index) == letters.loadUnaligned(fromByteOffset: index, as: UInt32.self)
      else { return false }
      index &+= 4
    }
    while index < count {
      guard unsafe byte(at: offset &+ index) == letters.load(fromByteOffset: index, as: UInt8.self) else {
        return false
      }
      index &+= 1
    }
    return true
  }

  private func endsText(at offset: Int, end: Int) -> Bool { offset == end || byte(at: offset) == 0 }

  /// Whether the whole value of `property` is `text` and a zero byte.
  func isText(_ property: DeviceTreeProperty, _ text: StaticString) -> Bool {
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

  /// The zero byte that ends the text at `offset`, found a word at a time; nil where none lies before `end`.
  func endOfText(at offset: Int, before end: Int) -> Int? {
    guard offset < end else { return nil }
    var position = offset & ~3
    // Bytes before the text in its first word count as letters.
    var word = source.word(at: position) | ~(.max &<< UInt32(truncatingIfNeeded: 8 &* (offset & 3)))
    while true {
      // The lowest bit set is that of the first zero byte.
      let zeros = (word &- 0x0101_0101) & ~word & 0x8080_8080
      if zeros != 0 {
        position &+= zeros.trailingZeroBitCount &>> 3
        return position < end ? position : nil
      }
      position &+= 4
      guard position < end else { return nil }
      word = source.word(at: position)
    }
  }

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
  func isName(of node: DeviceTreeNode, _ name: StaticString) -> Bool { isName(ofNodeAt: node.offset, name) }

  func isName(ofNodeAt offset: Int, _ name: StaticString) -> Bool {
    let whole = self.name(ofNodeAt: offset)
    let end = whole.start &+ name.utf8CodeUnitCount
    return isPrefix(at: whole.start, end: whole.end, name)
      && (end == whole.end || byte(at: end) == UInt8(ascii: "@"))
  }
}
