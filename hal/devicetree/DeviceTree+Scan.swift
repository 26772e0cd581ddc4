/// What looks on while the structure block is scanned. What it is shown has been checked, and so has all that
/// stands before it in the tree: a node's ancestors and their properties can be read.
protocol TreeVisitor {
  /// The node whose tokens are passing: the scan keeps it here.
  var place: DeviceTreeNode { get set }
  /// Whether the visitor wants `propertiesEnd` for the node in `place`.
  var isNoteworthy: Bool { get }
  /// The node in `place` begins.
  mutating func begin<S>(in tree: DeviceTree<S>)
  /// A property of the node in `place`: where its token lies, and its name in the strings block. False where the name is
  /// not known yet to end where it should: then it is shown by `property`.
  mutating func takes<S>(_ name: Int, at offset: Int, in tree: DeviceTree<S>) -> Bool
  /// The same, for a name that is to be read.
  mutating func property<S>(_ name: Int, at offset: Int, in tree: DeviceTree<S>)
  /// All properties of the node in `place` were shown, and none of its children.
  mutating func propertiesEnd<S>(in tree: DeviceTree<S>) throws(DeviceTreeError)
}

/// For a tree that is only to be checked.
struct NoVisitor: TreeVisitor {
  var place = DeviceTreeNode()
  var isNoteworthy: Bool { false }
  mutating func begin<S>(in tree: DeviceTree<S>) {}
  mutating func takes<S>(_ name: Int, at offset: Int, in tree: DeviceTree<S>) -> Bool { name <= tree.lastName }
  mutating func property<S>(_ name: Int, at offset: Int, in tree: DeviceTree<S>) {}
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

  /// Checks every token once: nesting, lengths, and that each text ends inside its block (Devicetree
  /// Specification 0.4, 5.4).
  ///
  /// No sum below overflows: offsets are below 2^32 when they are checked, and lengths are words.
  func scan(_ visitor: inout some TreeVisitor) throws(DeviceTreeError) {
    var offset = structure.start
    var inProperties = false  // no child of the node in place was passed yet
    while true {
      (offset, inProperties) = pass(from: offset, inProperties, &visitor)
      try checkRoom(for: 4, at: offset)
      let token = word(at: offset)
      if token == Token.property, inProperties {
        let next = try checkProperty(at: offset)
        visitor.property(Int(word(at: offset &+ 8)), at: offset, in: self)
        offset = next
      } else if token == Token.end, visitor.place.isBehindRoot {
        return
      } else if token == Token.beginNode || token == Token.endNode, inProperties, visitor.isNoteworthy {
        try visitor.propertiesEnd(in: self)
        inProperties = false
      } else {
        throw wrongToken(token, at: offset, visitor.place)
      }
    }
  }

  /// Passes the tokens from `start` on as long as they are as they should be and nothing is to be done; answers where
  /// they are not, or end, and whether that is among a node's properties.
  @inline(never) private func pass(
    from start: Int, _ startsInProperties: Bool, _ visitor: inout some TreeVisitor
  ) -> (Int, Bool) {
    var offset = start
    var inProperties = startsInProperties
    // Behind these there is no room for a token, and for a property's three words.
    let last = structure.end &- 4
    let lastHeader = structure.end &- 12
    while offset <= last {
      // Behind each there must be room for another, so that it need not be asked for twice.
      while inProperties, offset <= lastHeader, word(at: offset) == Token.property {
        let next = (offset &+ 15 &+ Int(word(at: offset &+ 4))) & ~3
        guard next <= lastHeader, visitor.takes(Int(word(at: offset &+ 8)), at: offset, in: self) else {
          return (offset, true)
        }
        offset = next
      }
      switch word(at: offset) {
      case Token.endNode:
        if visitor.place.depth < 0 || inProperties && visitor.isNoteworthy { return (offset, inProperties) }
        visitor.place.ascend()
        inProperties = false
        offset = offset &+ 4
      case Token.beginNode:
        guard !visitor.place.isBehindRoot, visitor.place.depth < Self.mostNested - 1,
          !(inProperties && visitor.isNoteworthy), let behind = endOfName(from: offset &+ 4, to: last)
        else { return (offset, inProperties) }
        visitor.place.descend(to: offset)
        inProperties = true
        visitor.begin(in: self)
        offset = behind
      case Token.nop: offset = offset &+ 4
      default: return (offset, inProperties)
      }
    }
    return (offset, inProperties)
  }

  /// Offset behind the name that begins at `start`; nil where no word up to `last` ends it.
  @inline(__always) private func endOfName(from start: Int, to last: Int) -> Int? {
    var position = start
    while position <= last {
      if endsName(position) { return position &+ 4 }
      position &+= 4
    }
    return nil
  }

  /// Why a token at which `pass` stopped is refused.
  private func wrongToken(_ token: UInt32, at offset: Int, _ place: DeviceTreeNode) -> DeviceTreeError {
    if token == Token.beginNode, !place.isBehindRoot {
      if place.depth < Self.mostNested - 1 { return DeviceTreeError(.unterminated, offset &+ 4, structure.end) }
      return DeviceTreeError(.nestingTooDeep, place.depth + 2, Self.mostNested)
    }
    if token == Token.property, place.depth >= 0 {
      return DeviceTreeError(.propertyBehindChild, offset, place.depth + 1)
    }
    return DeviceTreeError(.badToken, Int(token), offset)
  }

  /// Checks the property at `offset`, and answers where the token behind it lies. Its name ends where it should if any
  /// text of the strings block still ends there.
  private func checkProperty(at offset: Int) throws(DeviceTreeError) -> Int {
    try checkRoom(for: 12, at: offset)
    let length = Int(word(at: offset &+ 4))
    try checkRoom(for: 12 &+ length, at: offset)
    let name = strings.start &+ Int(word(at: offset &+ 8))
    guard name < strings.end else { throw DeviceTreeError(.blockOutside, name, strings.end) }
    guard name <= strings.start &+ lastName else { throw DeviceTreeError(.unterminated, name, strings.end) }
    return (offset &+ 15 &+ length) & ~3
  }

  private func checkRoom(for count: Int, at offset: Int) throws(DeviceTreeError) {
    guard offset &+ count <= structure.end else {
      throw DeviceTreeError(.truncated, structure.end, offset &+ count)
    }
  }
}
