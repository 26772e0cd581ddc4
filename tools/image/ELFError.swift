/// Why an ELF file was refused, with the value found and the one that would have done.
public struct ELFError: Error, Equatable, CustomStringConvertible {
  /// The rule that was broken, in words that both values follow.
  public enum Reason: String, Sendable {
    case notELF = "not an ELF file: magic, expected"
    case wrongClass = "class is not ELF64: found, expected"
    case wrongEncoding = "not little endian: encoding, expected"
    case wrongType = "not an executable at fixed addresses: type, expected"
    case wrongMachine = "not for AArch64: machine, expected"
    case wrongRecordSize = "bytes of a header record, expected"
    case truncated = "truncated: bytes present, needed"
    case noSegment = "loadable segments, at least"
    case tooManySegments = "loadable segments, at most"
    case moreFileThanMemory = "bytes of a segment in the file, in memory"
    case unalignedSegment = "address of a segment, not a multiple of"
    case addressTooLow = "address of a segment, at least"
    case addressTooHigh = "address of a segment that must end by"
    case notReadable = "rights of a segment, which lack"
    case writableAndExecutable = "segment both writable and executable: address, flags"
    case segmentsOverlap = "address of a segment, in the pages of another that end at"
    case startNotExecutable = "entry address, in none of the executable segments of"
    case dynamic = "dynamically linked: program header, allowed"
    case threadLocal = "thread-local storage: program header, allowed"
    case relocations = "relocations left over: bytes, allowed"
    case noSection = "sections of the name wanted, needed"
  }

  /// The rule that was broken.
  public let reason: Reason
  /// The value that was found.
  public let found: UInt64
  /// The limit it broke, or the value that was expected.
  public let expected: UInt64

  /// A refusal of `found` where `expected` was the rule.
  public init(_ reason: Reason, _ found: some BinaryInteger, _ expected: some BinaryInteger) {
    self.reason = reason
    self.found = UInt64(truncatingIfNeeded: found)
    self.expected = UInt64(truncatingIfNeeded: expected)
  }

  /// The refusal in one line.
  public var description: String { "\(reason.rawValue): \(hexadecimal(found)), \(hexadecimal(expected))" }
}

/// A number as the tools print it: small ones in decimal, addresses in hexadecimal.
func hexadecimal(_ value: UInt64) -> String {
  value < 4096 ? String(value) : "0x" + String(value, radix: 16)
}
