/// Why a bundle was refused, with the value found and the one that would have done.
public struct BundleError: Error, Equatable {
  /// The rule that was broken.
  public enum Reason: UInt8, Sendable {
    case truncated = 1
    case wrongMagic
    case unknownVersion
    case wrongEntrySize
    case unalignedSize
    case wrongChecksum
    case tooFewEntries
    case tooManyEntries
    case wrongName
    case malformedName
    case duplicateName
    case priorityTooHigh
    case tooManyHandleFrames
    case tooManySegments
    case noSegment
    case tooManyGrants
    case tooManyPeers
    case peerOutside
    case peerRepeated
    case unknownFlags
    case emptyStack
    case stackTooLarge
    case noQuota
    case unalignedOffset
    case offsetOutside
    case unalignedAddress
    case addressTooLow
    case addressTooHigh
    case emptySegment
    case moreFileThanMemory
    case zeroFillReadOnly
    case unknownRights
    case notReadable
    case writableAndExecutable
    case segmentsOverlap
    case stackOverlaps
    case pagesShared
    case startNotExecutable
    case unalignedStart
    case malformedCompatible
    case trailingBytes
    case unknownUnit
  }

  /// The rule that was broken.
  public let reason: Reason
  /// The entry concerned; 255 where it is the bundle as a whole.
  public let entry: UInt8
  /// The value that was found.
  public let found: UInt64
  /// The limit it broke or the value that was expected.
  public let expected: UInt64

  /// A refusal of `found` where `expected` was the rule.
  public init(_ reason: Reason, entry: Int = 255, found: UInt64, expected: UInt64) {
    self.reason = reason
    self.entry = UInt8(truncatingIfNeeded: entry)
    self.found = found
    self.expected = expected
  }
}

extension BundleError.Reason {
  /// The rule in words, to be followed by the two values. Not for code that runs before the MMU: the
  /// texts are found through a table of absolute addresses.
  public var words: StaticString {
    switch self {
    case .truncated: "bytes present, bytes needed"
    case .wrongMagic: "magic, not that of a bundle"
    case .unknownVersion: "format version, expected"
    case .wrongEntrySize: "bytes in an entry, expected"
    case .unalignedSize: "total bytes, not a multiple of"
    case .wrongChecksum: "checksum, expected"
    case .tooFewEntries: "entries, at least"
    case .tooManyEntries: "entries, at most"
    case .wrongName: "name of a fixed entry, expected"
    case .malformedName: "name, not printable ASCII padded with zeroes"
    case .duplicateName: "name, also that of entry"
    case .priorityTooHigh: "priority, at most"
    case .tooManyHandleFrames: "handle frames, at most"
    case .tooManySegments: "segments, at most"
    case .noSegment: "segments, at least"
    case .tooManyGrants: "grants, at most"
    case .tooManyPeers: "peers, at most"
    case .peerOutside: "peer, entries"
    case .peerRepeated: "peer, repeated or the entry itself"
    case .unknownFlags: "flags, known"
    case .emptyStack: "stack pages, at least"
    case .stackTooLarge: "stack pages, at most"
    case .noQuota: "frames of quota, at least"
    case .unalignedOffset: "offset, not a multiple of"
    case .offsetOutside: "offset outside the bundle's pages, limit"
    case .unalignedAddress: "address, not a multiple of"
    case .addressTooLow: "address, at least"
    case .addressTooHigh: "address of a range that must end by"
    case .emptySegment: "pages in memory, at least"
    case .moreFileThanMemory: "pages in the bundle, pages in memory"
    case .zeroFillReadOnly: "pages in memory of a read-only segment, pages in the bundle"
    case .unknownRights: "rights, known"
    case .notReadable: "rights, which lack"
    case .writableAndExecutable: "rights, writable and executable"
    case .segmentsOverlap: "address of a segment, inside another that ends at"
    case .stackOverlaps: "address of the stack's guard page, inside a segment that ends at"
    case .pagesShared: "offset of a segment, inside another's pages that end at"
    case .startNotExecutable: "entry address, in none of the executable segments of"
    case .unalignedStart: "entry address, not a multiple of"
    case .malformedCompatible: "bytes of a list of compatible strings, at most"
    case .trailingBytes: "bytes present, the bundle ends after"
    case .unknownUnit: "which nodes a grant means, at most"
    }
  }
}
