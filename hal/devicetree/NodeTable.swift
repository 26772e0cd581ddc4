/// Where the nodes of a tree lie, so that those compatible with something are found without a walk through all.
///
/// It is made by one walk, when a node is first asked for. A tree may have more nodes than it holds; behind the last
/// one that it holds, the tree itself is walked.
public struct NodeTable {
  /// Nodes that it holds.
  static var capacity: Int { 128 }
  private var places = InlineArray<128, Place>(repeating: Place())
  private var count = 0

  /// A node: what of it is asked for.
  private struct Place {
    /// Offset of the node's token.
    var node: UInt32 = 0
    /// Its phandle; 0: it has none.
    var phandle: UInt32 = 0
    /// Offset of the value of its `compatible`; 0: it has none.
    var list: UInt32 = 0
    /// Bytes of that value.
    var byteCount: UInt16 = 0
    /// The place of the node above.
    var parent: UInt8 = 0
    var depth: UInt8 = 0
  }

  /// An empty table.
  public init() {}

  /// The first enabled node behind `previous`, or of all, that is compatible with one of `list`: as the tree's own
  /// search finds it.
  public mutating func node<Source: BlobSource>(
    compatibleWithAny list: Span<UInt8>, after previous: DeviceTreeNode? = nil, in tree: DeviceTree<Source>
  ) -> DeviceTreeNode? {
    if count == 0 { fill(tree) }
    var index = 0
    if let previous {
      guard let place = place(of: previous.offset) else { return tree.node(compatibleWithAny: list, after: previous) }
      index = place + 1
    }
    while index < count {
      let start = Int(places[index].list)
      if start != 0, tree.isCompatible(start, Int(places[index].byteCount), withAny: list) {
        let node = node(at: index)
        if tree.isEnabled(node) { return node }
      }
      index += 1
    }
    return count < Self.capacity ? nil : tree.node(compatibleWithAny: list, after: node(at: count - 1))
  }

  /// What a node says of itself, as the tree tells it; its interrupt parent is found in the table.
  public mutating func device<Source: BlobSource>(_ node: DeviceTreeNode, in tree: DeviceTree<Source>)
    throws(DeviceTreeError) -> Device
  {
    if count == 0 { fill(tree) }
    return try tree.device(node) { handle in self.node(phandle: handle, in: tree) }
  }

  private mutating func node<Source: BlobSource>(phandle handle: UInt32, in tree: DeviceTree<Source>)
    -> DeviceTreeNode?
  {
    for index in 0..<count where handle != 0 && places[index].phandle == handle { return node(at: index) }
    return handle != 0 && count < Self.capacity ? nil : tree.node(phandle: handle)
  }

  /// Takes down the tree's nodes, as many as there is room for.
  private mutating func fill<Source: BlobSource>(_ tree: DeviceTree<Source>) {
    var node = tree.root
    repeat {
      var place = Place()
      place.node = UInt32(truncatingIfNeeded: node.offset)
      place.depth = UInt8(truncatingIfNeeded: node.depth)
      if let list = tree.property("compatible", of: node) {
        place.list = UInt32(truncatingIfNeeded: list.offset)
        place.byteCount = UInt16(truncatingIfNeeded: min(list.byteCount, Int(UInt16.max)))
      }
      place.phandle = tree.phandle(of: node) ?? 0
      if node.depth > 0 {
        var above = count - 1
        while places[above].depth != place.depth - 1 { above = Int(places[above].parent) }
        place.parent = UInt8(truncatingIfNeeded: above)
      }
      places[count] = place
      count += 1
    } while count < Self.capacity && tree.advance(&node)
  }

  /// The place of the node at an offset; they lie in the order of their offsets.
  private mutating func place(of offset: Int) -> Int? {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if Int(places[middle].node) == offset { return middle }
      if Int(places[middle].node) < offset { low = middle + 1 } else { high = middle }
    }
    return nil
  }

  /// The node at a place, with its ancestors.
  private mutating func node(at index: Int) -> DeviceTreeNode {
    var path = InlineArray<16, UInt32>(repeating: 0)
    var place = index
    var depth = Int(places[index].depth)
    while depth >= 0 {
      path[depth] = places[place].node
      place = Int(places[place].parent)
      depth -= 1
    }
    return DeviceTreeNode(ancestry: path, depth: Int(places[index].depth))
  }
}
