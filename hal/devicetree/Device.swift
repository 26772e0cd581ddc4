/// A device as its node describes it: what a lease is made of.
public struct Device {
  /// Bytes of a path at most.
  public static var mostPathBytes: Int { 128 }

  /// The node's path, ASCII; `pathCount` bytes count.
  public internal(set) var path = InlineArray<128, UInt8>(repeating: 0)
  /// Bytes of the path.
  public internal(set) var pathCount = 0
  /// The register ranges, physical, in the order of `reg`.
  public internal(set) var ranges = RangeList<4>()
  /// The interrupt lines; `interruptCount` of them count.
  public internal(set) var interrupts = InlineArray<8, InterruptLine>(
    repeating: InterruptLine(number: 0, trigger: .level))
  /// How many interrupt lines there are.
  public internal(set) var interruptCount = 0

  init() {}
}

extension DeviceTree {
  /// What `node` says of itself: path, ranges and interrupts. A node with more than a `Device` holds is
  /// refused, not cut short.
  public func device(_ node: DeviceTreeNode) throws(DeviceTreeError) -> Device {
    try device(node) { handle in self.node(phandle: handle) }
  }

  /// The same; `find` finds the node with a phandle.
  func device(_ node: DeviceTreeNode, _ find: (UInt32) -> DeviceTreeNode?) throws(DeviceTreeError) -> Device {
    var device = Device()
    try copyPath(of: node, to: &device)
    for index in 0..<(try rangeCount(of: node)) {
      guard let range = try range(index, of: node) else { break }
      try device.ranges.append(range)
    }
    try readInterrupts(of: node, into: &device, find)
    return device
  }

  private func copyPath(of node: DeviceTreeNode, to device: inout Device) throws(DeviceTreeError) {
    var count = 0
    func append(_ byte: UInt8) throws(DeviceTreeError) {
      guard count < Device.mostPathBytes else { throw DeviceTreeError(.pathTooLong, count + 1, Device.mostPathBytes) }
      device.path[count] = byte
      count += 1
    }
    if node.depth == 0 { try append(UInt8(ascii: "/")) }
    var depth = 1
    while depth <= node.depth {
      try append(UInt8(ascii: "/"))
      let name = name(ofNodeAt: node.ancestor(at: depth))
      for offset in name.start..<name.end { try append(byte(at: offset)) }
      depth += 1
    }
    device.pathCount = count
  }
}
