/// The rules of the format, each a refusal that names what was found and what was expected.
enum BundleCheck {
  /// Checks the header and answers the bundle's size in bytes.
  static func header(_ bytes: Span<UInt8>) throws(BundleError) -> Int {
    typealias Field = BundleLayout.Header
    try require(bytes.count >= BundleLayout.headerSize, .truncated, bytes.count, BundleLayout.headerSize)
    let magic = bytes.word64(at: Field.magic)
    guard magic == BundleLayout.magic else {
      throw BundleError(.wrongMagic, found: magic, expected: BundleLayout.magic)
    }
    let version = bytes.word32(at: Field.version)
    try require(version == BundleLayout.version, .unknownVersion, Int(version), Int(BundleLayout.version))
    let size = bytes.word64(at: Field.byteCount)
    guard size <= UInt64(bytes.count) else {
      throw BundleError(.truncated, found: UInt64(bytes.count), expected: size)
    }
    try require(size % UInt64(BundleLayout.pageSize) == 0, .unalignedSize, Int(size), BundleLayout.pageSize)
    let entrySize = Int(bytes.word32(at: Field.entrySize))
    try require(entrySize == BundleLayout.entrySize, .wrongEntrySize, entrySize, BundleLayout.entrySize)
    let count = Int(bytes.word32(at: Field.entryCount))
    try require(count >= 2, .tooFewEntries, count, 2)
    try require(count <= BundleLayout.mostEntries, .tooManyEntries, count, BundleLayout.mostEntries)
    try require(Int(size) >= tableEnd(count), .truncated, Int(size), tableEnd(count))
    return Int(size)
  }

  /// Checks the checksum over everything behind it.
  static func checksum(_ bytes: Span<UInt8>) throws(BundleError) {
    let stored = bytes.word32(at: BundleLayout.Header.checksum)
    let actual = CRC32.checksum(of: bytes, from: BundleLayout.Header.byteCount)
    try require(actual == stored, .wrongChecksum, Int(actual), Int(stored))
  }

  /// Checks every entry, alone and beside the others.
  static func entries(_ bundle: borrowing Bundle) throws(BundleError) {
    for index in 0..<bundle.count {
      _ = try entry(at: index, in: bundle)
    }
    try pages(bundle)
  }

  /// Checks and answers an entry, beside those before it.
  static func entry(at index: Int, in bundle: borrowing Bundle) throws(BundleError) -> Bundle.Entry {
    let entry = bundle[index]
    try counts(bundle.bytes, at: index)
    try numbers(entry, at: index, of: bundle.count)
    try program(at: index, in: bundle)
    try grants(entry, at: index)
    return entry
  }

  /// Checks and answers an entry's program, and its name.
  @discardableResult static func program(
    at index: Int, in bundle: borrowing Bundle
  ) throws(BundleError) -> Bundle.Program {
    typealias Most = BundleLayout
    let base = BundleLayout.headerSize + index * BundleLayout.entrySize
    let program = Bundle.Program(bundle.bytes, at: base)
    try name(bundle.name(at: index), at: index, in: bundle)
    let segments = Int(bundle.bytes[base + BundleLayout.Entry.segmentCount])
    try require(segments >= 1, .noSegment, segments, 1, index)
    try require(segments <= Most.mostSegments, .tooManySegments, segments, Most.mostSegments, index)
    try require(
      program.priority <= Most.mostPriority, .priorityTooHigh, Int(program.priority), Int(Most.mostPriority), index)
    try require(
      program.handleFrames <= Most.mostHandleFrames, .tooManyHandleFrames, program.handleFrames, Most.mostHandleFrames,
      index)
    for slot in 0..<program.segmentCount {
      try segment(program.segments[slot], at: index, in: bundle)
    }
    try layout(program, at: index)
    return program
  }

  /// The first byte behind a table of `count` entries.
  static func tableEnd(_ count: Int) -> Int { BundleLayout.headerSize + count * BundleLayout.entrySize }

  private static func name(_ name: UInt64, at index: Int, in bundle: borrowing Bundle) throws(BundleError) {
    if index < 2 {
      let fixed = index == 0 ? BundleLayout.memoryName : BundleLayout.initName
      guard name == fixed else { throw BundleError(.wrongName, entry: index, found: name, expected: fixed) }
    }
    try wellFormed(name, at: index)
    for other in 0..<index where bundle.name(at: other) == name {
      throw BundleError(.duplicateName, entry: index, found: name, expected: UInt64(other))
    }
  }

  /// The counts as they are stored, for a decoded entry has them clamped; its program's is checked with it.
  private static func counts(_ bytes: Span<UInt8>, at index: Int) throws(BundleError) {
    typealias Field = BundleLayout.Entry
    let base = BundleLayout.headerSize + index * BundleLayout.entrySize
    let grants = Int(bytes[base + Field.grantCount])
    try require(grants <= BundleLayout.mostGrants, .tooManyGrants, grants, BundleLayout.mostGrants, index)
    let peers = Int(bytes[base + Field.peerCount])
    try require(peers <= BundleLayout.mostPeers, .tooManyPeers, peers, BundleLayout.mostPeers, index)
  }

  private static func numbers(_ entry: Bundle.Entry, at index: Int, of count: Int) throws(BundleError) {
    try require(entry.quota >= 1, .noQuota, entry.quota, 1, index)
    let flags = Int(entry.flags.rawValue)
    try require(
      flags & ~Int(Bundle.Flags.all.rawValue) == 0, .unknownFlags, flags, Int(Bundle.Flags.all.rawValue), index)
    for slot in 0..<entry.peerCount {
      let peer = Int(entry.peers[slot])
      try require(peer < count, .peerOutside, peer, count, index)
      try require(peer != index, .peerRepeated, peer, index, index)
      for earlier in 0..<slot {
        try require(Int(entry.peers[earlier]) != peer, .peerRepeated, peer, index, index)
      }
    }
  }
}

extension BundleCheck {
  /// Refuses unless `holds`.
  static func require(
    _ holds: Bool, _ reason: BundleError.Reason, _ found: Int, _ expected: Int, _ entry: Int = 255
  ) throws(BundleError) {
    guard holds else {
      throw BundleError(
        reason, entry: entry, found: UInt64(truncatingIfNeeded: found), expected: UInt64(truncatingIfNeeded: expected))
    }
  }

  /// Refuses a name that is empty, unprintable, or has a letter behind its padding.
  static func wellFormed(_ name: UInt64, at index: Int) throws(BundleError) {
    var rest = name
    while rest != 0, rest & 0xff > 0x20, rest & 0xff < 0x7f {
      rest &>>= 8
    }
    guard name != 0, rest == 0 else {
      throw BundleError(.malformedName, entry: index, found: name, expected: 0)
    }
  }
}
