/// An ELF64 file for AArch64, its headers held against the file's length before they are believed.
///
/// Field offsets are those of the System V ABI (gABI 4.1), chapters 4 and 5.
public struct ELFFile: Sendable {
  /// The whole file.
  public let bytes: [UInt8]
  /// The address of the first instruction.
  public let start: UInt64
  /// The program headers, in the file's order.
  public let programHeaders: [ProgramHeader]
  /// The section headers, in the file's order.
  public let sections: [Section]

  /// A program header.
  public struct ProgramHeader: Equatable, Sendable {
    /// What it describes: 1 LOAD, 2 DYNAMIC, 3 INTERP, 7 TLS.
    public var type: UInt32
    /// Bit 0 executable, bit 1 writable, bit 2 readable.
    public var flags: UInt32
    /// Offset of its bytes in the file.
    public var offset: UInt64
    /// Where it is mapped.
    public var address: UInt64
    /// Where it is loaded.
    public var physicalAddress: UInt64
    /// Bytes in the file.
    public var fileSize: UInt64
    /// Bytes in memory; those beyond the file's are zero.
    public var memorySize: UInt64
    /// The first address behind it.
    public var end: UInt64 { address + memorySize }
    /// Whether it may be executed.
    public var isExecutable: Bool { flags & 1 != 0 }
    /// Whether it may be written.
    public var isWritable: Bool { flags & 2 != 0 }
    /// Whether it may be read.
    public var isReadable: Bool { flags & 4 != 0 }
  }

  /// A section header.
  public struct Section: Equatable, Sendable {
    /// Its name.
    public var name: String
    /// What it holds: 1 PROGBITS, 4 RELA, 8 NOBITS, 9 REL.
    public var type: UInt32
    /// Bit 0 writable, bit 1 in memory, bit 2 executable.
    public var flags: UInt64
    /// Where it is mapped.
    public var address: UInt64
    /// Its bytes.
    public var size: UInt64
  }

  /// Reads `bytes`, refusing what is no such file or points outside itself.
  public init(_ bytes: [UInt8]) throws(ELFError) {
    self.bytes = bytes
    let reader = Reader(bytes: bytes)
    try reader.checkIdentity()
    start = reader.word64(24)
    programHeaders = try reader.programHeaders()
    sections = try reader.sections()
    for header in programHeaders where header.type == ELFFile.load {
      let end = header.offset.addingReportingOverflow(header.fileSize)
      guard !end.overflow, end.partialValue <= bytes.count else {
        throw ELFError(.truncated, bytes.count, end.overflow ? .max : end.partialValue)
      }
      guard header.fileSize <= header.memorySize else {
        throw ELFError(.moreFileThanMemory, header.fileSize, header.memorySize)
      }
      guard !header.address.addingReportingOverflow(header.memorySize).overflow else {
        throw ELFError(.addressTooHigh, header.address, UInt64.max)
      }
    }
  }

  /// The type of a loadable program header.
  static var load: UInt32 { 1 }

  /// The loadable segments that take memory, by address.
  public var loads: [ProgramHeader] {
    programHeaders.filter { $0.type == Self.load && $0.memorySize > 0 }.sorted { $0.address < $1.address }
  }

  /// The bytes that the file holds for `header`.
  func contents(_ header: ProgramHeader) -> ArraySlice<UInt8> {
    bytes[Int(header.offset)..<Int(header.offset + header.fileSize)]
  }

  /// The section called `name`.
  public func section(_ name: String) throws(ELFError) -> Section {
    guard let section = sections.first(where: { $0.name == name }) else { throw ELFError(.noSection, 0, 1) }
    return section
  }
}
