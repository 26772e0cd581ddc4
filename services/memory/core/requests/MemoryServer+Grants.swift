internal import ABI
internal import DeviceTree
internal import Interfaces

/// What a task is granted by a name and an index: a node of the tree, and one of its ranges or interrupts.
struct Granted {
  /// What an index counts.
  enum Part { case range, interrupt }

  /// The node.
  var node: DeviceTreeNode
  /// What it says of itself.
  var device: Device
  /// Whether it takes interrupts: the interrupt controller.
  var isController: Bool
  /// The number of the grant in the task's entry.
  var grant: Int
  /// The range or the interrupt, counted in this node.
  var part = 0
  /// The first of its interrupts, counted through all nodes that the grant means.
  var firstInterrupt: UInt64 = 0

  /// The badge of a Memory that is range `index` of the grant: bits 7:0 the grant's number and one, then the index. A
  /// server that starts anew finds by it what the Memory is.
  func badge(of index: UInt64) -> UInt64 { UInt64(grant) + 1 | index << 8 }
}

extension MemoryServer {
  /// What the caller's entry grants under a name.
  mutating func granted(_ name: Name, _ part: Granted.Part, _ index: UInt64, _ caller: Caller) throws(MemoryRefusal)
    -> Granted
  {
    let entry = try entry(sessions[caller.place].entry)
    for number in 0..<entry.grantCount where entry.grants[number].name == name.word {
      return try find(part, index, of: entry.grants[number], number)
    }
    throw MemoryRefusal(.notGranted, name.word)
  }

  /// A range or an interrupt of what a grant means: counted on from node to node, where it means several.
  mutating func find(_ part: Granted.Part, _ index: UInt64, of grant: Bundle.Grant, _ number: Int)
    throws(MemoryRefusal) -> Granted
  {
    guard var node = self.node(of: grant) else { throw MemoryRefusal(.deviceAbsent, grant.name) }
    var seen: UInt64 = 0
    var interrupts: UInt64 = 0
    while true {
      let device = try device(node, of: grant)
      let count = UInt64(part == .range ? device.ranges.count : device.interruptCount)
      if index >= seen, index - seen < count {
        return Granted(
          node: node, device: device, isController: tree.property("interrupt-controller", of: node) != nil,
          grant: number, part: Int(truncatingIfNeeded: index - seen), firstInterrupt: interrupts)
      }
      seen += count
      interrupts += UInt64(device.interruptCount)
      guard let next = self.node(of: grant, after: node) else {
        throw MemoryRefusal(.deviceRange, index, limit: seen)
      }
      node = next
    }
  }

  /// The first node that a grant means, or the next one.
  mutating func node(of grant: Bundle.Grant, after previous: DeviceTreeNode? = nil) -> DeviceTreeNode? {
    if grant.unit != .all, previous != nil { return nil }
    let list = grant.compatibles.span.extracting(0..<grant.byteCount)
    var next = nodes.node(compatibleWithAny: list, after: previous, in: tree)
    while grant.unit == .address, let node = next, tree.unitAddress(of: node) != grant.unitAddress {
      next = nodes.node(compatibleWithAny: list, after: node, in: tree)
    }
    return next
  }

  /// What a node that a grant means says of itself.
  mutating func device(_ node: DeviceTreeNode, of grant: Bundle.Grant) throws(MemoryRefusal) -> Device {
    do throws(DeviceTreeError) { return try nodes.device(node, in: tree) } catch {
      throw MemoryRefusal(.deviceAbsent, grant.name, limit: error.found)
    }
  }

  /// Refuses a range with a page that holds registers of another node too, unless the caller is granted that node as
  /// well: the page shows both. A range that fills its pages shares none; one that another node's registers lie in has
  /// them by the tree's own word.
  mutating func checkShared(_ wanted: borrowing Holding, _ node: DeviceTreeNode, _ caller: Caller)
    throws(MemoryRefusal)
  {
    let inside = Geometry.frameBytes - 1
    let first = wanted.base & inside != 0 || wanted.limit < (wanted.first + 1) << 12
    let last = wanted.limit & inside != 0
    guard first || last else { return }
    let entry = try entry(sessions[caller.place].entry)
    var next = tree.node(after: tree.root)
    while let other = next {
      next = tree.node(after: other)
      guard other.offset != node.offset else { continue }
      // A node whose addresses the CPU cannot reach has none on this page.
      for index in 0..<((try? tree.rangeCount(of: other)) ?? 0) {
        guard let range = try? tree.range(index, of: other), range.size > 0 else { continue }
        let isInside = wanted.base <= range.base && range.end <= wanted.limit
        let page: UInt64
        if first, range.touches(wanted.first) {
          page = wanted.first
        } else if last, range.touches(wanted.end - 1) {
          page = wanted.end - 1
        } else {
          continue
        }
        guard isInside || isGranted(other, entry) else {
          throw MemoryRefusal(.pageShared, page - wanted.first, limit: tree.nameEnd(of: other))
        }
      }
    }
  }

  /// Whether an entry grants a node: of those that it means all or names by its address, also one that the tree
  /// disables.
  private mutating func isGranted(_ node: DeviceTreeNode, _ entry: Bundle.Entry) -> Bool {
    for number in 0..<entry.grantCount {
      let list = entry.grants[number].compatibles.span.extracting(0..<entry.grants[number].byteCount)
      guard tree.isCompatible(node, withAny: list) else { continue }
      switch entry.grants[number].unit {
      case .all: return true
      case .address: if tree.unitAddress(of: node) == entry.grants[number].unitAddress { return true }
      case .first: if tree.node(compatibleWithAny: list)?.offset == node.offset { return true }
      }
    }
    return false
  }
}

extension AddressRange {
  /// Whether a byte of it lies in a frame.
  fileprivate func touches(_ frame: UInt64) -> Bool { base >> 12 <= frame && frame <= (end - 1) >> 12 }
}
