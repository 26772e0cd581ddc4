/// Looks on while the tree is scanned, and keeps what boot needs of it: each node is passed once.
///
/// It is some 1,500 bytes long: the kernel has one that lies where the linker put it, and reads in place.
public struct Survey: TreeVisitor {
  var place = DeviceTreeNode()
  /// The facts that were found on the way: memory, reserved memory, cores.
  public internal(set) var facts = BootFacts()
  /// The first enabled PL011, and how many there are.
  var uart = DeviceTreeNode()
  private(set) var uartCount = 0
  /// The first enabled GIC.
  private(set) var gic = DeviceTreeNode()
  private(set) var gicVersion: GIC.Version?
  /// Offset of the first enabled node of the newest PSCI.
  private(set) var firmware = 0
  private var psciVersion = 0
  /// Offsets of the first nodes under the root that are called so; 0 where there are none.
  private(set) var chosen = 0
  private var cores = 0
  private var reservedMemory = 0

  /// The node whose `reg` was last asked for lies on this bus.
  var bus = (offset: 0, cells: Cells())
  var names = KnownNames()
  /// Offsets of the first property of each kind that the passing node has; 0 where it has none.
  private var offsets = InlineArray<4, UInt32>(repeating: 0)
  /// Whether the node may be one that boot looks for: most are not.
  private(set) var isNoteworthy = false
  /// The depth of the uppermost disabled node above, or of the node itself.
  private var disabledDepth = Int.max

  /// No node was seen yet.
  public init() {}

  /// A range of RAM; less than `facts.memory.count`. The facts are too long to be copied for one.
  public mutating func memory(_ index: Int) -> AddressRange { facts.memory.range(index) }

  /// Likewise of the RAM that must be left alone.
  public mutating func reserved(_ index: Int) -> AddressRange { facts.reserved.range(index) }

  @inline(__always) mutating func takes<S>(_ name: Int, at offset: Int, in tree: DeviceTree<S>) -> Bool {
    guard let kind = names.kind(of: name) else { return false }
    note(kind, at: offset, in: tree)
    return true
  }

  mutating func property<S>(_ name: Int, at offset: Int, in tree: DeviceTree<S>) {
    note(KnownNames.kind(of: name, in: tree), at: offset, in: tree)
  }

  @inline(__always) private mutating func note<S>(_ kind: UInt8, at offset: Int, in tree: DeviceTree<S>) {
    if kind == 0 || offsets[Int(kind & 3)] != 0 { return }
    offsets[Int(kind & 3)] = UInt32(truncatingIfNeeded: offset)
    if kind != KnownNames.compatible || !KnownDevices.isForeign(tree.property(at: offset), in: tree) {
      isNoteworthy = true
    }
  }

  /// Of the nodes under the root, those are looked at whose names begin as those of three that boot looks for.
  @inline(__always) mutating func begin<S>(in tree: DeviceTree<S>) {
    offsets = .init(repeating: 0)
    guard place.depth == 1 else { return }
    let first = UInt8(truncatingIfNeeded: tree.source.word(at: place.offset &+ 4))
    if first == UInt8(ascii: "c") || first == UInt8(ascii: "r") { isNoteworthy = true }
  }

  @inline(never) mutating func propertiesEnd<S>(in tree: DeviceTree<S>) throws(DeviceTreeError) {
    let depth = place.depth
    if depth == 1 { compareName(of: place.offset, in: tree) }
    if depth <= disabledDepth { disabledDepth = tree.isOkay(found(KnownNames.status, in: tree)) ? .max : depth }
    if disabledDepth == .max {
      if let type = found(KnownNames.deviceType, in: tree) { try noteType(type, in: tree) }
      if depth == 2, place.ancestor(at: 1) == reservedMemory {
        try facts.reserved.append(registers(of: place, in: tree), of: place, in: tree)
      }
      if let list = found(KnownNames.compatible, in: tree) { note(KnownDevices(list, in: tree), in: tree) }
    }
    isNoteworthy = disabledDepth != .max || reservedMemory != 0
  }

  /// The first property of a kind that the passing node has.
  private mutating func found<S>(_ kind: UInt8, in tree: DeviceTree<S>) -> DeviceTreeProperty? {
    let offset = Int(offsets[Int(kind)])
    return offset == 0 ? nil : tree.property(at: offset)
  }

  private mutating func compareName<S>(of offset: Int, in tree: DeviceTree<S>) {
    @inline(__always) func isCalled(_ name: StaticString) -> Bool { tree.isName(ofNodeAt: offset, name) }
    switch tree.source.word(at: offset &+ 4) {
    case letters("chos"): if chosen == 0, isCalled("chosen") { chosen = offset }
    case letters("cpus"): if cores == 0, isCalled("cpus") { cores = offset }
    case letters("rese"): if reservedMemory == 0, isCalled("reserved-memory") { reservedMemory = offset }
    default: break
    }
  }

  private mutating func noteType<S>(_ type: DeviceTreeProperty, in tree: DeviceTree<S>) throws(DeviceTreeError) {
    if place.depth == 1, tree.isText(type, "memory") {
      try facts.memory.append(registers(of: place, in: tree), of: place, in: tree)
    }
    if place.depth == 2, place.ancestor(at: 1) == cores, tree.isText(type, "cpu") { facts.cpuCount += 1 }
  }

  private mutating func note<S>(_ devices: KnownDevices, in tree: DeviceTree<S>) {
    guard devices.bits != 0 else { return }
    if devices.contains(KnownDevices.uart) {
      if uartCount == 0 { uart = place }
      uartCount += 1
    }
    if gicVersion == nil, let version = devices.gic,
      tree.property("interrupt-controller", ofNodeAt: place.offset) != nil
    {
      gic = place
      gicVersion = version
    }
    if devices.psciVersion > psciVersion {
      firmware = place.offset
      psciVersion = devices.psciVersion
    }
  }
}
