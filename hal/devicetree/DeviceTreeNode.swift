/// A node's place in a tree, its ancestors with it.
///
/// Addresses, interrupts and `status` of a node depend on the nodes above, and a flattened tree has no
/// links upward: so a node carries the offsets of its ancestors.
public struct DeviceTreeNode {
  /// Offsets of the BEGIN_NODE tokens from the root to this node; 32 bits each, for nodes are copied.
  private var ancestry = InlineArray<16, UInt32>(repeating: 0)
  /// The root's depth is 0; -1 is no node yet, what a scan begins with.
  public private(set) var depth = -1

  init() {}

  init(root offset: Int) { descend(to: offset) }

  init(ancestry: InlineArray<16, UInt32>, depth: Int) { (self.ancestry, self.depth) = (ancestry, depth) }

  /// Offset of the node's BEGIN_NODE token in the tree.
  public var offset: Int { Int(ancestry[depth]) }

  /// Whether the root's end was passed: no token begins at 0.
  var isBehindRoot: Bool { depth < 0 && ancestry[0] != 0 }

  /// Offset of the ancestor at `depth`, or of the node itself.
  func ancestor(at depth: Int) -> Int { Int(ancestry[depth]) }

  /// The node above, or nil for the root.
  public var parent: DeviceTreeNode? {
    guard depth > 0 else { return nil }
    var node = self
    node.ascend()
    return node
  }

  /// Goes down to the child whose token lies at `offset`.
  mutating func descend(to offset: Int) {
    depth &+= 1
    ancestry[depth] = UInt32(truncatingIfNeeded: offset)
  }

  /// Goes up to the parent.
  mutating func ascend() { depth -= 1 }
}

/// A property's value: where its bytes lie in the tree.
public struct DeviceTreeProperty {
  /// Offset of the name in the tree.
  let name: Int
  /// Offset of the value in the tree, a multiple of four.
  public let offset: Int
  /// Bytes of the value.
  public let byteCount: Int
  /// Offset of the property's own token.
  var start: Int { offset &- 12 }
  /// Offset of the token behind it.
  var next: Int { (offset &+ byteCount &+ 3) & ~3 }
}

extension DeviceTree {
  /// The node behind `node` in the order of the tree: its first child, its next sibling, or one further up.
  public func node(after node: DeviceTreeNode) -> DeviceTreeNode? {
    var next = node
    return advance(&next) ? next : nil
  }

  /// Goes on to the node behind `node`; false, and `node` is no more to be used, where it is the last.
  func advance(_ node: inout DeviceTreeNode) -> Bool {
    var offset = firstProperty(of: node.offset)
    while let property = nextProperty(from: offset) { offset = property.next }
    while true {
      switch word(at: offset) {
      case Token.beginNode:
        node.descend(to: offset)
        return true
      case Token.endNode where node.depth > 0:
        node.ascend()
        offset &+= 4
      case Token.nop:
        offset &+= 4
      default:
        return false
      }
    }
  }

  /// The first node behind `previous` (or the first of all) that lies directly under `parent`.
  public func child(of parent: DeviceTreeNode, after previous: DeviceTreeNode? = nil) -> DeviceTreeNode? {
    var next = previous ?? parent
    while advance(&next), next.depth > parent.depth {
      if next.depth == parent.depth + 1 { return next }
    }
    return nil
  }

  /// The child of `parent` whose name, with or without its unit address, is `name`.
  public func child(of parent: DeviceTreeNode, named name: StaticString) -> DeviceTreeNode? {
    var next = child(of: parent)
    while let candidate = next {
      if isName(of: candidate, name) { return candidate }
      next = child(of: parent, after: candidate)
    }
    return nil
  }

  /// The first property of `node` called `name`. QEMU's trees hold some properties of /chosen twice.
  public func property(_ name: StaticString, of node: DeviceTreeNode) -> DeviceTreeProperty? {
    property(name, ofNodeAt: node.offset)
  }

  /// Whether `node` and everything above it is to be used: no `status`, or one that says "okay".
  public func isEnabled(_ node: DeviceTreeNode) -> Bool {
    var depth = node.depth
    while depth >= 0 {
      if !isOkay(property("status", ofNodeAt: node.ancestor(at: depth))) { return false }
      depth -= 1
    }
    return true
  }

  /// Whether a `status` lets its node be used: it is absent or says so.
  func isOkay(_ status: DeviceTreeProperty?) -> Bool {
    guard let status else { return true }
    return isText(status, "okay") || isText(status, "ok")
  }

  @inline(__always) func property(_ name: StaticString, ofNodeAt offset: Int) -> DeviceTreeProperty? {
    property(Letters(name), ofNodeAt: offset)
  }

  @inline(never) private func property(_ name: Letters, ofNodeAt offset: Int) -> DeviceTreeProperty? {
    let first = UInt8(truncatingIfNeeded: name.four)
    var offset = firstProperty(of: offset)
    while let property = nextProperty(from: offset) {
      if byte(at: property.name) == first, isText(at: property.name, end: strings.end, name) { return property }
      offset = property.next
    }
    return nil
  }

  /// Offset of the token behind the name of the node at `offset`, a name that was checked to end.
  func firstProperty(of offset: Int) -> Int {
    var position = offset &+ 4
    while !endsName(position) { position &+= 4 }
    return position &+ 4
  }

  /// The property at `offset`, or behind the NOP tokens there; nil where something else follows.
  func nextProperty(from offset: Int) -> DeviceTreeProperty? {
    var offset = offset
    var token = word(at: offset)
    while token == Token.nop {
      offset &+= 4
      token = word(at: offset)
    }
    return token == Token.property ? property(at: offset) : nil
  }

  /// The property whose token lies at `offset`.
  func property(at offset: Int) -> DeviceTreeProperty {
    DeviceTreeProperty(
      name: strings.start &+ Int(word(at: offset &+ 8)), offset: offset &+ 12, byteCount: Int(word(at: offset &+ 4)))
  }
}
