extension BootFacts {
  /// Gathers the facts from `tree`, or refuses: no memory, overlapping memory, no UART, no GIC.
  public init(_ tree: DeviceTree<some BlobSource>) throws(DeviceTreeError) {
    self.init()
    treeBytes = tree.usedBytes
    treeTotalBytes = tree.totalBytes
    try gatherMemory(tree)
    try gatherReserved(tree)
    // Before the UART, whose interrupt would otherwise be what a tree without a GIC is refused for.
    gic = try GIC(tree)
    uart = try UART(tree)
    cpuCount = BootFacts.cpus(tree)
    psci = BootFacts.psci(tree)
    try gatherChosen(tree)
  }

  private mutating func gatherMemory(_ tree: DeviceTree<some BlobSource>) throws(DeviceTreeError) {
    var next = tree.child(of: tree.root)
    while let node = next {
      if let type = tree.property("device_type", of: node), tree.isText(type, "memory"), tree.isEnabled(node) {
        try memory.append(regOf: node, in: tree)
      }
      next = tree.child(of: tree.root, after: node)
    }
    guard memory.count > 0 else { throw DeviceTreeError(.noMemory, 0, 1) }
    try memory.normalise(refusingOverlap: true)
  }

  private mutating func gatherReserved(_ tree: DeviceTree<some BlobSource>) throws(DeviceTreeError) {
    for index in 0..<tree.reservationCount {
      let range = try tree.reservation(index)
      if range.size > 0 { try reserved.append(range) }
    }
    if let parent = tree.child(of: tree.root, named: "reserved-memory") {
      var next = tree.child(of: parent)
      while let node = next {
        // A node with a size alone asks the kernel to choose a place, which is nothing to leave alone.
        if tree.isEnabled(node) { try reserved.append(regOf: node, in: tree) }
        next = tree.child(of: parent, after: node)
      }
    }
    try reserved.normalise(refusingOverlap: false)
  }

  private mutating func gatherChosen(_ tree: DeviceTree<some BlobSource>) throws(DeviceTreeError) {
    guard let chosen = tree.child(of: tree.root, named: "chosen") else { return }
    if let arguments = tree.property("bootargs", of: chosen) {
      let text = tree.text(arguments)
      bootArguments = (text.start, text.end - text.start)
    }
    guard let start = tree.property("linux,initrd-start", of: chosen),
      let end = tree.property("linux,initrd-end", of: chosen)
    else { return }
    let base = try tree.number(start)
    let limit = try tree.number(end)
    guard limit >= base else { throw DeviceTreeError(.rangeOverflows, found: base, expected: limit) }
    initialRAMDisk = try AddressRange(checking: base, limit - base)
  }

  private static func cpus(_ tree: DeviceTree<some BlobSource>) -> Int {
    guard let parent = tree.child(of: tree.root, named: "cpus") else { return 0 }
    var count = 0
    var next = tree.child(of: parent)
    while let node = next {
      if let type = tree.property("device_type", of: node), tree.isText(type, "cpu"), tree.isEnabled(node) {
        count += 1
      }
      next = tree.child(of: parent, after: node)
    }
    return count
  }

  private static func psci(_ tree: DeviceTree<some BlobSource>) -> PSCIConduit? {
    let node =
      tree.node(compatibleWith: "arm,psci-1.0") ?? tree.node(compatibleWith: "arm,psci-0.2")
      ?? tree.node(compatibleWith: "arm,psci")
    guard let node, let method = tree.property("method", of: node) else { return nil }
    if tree.isText(method, "hvc") { return .hvc }
    return tree.isText(method, "smc") ? .smc : nil
  }
}

extension UART {
  /// The tree's console.
  init(_ tree: DeviceTree<some BlobSource>) throws(DeviceTreeError) {
    guard let node = tree.console, let range = try tree.range(0, of: node) else {
      throw DeviceTreeError(.noUART, 0, 1)
    }
    registers = range
    interrupt = try tree.interrupt(0, of: node)
  }
}

extension GIC {
  /// Bytes of a GICv2 CPU interface at least: GICC_DIR is the word at 0x1000 (GICv2 architecture, 4.4).
  static var leastCPUInterface: UInt64 { 0x2000 }

  /// The first GICv2 or GICv3 there is.
  init(_ tree: DeviceTree<some BlobSource>) throws(DeviceTreeError) {
    let node = tree.search(after: nil) { node in
      tree.gicVersion(of: node) != nil && tree.property("interrupt-controller", of: node) != nil
    }
    guard let node, let version = tree.gicVersion(of: node) else { throw DeviceTreeError(.noGIC, 0, 1) }
    let count = try tree.rangeCount(of: node)
    let regions = version == .v3 ? try GIC.regionCount(tree, node) : 1
    guard let first = try tree.range(0, of: node), count > regions else {
      throw DeviceTreeError(.tooFewRanges, count, regions + 1)
    }
    self.version = version
    distributor = first
    for index in 0..<regions {
      guard let range = try tree.range(index + 1, of: node) else { break }
      if version == .v3 {
        try redistributors.append(range)
      } else {
        guard range.size >= GIC.leastCPUInterface else {
          throw DeviceTreeError(.cpuInterfaceTooSmall, found: range.size, expected: GIC.leastCPUInterface)
        }
        cpuInterface = range
      }
    }
  }

  private static func regionCount(
    _ tree: DeviceTree<some BlobSource>, _ node: DeviceTreeNode
  ) throws(DeviceTreeError) -> Int {
    guard let property = tree.property("#redistributor-regions", of: node) else { return 1 }
    let count = Int(try tree.cell(property))
    guard count >= 1, count <= 4 else { throw DeviceTreeError(.tooMany, count, 4) }
    return count
  }
}

extension RangeList {
  /// Adds every range of a node's `reg` that is not empty.
  mutating func append(
    regOf node: DeviceTreeNode, in tree: DeviceTree<some BlobSource>
  ) throws(DeviceTreeError) {
    for index in 0..<(try tree.rangeCount(of: node)) {
      if let range = try tree.range(index, of: node), range.size > 0 { try append(range) }
    }
  }
}

extension DeviceTree {
  /// Entries of the memory reservation block.
  var reservationCount: Int {
    var count = 0
    while doubleWord(at: reservations + count * 16) != 0 || doubleWord(at: reservations + count * 16 + 8) != 0 {
      count += 1
    }
    return count
  }

  /// The entry at `index` of the memory reservation block.
  func reservation(_ index: Int) throws(DeviceTreeError) -> AddressRange {
    let offset = reservations + index * 16
    return try AddressRange(checking: doubleWord(at: offset), doubleWord(at: offset + 8))
  }

  /// A number of one or two cells that is the whole value of `property`.
  func number(_ property: DeviceTreeProperty) throws(DeviceTreeError) -> UInt64 {
    guard property.byteCount == 4 || property.byteCount == 8 else {
      throw DeviceTreeError(.badLength, property.byteCount, 4)
    }
    return value(property.byteCount / 4, at: property.offset)
  }
}
