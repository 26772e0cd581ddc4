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

  /// Bytes of the shortest known name, "arm,psci".
  private static var leastBytes: Int { 8 }

  /// Whether `list`, the value of a `compatible`, holds no text that begins as one of the known names: most do not.
  @inline(__always) static func isForeign(_ list: DeviceTreeProperty, in tree: DeviceTree<some BlobSource>) -> Bool {
    var start = list.offset
    return !findText(from: &start, list.offset &+ list.byteCount, in: tree)
  }

  /// The devices that `list`, the value of a `compatible`, names.
  init(_ list: DeviceTreeProperty, in tree: DeviceTree<some BlobSource>) {
    let end = list.offset &+ list.byteCount
    var start = list.offset
    while Self.findText(from: &start, end, in: tree) {
      add(start, end, in: tree)
      start &+= Self.leastBytes
    }
  }

  /// Goes on from `start`, in a list that ends at `end`, to a text whose eight first letters are those of a known name;
  /// false where none is left. Behind `start` a text is looked for from the next zero byte on.
  @inline(__always)
  private static func findText(from start: inout Int, _ end: Int, in tree: DeviceTree<some BlobSource>) -> Bool {
    // A text that begins behind it is too short.
    let last = end &- leastBytes
    while start <= last {
      if tree.fourBytes(at: start) == letters("arm,") {
        switch tree.fourBytes(at: start &+ 4) {
        case letters("pl01"), letters("psci"), letters("gic-"), letters("cort"): return true
        default: break
        }
      }
      guard let next = tree.firstZero(from: start, before: last) else { return false }
      start = next &+ 1
    }
    return false
  }

  /// Adds the device that the text from `start`, which begins with "arm,", names.
  private mutating func add(_ start: Int, _ end: Int, in tree: DeviceTree<some BlobSource>) {
    @inline(__always) func known(_ name: StaticString) -> Bool { tree.isText(at: start, end: end, name) }
    switch tree.fourBytes(at: start &+ 4) {
    case letters("pl01"):
      if known("arm,pl011") { bits |= Self.uart }
    case letters("psci"):
      // The letters behind tell the version.
      if known("arm,psci-1.0") {
        bits |= Self.psci10
      } else if known("arm,psci-0.2") {
        bits |= Self.psci02
      } else if known("arm,psci") {
        bits |= Self.psci
      }
    case letters("gic-"):
      if known("arm,gic-400") {
        bits |= Self.gicVersion2
      } else if known("arm,gic-v3") {
        bits |= Self.gicVersion3
      }
    case letters("cort"):
      if known("arm,cortex-a15-gic") || known("arm,cortex-a7-gic") { bits |= Self.gicVersion2 }
    default: break
    }
  }
}

/// The properties that boot looks at in every node, recognised by where their names lie in the strings block.
struct KnownNames {
  /// What a name is; 0: another one.
  static var compatible: UInt8 { 1 }
  static var deviceType: UInt8 { 2 }
  static var status: UInt8 { 3 }

  /// Bytes of the strings block whose names are known by their place; those behind are read each time.
  private static var reach: Int { 512 }
  /// Bytes of the longest known name, "device_type".
  private static var mostBytes: Int { 11 }
  private var kinds = InlineArray<512, UInt8>(repeating: 0)
  private var end = 0

  /// What the name is that lies `place` bytes behind the start of the strings block; nil where it must be read.
  @inline(__always) mutating func kind(of place: Int) -> UInt8? {
    place < end ? kinds[place & (Self.reach &- 1)] : nil
  }

  /// Reads the names once, by the zeros that end them: a name may be the end of a longer one, and may be there twice.
  mutating func read(_ tree: DeviceTree<some BlobSource>) {
    end = min(tree.lastName &+ 1, Self.reach)
    // The last of them may end behind.
    let last = tree.strings.start &+ min(tree.lastName, Self.reach &+ Self.mostBytes)
    var name = tree.strings.start
    while let zero = Self.findEnd(from: name, before: last &+ 1, in: tree) {
      note(zero &- 10, in: tree)
      note(zero &- 11, in: tree)
      note(zero &- 6, in: tree)
      name = zero &+ 1
    }
  }

  /// The first zero at or behind `start` that ends a name whose last three letters are those of a known one. A word is
  /// looked at with the one before it.
  @inline(never) private static func findEnd(
    from start: Int, before end: Int, in tree: DeviceTree<some BlobSource>
  ) -> Int? {
    var position = start & ~3
    var before: UInt32 = 0
    while position < end {
      let word = tree.source.word(at: position)
      var zeros = tree.zeros(in: word)
      while zeros != 0 {
        let zero = zeros.trailingZeroBitCount & ~7
        let last = UInt32(truncatingIfNeeded: (UInt64(word) &<< 32 | UInt64(before)) &>> UInt64(zero &+ 8))
        switch last {
        case letters("ble\0"), letters("ype\0"), letters("tus\0"):
          if position &+ zero &>> 3 >= start { return position &+ zero &>> 3 }
        default: break
        }
        zeros &= zeros &- 1
      }
      before = word
      position &+= 4
    }
    return nil
  }

  @inline(never) private mutating func note(_ offset: Int, in tree: DeviceTree<some BlobSource>) {
    let place = offset &- tree.strings.start
    if place >= 0, place < end { kinds[place & (Self.reach &- 1)] = Self.kind(of: place, in: tree) }
  }

  /// What the name at a place is, as its letters say.
  @inline(never) static func kind(of place: Int, in tree: DeviceTree<some BlobSource>) -> UInt8 {
    let offset = tree.strings.start &+ place
    @inline(__always) func known(_ name: StaticString) -> Bool { tree.isText(at: offset, end: tree.strings.end, name) }
    switch tree.fourBytes(at: offset) {
    case letters("comp"): return known("compatible") ? compatible : 0
    case letters("devi"): return known("device_type") ? deviceType : 0
    case letters("stat"): return known("status") ? status : 0
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
