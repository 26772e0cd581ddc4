/// Looks on while the tree is scanned, and keeps what boot needs of it: each node is passed once.
///
/// It is some 1,500 bytes long: the kernel has one that lies where the linker put it, and reads in place.
public struct Survey: TreeVisitor {
  var place = DeviceTreeNode()
  /// The facts that were found on the way: memory, reserved memory, cores.
  public internal(set) var facts = BootFacts()
  /// The first enabled PL011, and how many there are.
  private(set) var uart = DeviceTreeNode()
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

  private var names = KnownNames()
  /// Offsets of the first such properties of the node that is passing; 0 where it has none.
  private var compatible = 0
  private var deviceType = 0
  private var status = 0
  /// The depth of the uppermost disabled node above, or of the node itself.
  private var disabledDepth = Int.max

  /// No node was seen yet.
  public init() {}

  mutating func property<S>(_ property: DeviceTreeProperty, in tree: DeviceTree<S>) {
    switch names.name(at: property.name, in: tree) {
    case KnownNames.compatible: if compatible == 0 { compatible = property.start }
    case KnownNames.deviceType: if deviceType == 0 { deviceType = property.start }
    case KnownNames.status: if status == 0 { status = property.start }
    default: break
    }
  }

  /// Not inlined, so that the scan keeps its registers for the properties, of which there are more.
  @inline(never) mutating func propertiesEnd<S>(in tree: DeviceTree<S>) throws(DeviceTreeError) {
    let depth = place.depth
    if depth <= disabledDepth { disabledDepth = tree.isOkay(tree.property(at: status)) ? .max : depth }
    if depth == 1 { noteName(of: place.offset, in: tree) }
    if disabledDepth == .max {
      if deviceType != 0 { try noteType(in: tree) }
      if depth == 2, place.ancestor(at: 1) == reservedMemory { try facts.reserved.append(regOf: place, in: tree) }
      if let list = tree.property(at: compatible) { note(KnownDevices(list, in: tree), in: tree) }
    }
    (compatible, deviceType, status) = (0, 0, 0)
  }

  private mutating func noteName<S>(of offset: Int, in tree: DeviceTree<S>) {
    switch tree.byte(at: offset &+ 4) {
    case UInt8(ascii: "c"):
      if chosen == 0, tree.isName(ofNodeAt: offset, "chosen") { chosen = offset }
      if cores == 0, tree.isName(ofNodeAt: offset, "cpus") { cores = offset }
    case UInt8(ascii: "r"):
      if reservedMemory == 0, tree.isName(ofNodeAt: offset, "reserved-memory") { reservedMemory = offset }
    default: break
    }
  }

  private mutating func noteType<S>(in tree: DeviceTree<S>) throws(DeviceTreeError) {
    guard let type = tree.property(at: deviceType) else { return }
    if place.depth == 1, tree.isText(type, "memory") { try facts.memory.append(regOf: place, in: tree) }
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
