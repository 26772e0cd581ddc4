/// The `reg` property of a node: how many ranges it has, and where they stand.
struct Registers {
  /// Ranges; 0 where there is no `reg`.
  var count = 0
  fileprivate var offset = 0
  fileprivate var cells = Cells()
}

extension DeviceTree {
  /// Ranges in the `reg` property of `node`; 0 where it has none.
  public func rangeCount(of node: DeviceTreeNode) throws(DeviceTreeError) -> Int { try registers(of: node).count }

  /// The range at `index` of a node's `reg`, as the CPU sees it: translated by the `ranges` of every bus
  /// above. An empty `ranges` maps one to one, a missing one means that the CPU cannot reach the node.
  public func range(_ index: Int, of node: DeviceTreeNode) throws(DeviceTreeError) -> AddressRange? {
    let registers = try registers(of: node)
    return index < registers.count ? try range(index, in: registers, of: node) : nil
  }

  func registers(of node: borrowing DeviceTreeNode) throws(DeviceTreeError) -> Registers {
    guard node.depth > 0, let reg = property("reg", ofNodeAt: node.offset) else { return Registers() }
    return try registers(reg, try Cells(self, ofNodeAt: node.ancestor(at: node.depth - 1)))
  }

  /// The ranges that `reg` holds where addresses and sizes have these cells.
  func registers(_ reg: DeviceTreeProperty, _ cells: Cells) throws(DeviceTreeError) -> Registers {
    Registers(count: try count(reg, of: cells.address + cells.size), offset: reg.offset, cells: cells)
  }

  /// The range at `index`, which must be less than the count of `registers`.
  func range(
    _ index: Int, in registers: Registers, of node: borrowing DeviceTreeNode
  ) throws(DeviceTreeError) -> AddressRange {
    let cells = registers.cells
    let offset = registers.offset + index * (cells.address + cells.size) * 4
    let base = value(cells.address, at: offset)
    let size = value(cells.size, at: offset + cells.address * 4)
    return try translate(try AddressRange(checking: base, size), from: node)
  }

  private func translate(
    _ range: AddressRange, from node: borrowing DeviceTreeNode
  ) throws(DeviceTreeError) -> AddressRange {
    var range = range
    var depth = node.depth - 1
    while depth > 0 {
      let bus = node.ancestor(at: depth)
      guard let ranges = property("ranges", ofNodeAt: bus) else {
        throw DeviceTreeError(.notTranslatable, found: range.base, expected: UInt64(bus))
      }
      if ranges.byteCount > 0 {
        let outer = try Cells(self, ofNodeAt: node.ancestor(at: depth - 1))
        range = try translate(range, by: ranges, of: bus, outer: outer)
      }
      depth -= 1
    }
    return range
  }

  private func translate(
    _ range: AddressRange, by ranges: DeviceTreeProperty, of bus: Int, outer: Cells
  ) throws(DeviceTreeError) -> AddressRange {
    let inner = try Cells(self, ofNodeAt: bus)
    let step = inner.address + outer.address + inner.size
    for index in 0..<(try count(ranges, of: step)) {
      let offset = ranges.offset + index * step * 4
      let child = value(inner.address, at: offset)
      let parent = value(outer.address, at: offset + inner.address * 4)
      let size = value(inner.size, at: offset + (inner.address + outer.address) * 4)
      if range.base >= child, range.base - child <= size, range.size <= size - (range.base - child) {
        let (base, wraps) = parent.addingReportingOverflow(range.base - child)
        guard !wraps else { throw DeviceTreeError(.rangeOverflows, found: parent, expected: size) }
        return try AddressRange(checking: base, range.size)
      }
    }
    throw DeviceTreeError(.notTranslatable, found: range.base, expected: UInt64(bus))
  }

  /// How many records of `cells` words the value holds.
  func count(_ property: DeviceTreeProperty, of cells: Int) throws(DeviceTreeError) -> Int {
    guard property.byteCount % (cells * 4) == 0 else {
      throw DeviceTreeError(.badLength, property.byteCount, cells * 4)
    }
    return property.byteCount / (cells * 4)
  }

  /// The number of 0 to 2 cells at `offset`.
  func value(_ cells: Int, at offset: Int) -> UInt64 {
    switch cells {
    case 0: 0
    case 1: UInt64(word(at: offset))
    default: doubleWord(at: offset)
    }
  }

  /// The word that is the whole value of `property`.
  func cell(_ property: DeviceTreeProperty) throws(DeviceTreeError) -> UInt32 {
    guard property.byteCount == 4 else { throw DeviceTreeError(.badLength, property.byteCount, 4) }
    return word(at: property.offset)
  }
}

/// How many words the addresses and sizes of a node's children take.
struct Cells {
  private(set) var address = 2
  private(set) var size = 1

  /// What holds where nothing is said.
  init() {}

  /// `#address-cells` and `#size-cells` of the node at `offset`: 2 and 1 where they are missing. More than
  /// two are refused: PCI's three-word addresses are none that the CPU knows.
  init(_ tree: DeviceTree<some BlobSource>, ofNodeAt offset: Int) throws(DeviceTreeError) {
    var found: (address: DeviceTreeProperty?, size: DeviceTreeProperty?)
    var offset = tree.firstProperty(of: offset)
    while let property = tree.nextProperty(from: offset) {
      offset = property.next
      guard tree.byte(at: property.name) == UInt8(ascii: "#") else { continue }
      @inline(__always) func isCalled(_ name: StaticString) -> Bool {
        tree.isText(at: property.name, end: tree.strings.end, name)
      }
      if found.address == nil, isCalled("#address-cells") {
        found.address = property
      } else if found.size == nil, isCalled("#size-cells") {
        found.size = property
      }
    }
    if let property = found.address { address = Int(try tree.cell(property)) }
    if let property = found.size { size = Int(try tree.cell(property)) }
    guard address >= 1, address <= 2 else { throw DeviceTreeError(.unsupportedCells, address, 2) }
    guard size <= 2 else { throw DeviceTreeError(.unsupportedCells, size, 2) }
  }
}
