/// An interrupt line of the GIC.
public struct InterruptLine: Equatable, Sendable {
  /// How the line tells of an interrupt.
  public enum Trigger: UInt8, Sendable {
    case edge = 0
    case level = 1
  }

  /// The INTID: 16 to 31 for a core's own line (PPI), 32 to 1019 for a shared one (SPI).
  public let number: UInt32
  /// How the line tells of an interrupt.
  public let trigger: Trigger

  /// A line.
  public init(number: UInt32, trigger: Trigger) {
    self.number = number
    self.trigger = trigger
  }
}

extension DeviceTree {
  /// Reads a node's `interrupts` into a device.
  func readInterrupts(
    of node: DeviceTreeNode, into device: inout Device, _ find: (UInt32) -> DeviceTreeNode?
  ) throws(DeviceTreeError) {
    guard let interrupts = property("interrupts", of: node) else { return }
    let cells = try specifierCells(of: node, find)
    let count = try count(interrupts, of: cells)
    guard count <= 8 else { throw DeviceTreeError(.tooMany, count, 8) }
    for index in 0..<count {
      device.interrupts[index] = try line(at: interrupts.offset + index * cells * 4)
      device.interruptCount += 1
    }
  }

  /// The interrupt at `index` of a node's `interrupts`; nil where there are fewer.
  public func interrupt(_ index: Int, of node: DeviceTreeNode) throws(DeviceTreeError) -> InterruptLine? {
    guard let interrupts = property("interrupts", of: node) else { return nil }
    let cells = try specifierCells(of: node) { handle in self.node(phandle: handle) }
    guard try index < count(interrupts, of: cells) else { return nil }
    return try line(at: interrupts.offset + index * cells * 4)
  }

  /// The specifier at an offset, decoded as the GIC's binding says: kind (0 SPI, 1 PPI), number, flags.
  private func line(at offset: Int) throws(DeviceTreeError) -> InterruptLine {
    let kind = word(at: offset)
    let number = word(at: offset + 4)
    guard kind <= 1 else { throw DeviceTreeError(.unsupportedInterrupt, Int(kind), 1) }
    let most: UInt32 = kind == 0 ? 987 : 15
    guard number <= most else { throw DeviceTreeError(.unsupportedInterrupt, Int(number), Int(most)) }
    // Flags: 1 rising and 2 falling edge, 4 high and 8 low level.
    let isEdge = word(at: offset + 8) & 3 != 0
    return InterruptLine(number: number + (kind == 0 ? 32 : 16), trigger: isEdge ? .edge : .level)
  }

  /// The node that `node` sends its interrupts to: named by the nearest `interrupt-parent`, or the nearest
  /// node above that takes interrupts. Steps are counted, for phandles may run in a circle.
  public func interruptParent(of node: DeviceTreeNode) throws(DeviceTreeError) -> DeviceTreeNode? {
    try interruptParent(of: node) { handle in self.node(phandle: handle) }
  }

  private func interruptParent(
    of node: DeviceTreeNode, _ find: (UInt32) -> DeviceTreeNode?
  ) throws(DeviceTreeError) -> DeviceTreeNode? {
    var current = node
    for _ in 0..<Self.mostNested {
      guard let parent = try namedInterruptParent(of: current, find) ?? current.parent else { return nil }
      if property("#interrupt-cells", of: parent) != nil { return parent }
      current = parent
    }
    return nil
  }

  /// The enabled or disabled node whose `phandle` is `handle`.
  public func node(phandle handle: UInt32) -> DeviceTreeNode? {
    var node = root
    repeat {
      if phandle(of: node) == handle { return node }
    } while advance(&node)
    return nil
  }

  /// The `phandle` of a node, nil where it has none.
  func phandle(of node: DeviceTreeNode) -> UInt32? {
    guard let property = property("phandle", of: node) ?? property("linux,phandle", of: node), property.byteCount == 4
    else { return nil }
    return word(at: property.offset)
  }

  private func namedInterruptParent(
    of node: DeviceTreeNode, _ find: (UInt32) -> DeviceTreeNode?
  ) throws(DeviceTreeError) -> DeviceTreeNode? {
    guard let property = property("interrupt-parent", of: node) else { return nil }
    let handle = try cell(property)
    guard let parent = find(handle) else {
      throw DeviceTreeError(.noSuchPhandle, Int(handle), property.offset)
    }
    return parent
  }

  /// Words in a specifier of the node's interrupt parent, which must be a GIC.
  private func specifierCells(
    of node: DeviceTreeNode, _ find: (UInt32) -> DeviceTreeNode?
  ) throws(DeviceTreeError) -> Int {
    guard let parent = try interruptParent(of: node, find) else {
      throw DeviceTreeError(.foreignInterrupt, 0, node.offset)
    }
    guard let list = self.property("compatible", of: parent), KnownDevices(list, in: self).gic != nil,
      let property = property("#interrupt-cells", of: parent)
    else {
      throw DeviceTreeError(.foreignInterrupt, parent.offset, node.offset)
    }
    let cells = Int(try cell(property))
    guard cells == 3 || cells == 4 else { throw DeviceTreeError(.badLength, cells, 3) }
    return cells
  }
}
