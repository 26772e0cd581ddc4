/// A text inside the tree: where its bytes lie, without an ending zero.
struct Text {
  var start: Int
  var end: Int
}

extension DeviceTree {
  /// Whether the text that begins at `offset` and ends at a zero byte or at `end` is `text`.
  func isText(at offset: Int, end: Int, _ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    // Safety: a static string's bytes are constants of the image, and index stays below their count.
    return isText(at: offset, end: end, count: count) { index in unsafe text.utf8Start[index] }
  }

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
    let end = property.offset + property.byteCount
    var position = property.offset + start
    while position < end, byte(at: position) != 0 { position += 1 }
    return Text(start: property.offset + start, end: position)
  }

  /// A node's name, unit address included.
  func name(of node: DeviceTreeNode) -> Text { name(ofNodeAt: node.offset) }

  func name(ofNodeAt offset: Int) -> Text {
    var end = offset + 4
    while byte(at: end) != 0 { end += 1 }
    return Text(start: offset + 4, end: end)
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
  func isName(of node: DeviceTreeNode, _ name: StaticString) -> Bool {
    let whole = self.name(of: node)
    let base = self.base(of: whole)
    return isText(at: whole.start, end: whole.end, name)
      || (base.end - base.start == name.utf8CodeUnitCount && isPrefix(at: base.start, name))
  }

  private func isPrefix(at offset: Int, _ text: StaticString) -> Bool {
    // Safety: as in isText(at:end:_:).
    isPrefix(at: offset, count: text.utf8CodeUnitCount) { index in unsafe text.utf8Start[index] }
  }

  /// Whether the text at `offset` has these bytes, and ends behind them at a zero byte or at `end`.
  @inline(__always)
  func isText(at offset: Int, end: Int, count: Int, byte wanted: (Int) -> UInt8) -> Bool {
    guard offset + count <= end, isPrefix(at: offset, count: count, byte: wanted) else { return false }
    return offset + count == end || byte(at: offset + count) == 0
  }

  @inline(__always)
  private func isPrefix(at offset: Int, count: Int, byte wanted: (Int) -> UInt8) -> Bool {
    for index in 0..<count where byte(at: offset + index) != wanted(index) {
      return false
    }
    return true
  }
}
