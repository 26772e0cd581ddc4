extension DeviceTree {
  /// Nodes nested at most, the root included. Trees of real machines stay below ten.
  static var mostNested: Int { 16 }

  /// Checks that the list of memory reservations ends, and answers where.
  func checkReservations() throws(DeviceTreeError) -> Int {
    var offset = reservations
    while true {
      guard offset + 16 <= totalBytes else { throw DeviceTreeError(.unterminated, reservations, totalBytes) }
      let base = doubleWord(at: offset)
      let size = doubleWord(at: offset + 8)
      offset += 16
      if base == 0, size == 0 { return offset }
      _ = try AddressRange(checking: base, size)
    }
  }

  /// Checks every token once: nesting, lengths, and that each text ends inside its block.
  func checkStructure() throws(DeviceTreeError) {
    var open = 0
    var rootSeen = false
    var parents: UInt32 = 0  // bit n: the open node at depth n has had a child
    var offset = structure.start
    while true {
      try checkRoom(for: 4, at: offset)
      let token = word(at: offset)
      switch token {
      case Token.beginNode where open > 0 || !rootSeen:
        guard open < Self.mostNested else { throw DeviceTreeError(.nestingTooDeep, open + 1, Self.mostNested) }
        parents |= open > 0 ? 1 &<< UInt32(open - 1) : 0
        parents &= ~(1 &<< UInt32(open))
        open += 1
        rootSeen = true
        offset = (try checkText(at: offset + 4, end: structure.end) + 4) & ~3
      case Token.endNode where open > 0:
        open -= 1
        offset += 4
      case Token.property where open > 0:
        guard parents & 1 &<< UInt32(open - 1) == 0 else {
          throw DeviceTreeError(.propertyBehindChild, offset, open)
        }
        offset = try checkProperty(at: offset)
      case Token.nop:
        offset += 4
      case Token.end where open == 0 && rootSeen:
        return
      default:
        throw DeviceTreeError(.badToken, Int(token), offset)
      }
    }
  }

  /// Checks a property and answers the offset of the token behind it.
  private func checkProperty(at offset: Int) throws(DeviceTreeError) -> Int {
    try checkRoom(for: 12, at: offset)
    let length = Int(word(at: offset + 4))
    try checkRoom(for: 12 + length, at: offset)
    let name = strings.start + Int(word(at: offset + 8))
    guard name < strings.end else { throw DeviceTreeError(.blockOutside, name, strings.end) }
    _ = try checkText(at: name, end: strings.end)
    return (offset + 12 + length + 3) & ~3
  }

  private func checkRoom(for count: Int, at offset: Int) throws(DeviceTreeError) {
    guard offset + count <= structure.end else {
      throw DeviceTreeError(.truncated, structure.end, offset + count)
    }
  }

  /// Answers the offset of the zero byte that ends the text at `offset`.
  private func checkText(at offset: Int, end: Int) throws(DeviceTreeError) -> Int {
    var position = offset
    while position < end {
      if byte(at: position) == 0 { return position }
      position += 1
    }
    throw DeviceTreeError(.unterminated, offset, end)
  }
}
