/// What looks on while the structure block is scanned. What it is shown has been checked, and so has all that
/// stands before it in the tree: a node's ancestors and their properties can be read.
protocol TreeVisitor {
  /// The node whose tokens are passing: the scan keeps it here.
  var place: DeviceTreeNode { get set }
  /// A property of the node in `place`.
  mutating func property<S>(_ property: DeviceTreeProperty, in tree: DeviceTree<S>) throws(DeviceTreeError)
  /// All properties of the node in `place` were shown, and none of its children.
  mutating func propertiesEnd<S>(in tree: DeviceTree<S>) throws(DeviceTreeError)
}

/// For a tree that is only to be checked.
struct NoVisitor: TreeVisitor {
  var place = DeviceTreeNode()
  mutating func property<S>(_ property: DeviceTreeProperty, in tree: DeviceTree<S>) {}
  mutating func propertiesEnd<S>(in tree: DeviceTree<S>) {}
}

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
  ///
  /// No sum below overflows: offsets are below 2^32 when they are checked, and lengths are words.
  func scan(_ visitor: inout some TreeVisitor) throws(DeviceTreeError) {
    var rootSeen = false
    var inProperties = false  // no child of the node in place was passed yet
    let lastName = lastStringEnd
    var offset = structure.start
    while true {
      try checkRoom(for: 4, at: offset)
      let token = word(at: offset)
      switch token {
      case Token.property where inProperties:
        let property = try checkProperty(at: offset, lastName: lastName)
        try visitor.property(property, in: self)
        offset = property.next
      case Token.beginNode where visitor.place.depth >= 0 || !rootSeen:
        if inProperties { try visitor.propertiesEnd(in: self) }
        guard visitor.place.depth < Self.mostNested - 1 else {
          throw DeviceTreeError(.nestingTooDeep, visitor.place.depth + 2, Self.mostNested)
        }
        visitor.place.descend(to: offset)
        rootSeen = true
        inProperties = true
        guard let end = endOfText(at: offset &+ 4, before: structure.end) else {
          throw DeviceTreeError(.unterminated, offset &+ 4, structure.end)
        }
        offset = (end &+ 4) & ~3
      case Token.endNode where visitor.place.depth >= 0:
        if inProperties { try visitor.propertiesEnd(in: self) }
        visitor.place.ascend()
        inProperties = false
        offset = offset &+ 4
      case Token.nop:
        offset = offset &+ 4
      case Token.end where visitor.place.depth < 0 && rootSeen:
        return
      case Token.property where visitor.place.depth >= 0:
        throw DeviceTreeError(.propertyBehindChild, offset, visitor.place.depth + 1)
      default:
        throw DeviceTreeError(.badToken, Int(token), offset)
      }
    }
  }

  /// Checks the property at `offset`. Its name ends where it should if any text of the block still ends there.
  private func checkProperty(at offset: Int, lastName: Int) throws(DeviceTreeError) -> DeviceTreeProperty {
    try checkRoom(for: 12, at: offset)
    let length = Int(word(at: offset &+ 4))
    try checkRoom(for: 12 &+ length, at: offset)
    let name = strings.start &+ Int(word(at: offset &+ 8))
    guard name <= lastName else {
      guard name < strings.end else { throw DeviceTreeError(.blockOutside, name, strings.end) }
      throw DeviceTreeError(.unterminated, name, strings.end)
    }
    return DeviceTreeProperty(name: name, offset: offset &+ 12, byteCount: length)
  }

  private func checkRoom(for count: Int, at offset: Int) throws(DeviceTreeError) {
    guard offset &+ count <= structure.end else {
      throw DeviceTreeError(.truncated, structure.end, offset &+ count)
    }
  }

  /// The last zero byte of the strings block; what lies before the block where it holds none.
  private var lastStringEnd: Int {
    var position = strings.end - 1
    while position >= strings.start, byte(at: position) != 0 { position -= 1 }
    return position
  }
}
