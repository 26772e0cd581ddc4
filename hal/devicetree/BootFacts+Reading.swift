extension BootFacts {
  /// The facts of the tree in `source`, as a new `Survey` reads them.
  public init(reading source: some BlobSource, limit: Int = 2 << 20) throws(DeviceTreeError) {
    var survey = Survey()
    try survey.read(source, limit: limit)
    self = survey.facts
  }
}

extension Survey {
  /// Checks the tree in `source` as `DeviceTree` does and gathers the facts in the same scan, or refuses: no
  /// memory, overlapping memory, no UART, no GIC. Once for each survey.
  public mutating func read(_ source: some BlobSource, limit: Int = 2 << 20) throws(DeviceTreeError) {
    let tree = try DeviceTree(headerOf: source, limit: limit)
    names.read(tree)
    try tree.scan(&self)
    try finish(in: tree)
  }

  /// What is left when every node has passed: the facts are held against each other, the devices read.
  private mutating func finish(in tree: DeviceTree<some BlobSource>) throws(DeviceTreeError) {
    facts.treeBytes = tree.usedBytes
    facts.treeTotalBytes = tree.totalBytes
    guard facts.memory.count > 0 else { throw DeviceTreeError(.noMemory, 0, 1) }
    try facts.memory.normalise(refusingOverlap: true)
    try facts.addReservations(tree)
    try facts.reserved.normalise(refusingOverlap: false)
    guard let gicVersion else { throw DeviceTreeError(.noGIC, 0, 1) }
    try facts.gic.read(gic, try registers(of: gic, in: tree), gicVersion, in: tree)
    facts.uart = try findUART(in: tree)
    if firmware > 0, let method = tree.property("method", ofNodeAt: firmware) {
      facts.psci = tree.isText(method, "hvc") ? .hvc : tree.isText(method, "smc") ? .smc : nil
    }
    if chosen > 0 { try facts.readChosen(tree, chosen) }
  }

  /// The tree's console, which /chosen need not be asked for where there is one PL011.
  private mutating func findUART(in tree: DeviceTree<some BlobSource>) throws(DeviceTreeError) -> UART {
    if uartCount > 1, let console = tree.console { uart = console }
    let registers = uartCount > 0 ? try registers(of: uart, in: tree) : Registers()
    guard registers.count > 0 else { throw DeviceTreeError(.noUART, 0, 1) }
    return UART(registers: try tree.range(0, in: registers, of: uart))
  }

  /// The `reg` of a node; the cells of the bus it lies on are read once for all nodes that lie there.
  mutating func registers(
    of node: borrowing DeviceTreeNode, in tree: DeviceTree<some BlobSource>
  ) throws(DeviceTreeError) -> Registers {
    guard node.depth > 0, let reg = tree.property("reg", ofNodeAt: node.offset) else { return Registers() }
    let above = node.ancestor(at: node.depth - 1)
    if bus.offset != above { bus = (above, try Cells(tree, ofNodeAt: above)) }
    return try tree.registers(reg, bus.cells)
  }
}

extension BootFacts {
  fileprivate mutating func addReservations(_ tree: DeviceTree<some BlobSource>) throws(DeviceTreeError) {
    var offset = tree.reservations
    while true {
      let range = try AddressRange(checking: tree.doubleWord(at: offset), tree.doubleWord(at: offset + 8))
      if range == AddressRange() { return }
      if range.size > 0 { try reserved.append(range) }
      offset += 16
    }
  }

  fileprivate mutating func readChosen(
    _ tree: DeviceTree<some BlobSource>, _ chosen: Int
  ) throws(DeviceTreeError) {
    if let arguments = tree.property("bootargs", ofNodeAt: chosen) {
      let text = tree.text(arguments)
      bootArguments = (text.start, text.end - text.start)
    }
    guard let start = tree.property("linux,initrd-start", ofNodeAt: chosen),
      let end = tree.property("linux,initrd-end", ofNodeAt: chosen)
    else { return }
    let base = try tree.number(start)
    let limit = try tree.number(end)
    guard limit >= base else { throw DeviceTreeError(.rangeOverflows, found: base, expected: limit) }
    initialRAMDisk = try AddressRange(checking: base, limit - base)
  }
}

extension GIC {
  /// Bytes of a GICv2 CPU interface at least: GICC_DIR is the word at 0x1000 (GICv2 architecture, 4.4).
  static var leastCPUInterface: UInt64 { 0x2000 }

  /// Reads the ranges of a GICv2 or GICv3 from its node.
  fileprivate mutating func read(
    _ node: borrowing DeviceTreeNode, _ registers: Registers, _ version: Version, in tree: DeviceTree<some BlobSource>
  ) throws(DeviceTreeError) {
    let regions = version == .v3 ? try GIC.regionCount(tree, node) : 1
    guard registers.count > regions else { throw DeviceTreeError(.tooFewRanges, registers.count, regions + 1) }
    self.version = version
    distributor = try tree.range(0, in: registers, of: node)
    for index in 0..<regions {
      let range = try tree.range(index + 1, in: registers, of: node)
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
    _ tree: DeviceTree<some BlobSource>, _ node: borrowing DeviceTreeNode
  ) throws(DeviceTreeError) -> Int {
    guard let property = tree.property("#redistributor-regions", ofNodeAt: node.offset) else { return 1 }
    let count = Int(try tree.cell(property))
    guard count >= 1, count <= 4 else { throw DeviceTreeError(.tooMany, count, 4) }
    return count
  }
}

extension RangeList {
  /// Adds every range of a node's `reg` that is not empty. A node without `reg`, such as reserved memory whose
  /// place the kernel is asked to choose, adds nothing.
  mutating func append(
    _ registers: Registers, of node: borrowing DeviceTreeNode, in tree: DeviceTree<some BlobSource>
  ) throws(DeviceTreeError) {
    for index in 0..<registers.count {
      let range = try tree.range(index, in: registers, of: node)
      if range.size > 0 { try append(range) }
    }
  }
}

extension DeviceTree {
  /// A number of one or two cells that is the whole value of `property`.
  func number(_ property: DeviceTreeProperty) throws(DeviceTreeError) -> UInt64 {
    guard property.byteCount == 4 || property.byteCount == 8 else {
      throw DeviceTreeError(.badLength, property.byteCount, 4)
    }
    return value(property.byteCount / 4, at: property.offset)
  }
}
