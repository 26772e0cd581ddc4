/// Why a device tree was refused, with the value found and the one that would have done.
public struct DeviceTreeError: Error, Equatable {
  /// The rule that was broken. The raw value is what a kernel without a UART leaves in x0.
  public enum Reason: UInt8, Sendable {
    case truncated = 1
    case wrongMagic
    case versionTooOld
    case incompatible
    case unaligned
    case blockOutside
    case badToken
    case nestingTooDeep
    case unterminated
    case propertyBehindChild
    case badLength
    case unsupportedCells
    case notTranslatable
    case rangeOverflows
    case tooMany
    case pathTooLong
    case noSuchPhandle
    case foreignInterrupt
    case unsupportedInterrupt
    case noMemory
    case memoryOverlaps
    case noUART
    case noGIC
    case tooFewRanges
    case cpuInterfaceTooSmall
  }

  /// The rule that was broken.
  public let reason: Reason
  /// The value that was found.
  public let found: UInt64
  /// The limit it broke, the value that was expected, or the place, as the reason's words say.
  public let expected: UInt64

  /// A refusal of `found` where `expected` was the rule.
  public init(_ reason: Reason, found: UInt64, expected: UInt64) {
    self.reason = reason
    self.found = found
    self.expected = expected
  }

  /// A refusal in offsets and lengths, none of which is negative.
  init(_ reason: Reason, _ found: Int, _ expected: Int) {
    self.init(reason, found: UInt64(truncatingIfNeeded: found), expected: UInt64(truncatingIfNeeded: expected))
  }
}

extension DeviceTreeError.Reason {
  /// The rule in words, to be followed by the two values. Not for code that runs before the MMU: the
  /// texts are found through a table of absolute addresses.
  public var words: StaticString {
    switch self {
    case .truncated: "bytes present, bytes needed"
    case .wrongMagic: "magic, expected"
    case .versionTooOld: "version, at least"
    case .incompatible: "last compatible version, at most"
    case .unaligned: "offset, not a multiple of"
    case .blockOutside: "offset of a block's end, total bytes"
    case .badToken: "token, at offset"
    case .nestingTooDeep: "nodes nested, at most"
    case .unterminated: "offset of a text without an end, block ends at"
    case .propertyBehindChild: "offset of a property behind a child of the node at"
    case .badLength: "bytes of a property, expected a multiple of"
    case .unsupportedCells: "address and size cells, at most"
    case .notTranslatable: "address without a translation, at the bus at offset"
    case .rangeOverflows: "base of a range that overflows, its size"
    case .tooMany: "ranges or interrupts, at most"
    case .pathTooLong: "bytes of a path, at most"
    case .noSuchPhandle: "phandle of no node, named at offset"
    case .foreignInterrupt: "interrupt parent, not a GIC, at offset; wanted by the node at"
    case .unsupportedInterrupt: "interrupt of the specifier, at most"
    case .noMemory: "memory ranges, at least"
    case .memoryOverlaps: "base of a memory range, inside another that ends at"
    case .noUART: "UARTs of type arm,pl011, at least"
    case .noGIC: "interrupt controllers of type GICv2 or GICv3, at least"
    case .tooFewRanges: "ranges of the interrupt controller, at least"
    case .cpuInterfaceTooSmall: "bytes of the GIC's CPU interface, at least"
    }
  }
}
