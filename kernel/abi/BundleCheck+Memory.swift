extension BundleCheck {
  /// One segment by itself: where it lies, how long it is, how it is mapped.
  static func segment(
    _ segment: Bundle.Segment, at index: Int, in bundle: borrowing Bundle
  ) throws(BundleError) {
    let page = BundleLayout.pageSize
    try rights(segment.rights, at: index)
    try require(segment.memoryPages >= 1, .emptySegment, segment.memoryPages, 1, index)
    try require(
      segment.filePages <= segment.memoryPages, .moreFileThanMemory, segment.filePages, segment.memoryPages, index)
    try require(
      segment.rights.contains(.writable) || segment.filePages == segment.memoryPages, .zeroFillReadOnly,
      segment.memoryPages, segment.filePages, index)
    try require(segment.offset % page == 0, .unalignedOffset, segment.offset, page, index)
    if segment.filePages > 0 {
      let table = tableEnd(bundle.count)
      try require(segment.offset >= table, .offsetOutside, segment.offset, table, index)
      try require(segment.fileEnd <= bundle.bytes.count, .offsetOutside, segment.fileEnd, bundle.bytes.count, index)
    } else {
      try require(segment.offset == 0, .offsetOutside, segment.offset, 0, index)
    }
    try range(segment.address, pages: segment.memoryPages, at: index)
  }

  /// An entry's address space: segments and the stack with its guard page keep clear of each other, and
  /// the first instruction lies in an executable segment.
  static func layout(_ program: Bundle.Program, at index: Int) throws(BundleError) {
    try require(program.stackPages >= 1, .emptyStack, program.stackPages, 1, index)
    let most = BundleLayout.mostStackPages
    try require(program.stackPages <= most, .stackTooLarge, program.stackPages, most, index)
    let stackBytes = UInt64((program.stackPages + 1) * BundleLayout.pageSize)
    guard program.stackTop >= stackBytes else {
      throw BundleError(.addressTooLow, entry: index, found: program.stackTop, expected: stackBytes)
    }
    let guardPage = program.stackTop - stackBytes
    try range(guardPage, pages: program.stackPages + 1, at: index)
    for slot in 0..<program.segmentCount {
      let segment = program.segments[slot]
      guard segment.end <= guardPage || segment.address >= program.stackTop else {
        throw BundleError(.stackOverlaps, entry: index, found: guardPage, expected: segment.end)
      }
      for earlier in 0..<slot {
        let other = program.segments[earlier]
        guard segment.end <= other.address || other.end <= segment.address else {
          throw BundleError(.segmentsOverlap, entry: index, found: segment.address, expected: other.end)
        }
      }
    }
    try start(program, at: index)
  }

  /// The lists of compatible strings: none empty, each ended by a zero byte; and which of the nodes are meant.
  static func grants(_ entry: Bundle.Entry, at index: Int) throws(BundleError) {
    for slot in 0..<entry.grantCount {
      let grant = entry.grants[slot]
      try wellFormed(grant.name, at: index)
      let most = BundleLayout.mostCompatibleBytes
      try require(
        grant.byteCount >= 2 && grant.byteCount <= most, .malformedCompatible, grant.byteCount, most, index)
      let selections = Int(Bundle.Grant.Unit.address.rawValue)
      try require(Int(grant.selection) <= selections, .unknownUnit, Int(grant.selection), selections, index)
      guard grant.unit == .address || grant.unitAddress == 0 else {
        throw BundleError(.unknownUnit, entry: index, found: grant.unitAddress, expected: 0)
      }
      var previous: UInt8 = 0
      for position in 0..<grant.byteCount {
        let byte = grant.compatibles[position]
        try require(byte != 0 || previous != 0, .malformedCompatible, position, most, index)
        previous = byte
      }
      try require(previous == 0, .malformedCompatible, grant.byteCount, most, index)
    }
  }

  /// No page of the bundle belongs to two segments: what is mapped in place in one task would otherwise
  /// be another's initial data.
  static func pages(_ bundle: borrowing Bundle) throws(BundleError) {
    for index in 0..<bundle.count {
      let entry = bundle[index]
      for slot in 0..<entry.segmentCount where entry.segments[slot].filePages > 0 {
        try pages(entry.segments[slot], slot: slot, at: index, in: bundle)
      }
    }
  }

  private static func pages(
    _ segment: Bundle.Segment, slot: Int, at index: Int, in bundle: borrowing Bundle
  ) throws(BundleError) {
    for earlier in 0...index {
      let entry = bundle[earlier]
      for other in 0..<(earlier == index ? slot : entry.segmentCount) {
        let shared = entry.segments[other]
        guard segment.fileEnd <= shared.offset || shared.fileEnd <= segment.offset else {
          throw BundleError(
            .pagesShared, entry: index, found: UInt64(segment.offset), expected: UInt64(shared.fileEnd))
        }
      }
    }
  }

  private static func rights(_ rights: Bundle.SegmentRights, at index: Int) throws(BundleError) {
    let known = Int(Bundle.SegmentRights.all.rawValue)
    let word = Int(rights.rawValue)
    try require(word & ~known == 0, .unknownRights, word, known, index)
    let readable = Bundle.SegmentRights.readable
    try require(rights.contains(readable), .notReadable, word, Int(readable.rawValue), index)
    let both = rights.contains(.writable) && rights.contains(.executable)
    try require(!both, .writableAndExecutable, word, known, index)
  }

  private static func range(_ address: UInt64, pages: Int, at index: Int) throws(BundleError) {
    let page = UInt64(BundleLayout.pageSize)
    guard address % page == 0 else {
      throw BundleError(.unalignedAddress, entry: index, found: address, expected: page)
    }
    guard address >= BundleLayout.lowestAddress else {
      throw BundleError(.addressTooLow, entry: index, found: address, expected: BundleLayout.lowestAddress)
    }
    // Neither side can wrap: the address is checked by itself first, and pages are at most 2^32.
    let limit = BundleLayout.addressLimit
    guard address < limit, address + UInt64(pages) * page <= limit else {
      throw BundleError(.addressTooHigh, entry: index, found: address, expected: limit)
    }
  }

  private static func start(_ program: Bundle.Program, at index: Int) throws(BundleError) {
    guard program.start % 4 == 0 else {
      throw BundleError(.unalignedStart, entry: index, found: program.start, expected: 4)
    }
    for slot in 0..<program.segmentCount {
      let segment = program.segments[slot]
      if segment.rights.contains(.executable), program.start >= segment.address, program.start < segment.end {
        return
      }
    }
    throw BundleError(
      .startNotExecutable, entry: index, found: program.start, expected: UInt64(program.segmentCount))
  }
}
