extension Bundle.Entry {
  /// The entry whose record begins at `base`. Counts are clamped to their arrays, so that a record may be
  /// decoded before it is checked; the check holds the raw counts against the limits.
  init(_ bytes: Span<UInt8>, at base: Int) {
    typealias Field = BundleLayout.Entry
    self.init()
    name = bytes.word64(at: base + Field.name)
    start = bytes.word64(at: base + Field.start)
    segmentCount = min(Int(bytes[base + Field.segmentCount]), BundleLayout.mostSegments)
    grantCount = min(Int(bytes[base + Field.grantCount]), BundleLayout.mostGrants)
    peerCount = min(Int(bytes[base + Field.peerCount]), BundleLayout.mostPeers)
    priority = bytes[base + Field.priority]
    handleFrames = Int(bytes[base + Field.handleFrames])
    restartLimit = bytes[base + Field.restartLimit]
    restartBackOff = bytes.word32(at: base + Field.restartBackOff)
    flags = Bundle.Flags(rawValue: UInt16(truncatingIfNeeded: bytes.word32(at: base + Field.restartLimit) &>> 8))
    quota = Int(bytes.word32(at: base + Field.quota))
    stackPages = Int(bytes.word32(at: base + Field.stackPages))
    stackTop = bytes.word64(at: base + Field.stackTop)
    for index in 0..<peerCount {
      peers[index] = bytes[base + Field.peers + index]
    }
    for index in 0..<segmentCount {
      segments[index] = Bundle.Segment(bytes, at: base + Field.segments + index * BundleLayout.segmentSize)
    }
    for index in 0..<grantCount {
      grants[index] = Bundle.Grant(bytes, at: base + Field.grants + index * BundleLayout.grantSize)
    }
  }
}

extension Bundle.Program {
  /// The program of the entry whose record begins at `base`; its count is clamped likewise.
  init(_ bytes: Span<UInt8>, at base: Int) {
    typealias Field = BundleLayout.Entry
    self.init()
    start = bytes.word64(at: base + Field.start)
    segmentCount = min(Int(bytes[base + Field.segmentCount]), BundleLayout.mostSegments)
    priority = bytes[base + Field.priority]
    handleFrames = Int(bytes[base + Field.handleFrames])
    stackPages = Int(bytes.word32(at: base + Field.stackPages))
    stackTop = bytes.word64(at: base + Field.stackTop)
    for index in 0..<segmentCount {
      segments[index] = Bundle.Segment(bytes, at: base + Field.segments + index * BundleLayout.segmentSize)
    }
  }
}

extension Bundle.Segment {
  /// The segment whose record begins at `base`.
  init(_ bytes: Span<UInt8>, at base: Int) {
    typealias Field = BundleLayout.Segment
    self.init()
    // A word beyond 2^62 is no offset; it is kept far outside instead of wrapping into the bundle.
    offset = Int(truncatingIfNeeded: min(bytes.word64(at: base + Field.offset), 1 << 62))
    address = bytes.word64(at: base + Field.address)
    filePages = Int(bytes.word32(at: base + Field.filePages))
    memoryPages = Int(bytes.word32(at: base + Field.memoryPages))
    rights = Bundle.SegmentRights(rawValue: bytes.word32(at: base + Field.rights))
  }
}

extension Bundle.Grant {
  /// The grant whose record begins at `base`.
  init(_ bytes: Span<UInt8>, at base: Int) {
    typealias Field = BundleLayout.Grant
    self.init()
    name = bytes.word64(at: base + Field.name)
    byteCount = Int(bytes[base + Field.byteCount])
    selection = bytes[base + Field.selection]
    // The 48 bits behind it are one word with the two bytes before them.
    unitAddress = bytes.word64(at: base + Field.byteCount) &>> 16
    for index in 0..<BundleLayout.mostCompatibleBytes {
      compatibles[index] = bytes[base + Field.compatibles + index]
    }
  }
}
