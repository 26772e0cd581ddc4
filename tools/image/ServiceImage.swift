internal import ABI

/// A service's ELF file, held against everything that the bundle and the loader rely on.
public struct ServiceImage: Sendable {
  /// The segments to be mapped, by address.
  public let segments: [ELFFile.ProgramHeader]
  /// The address of the first instruction.
  public let start: UInt64
  /// The file.
  public let file: ELFFile

  /// Checks `file`: fixed addresses, nothing left to link, whole pages of one kind of right each.
  public init(_ file: ELFFile) throws(ELFError) {
    self.file = file
    start = file.start
    segments = file.loads
    try ServiceImage.checkLinked(file)
    guard segments.count >= 1 else { throw ELFError(.noSegment, segments.count, 1) }
    guard segments.count <= BundleLayout.mostSegments else {
      throw ELFError(.tooManySegments, segments.count, BundleLayout.mostSegments)
    }
    var previous: UInt64 = 0
    for segment in segments {
      try ServiceImage.check(segment)
      guard segment.address >= previous else { throw ELFError(.segmentsOverlap, segment.address, previous) }
      previous = roundedUp(segment.end, to: UInt64(BundleLayout.pageSize))
    }
    guard file.isExecutable(at: start) else { throw ELFError(.startNotExecutable, start, segments.count) }
  }

  /// The first page behind the last segment.
  public var end: UInt64 { roundedUp(segments.last?.end ?? 0, to: UInt64(BundleLayout.pageSize)) }

  private static func checkLinked(_ file: ELFFile) throws(ELFError) {
    for header in file.programHeaders {
      if header.type == 2 || header.type == 3 { throw ELFError(.dynamic, header.type, 0) }
      if header.type == 7 { throw ELFError(.threadLocal, header.type, 0) }
    }
    for section in file.sections where section.type == 4 || section.type == 9 {
      guard section.size == 0 else { throw ELFError(.relocations, section.size, 0) }
    }
  }

  private static func check(_ segment: ELFFile.ProgramHeader) throws(ELFError) {
    let page = UInt64(BundleLayout.pageSize)
    guard segment.address % page == 0 else { throw ELFError(.unalignedSegment, segment.address, page) }
    guard segment.address >= BundleLayout.lowestAddress else {
      throw ELFError(.addressTooLow, segment.address, BundleLayout.lowestAddress)
    }
    guard segment.end <= BundleLayout.addressLimit else {
      throw ELFError(.addressTooHigh, segment.address, BundleLayout.addressLimit)
    }
    guard segment.isReadable else { throw ELFError(.notReadable, segment.flags, 4) }
    guard !(segment.isWritable && segment.isExecutable) else {
      throw ELFError(.writableAndExecutable, segment.address, segment.flags)
    }
  }
}

extension ELFFile {
  /// Whether `address` is that of an instruction in an executable segment.
  func isExecutable(at address: UInt64) -> Bool {
    loads.contains { $0.isExecutable && $0.address <= address && address < $0.end } && address % 4 == 0
  }
}

/// The least multiple of `unit` that is not less than `value`.
func roundedUp<Number: BinaryInteger>(_ value: Number, to unit: Number) -> Number {
  (value + unit - 1) / unit * unit
}
