/// The services as they travel in the kernel's image, checked as a whole before anything is believed.
///
/// `BundleLayout` draws the format. Once `init` has returned, no accessor can fail: every offset, count
/// and address in the bundle has been held against the rules that `BundleError.Reason` lists. The reader
/// works on a span of bytes rather than a raw span, for a raw span has no safe loads in Swift 6.3.
public struct Bundle: ~Escapable {
  /// The bundle's bytes, exactly as many as its header says.
  public let bytes: Span<UInt8>
  /// Entries in the table: 0 is `memory`, 1 is `init`.
  public let count: Int

  /// Checks `bytes`, which may run on behind the bundle's end.
  ///
  /// - Parameter verifyingChecksum: false where the checksum has been verified since boot, as the kernel
  ///   does before it starts the first task; everything else is checked all the same.
  @_lifetime(copy bytes)
  public init(_ bytes: Span<UInt8>, verifyingChecksum: Bool = true) throws(BundleError) {
    try self.init(headerOf: bytes)
    if verifyingChecksum {
      try BundleCheck.checksum(self.bytes)
    }
    try BundleCheck.entries(self)
  }

  @_lifetime(copy bytes)
  private init(headerOf bytes: Span<UInt8>) throws(BundleError) {
    let size = try BundleCheck.header(bytes)
    self.bytes = bytes.extracting(0..<size)
    self.count = Int(bytes.word32(at: BundleLayout.Header.entryCount))
  }

  /// Checks `bytes`, which must be the bundle and nothing else: pages behind it, which no checksum covers, would
  /// otherwise be handed out as the bundle's.
  @_lifetime(copy bytes)
  public init(exactly bytes: Span<UInt8>) throws(BundleError) {
    try self.init(bytes)
    try checkEnd(of: bytes)
  }

  /// Bytes of which a `Bundle` was made before and which nobody can have written since, read-only pages: they are not
  /// checked again. Of other bytes this stops, or tells nonsense, but reads nothing outside of them.
  @_lifetime(copy bytes)
  public init(checked bytes: Span<UInt8>) {
    self.bytes = bytes.extracting(0..<Int(truncatingIfNeeded: bytes.word64(at: BundleLayout.Header.byteCount)))
    self.count = Int(bytes.word32(at: BundleLayout.Header.entryCount))
  }

  /// The first entry's program, of a bundle that came in the kernel's own image, where the packer put it after a check of
  /// the whole. Header and this program are checked, for boot uses nothing else; who does makes a `Bundle`.
  public static func firstProgram(of bytes: Span<UInt8>) throws(BundleError) -> Program {
    let bundle = try Bundle(headerOf: bytes)
    try bundle.checkEnd(of: bytes)
    return try BundleCheck.program(at: 0, in: bundle)
  }

  private func checkEnd(of given: Span<UInt8>) throws(BundleError) {
    try BundleCheck.require(bytes.count == given.count, .trailingBytes, given.count, bytes.count)
  }

  /// The program of the entry at `index`, which must be less than `count`.
  public func program(_ index: Int) -> Program {
    precondition(index >= 0 && index < count, "no such entry in the bundle")
    return Program(bytes, at: BundleLayout.headerSize + index * BundleLayout.entrySize)
  }

  /// The entry at `index`, which must be less than `count`.
  public subscript(index: Int) -> Entry {
    precondition(index >= 0 && index < count, "no such entry in the bundle")
    return Entry(bytes, at: BundleLayout.headerSize + index * BundleLayout.entrySize)
  }

  /// The index of the entry called `name`.
  public func index(named name: UInt64) -> Int? {
    for index in 0..<count where self.name(at: index) == name {
      return index
    }
    return nil
  }

  /// The bytes that the bundle holds for `segment`, a whole number of pages.
  @_lifetime(copy self)
  public func contents(of segment: Segment) -> Span<UInt8> {
    bytes.extracting(segment.offset..<segment.fileEnd)
  }

  /// `ascii` as a name's word, or nil where it is empty, longer than eight bytes or not printable.
  public static func name(_ ascii: some Sequence<UInt8>) -> UInt64? {
    var word: UInt64 = 0
    var shift: UInt64 = 0
    for byte in ascii {
      guard shift < 64, byte > 0x20, byte < 0x7f else { return nil }
      word |= UInt64(byte) &<< shift
      shift += 8
    }
    return shift == 0 ? nil : word
  }

  /// The name of the entry at `index`, without decoding the rest of it.
  func name(at index: Int) -> UInt64 {
    bytes.word64(at: BundleLayout.headerSize + index * BundleLayout.entrySize + BundleLayout.Entry.name)
  }
}

extension Span<UInt8> {
  /// The little-endian word at `offset`.
  func word32(at offset: Int) -> UInt32 {
    // One check of bounds for the four bytes.
    let bytes = extracting(offset..<offset + 4)
    return UInt32(bytes[0]) | UInt32(bytes[1]) &<< 8 | UInt32(bytes[2]) &<< 16 | UInt32(bytes[3]) &<< 24
  }

  /// The little-endian double word at `offset`.
  func word64(at offset: Int) -> UInt64 {
    UInt64(word32(at: offset)) | UInt64(word32(at: offset + 4)) &<< 32
  }
}
