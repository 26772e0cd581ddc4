/// What a node is, of the devices that boot knows: bits, for a `compatible` list may name several.
struct KnownDevices {
  private(set) var bits: UInt8 = 0

  static var uart: UInt8 { 1 }
  static var gicVersion2: UInt8 { 2 }
  static var gicVersion3: UInt8 { 4 }
  static var psci: UInt8 { 8 }
  static var psci02: UInt8 { 16 }
  static var psci10: UInt8 { 32 }

  /// Whether one of the devices in `wanted` is named.
  func contains(_ wanted: UInt8) -> Bool { bits & wanted != 0 }

  /// The GIC that is named.
  var gic: GIC.Version? { contains(Self.gicVersion3) ? .v3 : contains(Self.gicVersion2) ? .v2 : nil }

  /// The newest PSCI that is named: 3 is 1.0, 0 is none.
  var psciVersion: Int { contains(Self.psci10) ? 3 : contains(Self.psci02) ? 2 : contains(Self.psci) ? 1 : 0 }

  /// The devices that `list`, the value of a `compatible`, names.
  init(_ list: DeviceTreeProperty, in tree: DeviceTree<some BlobSource>) {
    var start = 0
    while start < list.byteCount {
      let text = tree.text(list, from: start)
      add(text, in: tree)
      start = text.end &- list.offset &+ 1
    }
  }

  /// All known names begin alike, so that one word and one letter turn most others away.
  private mutating func add(_ text: Text, in tree: DeviceTree<some BlobSource>) {
    guard text.end &- text.start > 4, tree.fourBytes(at: text.start) == letters("arm,") else { return }
    func known(_ name: StaticString) -> Bool { tree.isText(at: text.start, end: text.end, name) }
    switch tree.byte(at: text.start &+ 4) {
    case UInt8(ascii: "p"):
      if known("arm,pl011") { bits |= Self.uart }
      if known("arm,psci") { bits |= Self.psci }
      if known("arm,psci-0.2") { bits |= Self.psci02 }
      if known("arm,psci-1.0") { bits |= Self.psci10 }
    case UInt8(ascii: "g"):
      if known("arm,gic-400") { bits |= Self.gicVersion2 }
      if known("arm,gic-v3") { bits |= Self.gicVersion3 }
    case UInt8(ascii: "c"):
      if known("arm,cortex-a15-gic") || known("arm,cortex-a7-gic") { bits |= Self.gicVersion2 }
    default: break
    }
  }
}

/// The properties that boot looks at in every node, recognised by their names.
///
/// A tree holds each name once as a rule, and uses it in many nodes: so what a name is stands in a cache, by
/// the name's place.
struct KnownNames {
  static var compatible: Int { 1 }
  static var deviceType: Int { 2 }
  static var status: Int { 3 }

  /// Offset of a name, and what it is in bits 1:0. No name has offset 0, which lies in the header.
  private var cache = InlineArray<64, Int>(repeating: 0)

  /// Which property's name lies at `offset`; 0: another one.
  mutating func name(at offset: Int, in tree: DeviceTree<some BlobSource>) -> Int {
    let cached = cache[offset & 63]
    if cached &>> 2 == offset { return cached & 3 }
    let name = Self.read(at: offset, in: tree)
    cache[offset & 63] = offset &<< 2 | name
    return name
  }

  @inline(never) private static func read(at offset: Int, in tree: DeviceTree<some BlobSource>) -> Int {
    func known(_ name: StaticString) -> Bool { tree.isText(at: offset, end: tree.strings.end, name) }
    switch tree.byte(at: offset) {
    case UInt8(ascii: "c"): return known("compatible") ? compatible : 0
    case UInt8(ascii: "d"): return known("device_type") ? deviceType : 0
    case UInt8(ascii: "s"): return known("status") ? status : 0
    default: return 0
    }
  }
}

/// Four letters as `fourBytes` reads them: a constant.
@inline(__always) func letters(_ text: StaticString) -> UInt32 {
  // Safety: each use gives a literal of four letters, whose bytes are constants.
  unsafe UInt32(text.utf8Start[0]) | UInt32(text.utf8Start[1]) &<< 8 | UInt32(text.utf8Start[2]) &<< 16
    | UInt32(text.utf8Start[3]) &<< 24
}
