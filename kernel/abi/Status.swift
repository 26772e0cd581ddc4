/// Why the kernel refused a call. A refused call has changed nothing.
///
/// Travels in x8 with bit 63 set; x0 and x1 hold the two values that the refusal names.
public enum Status: UInt64, Error, Sendable {
  /// No such operation or selector (value: the number).
  case invalidOperation = 1
  /// The slot lies outside the table (value: slot, limit: size of the table).
  case slotOutside = 2
  /// The slot is empty (value: slot).
  case slotEmpty = 3
  /// The slot is taken (value: slot).
  case slotOccupied = 4
  /// The handle names an object of another kind (value: kind found, limit: kind wanted).
  case wrongKind = 5
  /// The handle lacks a right (value: rights held, limit: rights needed).
  case missingRight = 6
  /// An argument is out of range (value: the argument, limit: its bound).
  case outOfRange = 7
  /// A page, frame or address is not aligned (value: the argument, limit: the alignment).
  case unaligned = 8
  /// The frame is not free, or not this authority's (value: frame, limit: its ledger kind).
  case frameNotFree = 9
  /// The frame is not RAM that was claimed (value: frame, limit: its section).
  case frameNotClaimed = 10
  /// The page is already mapped (value: page, limit: level of the entry found).
  case alreadyMapped = 11
  /// The page is not mapped (value: page).
  case notMapped = 12
  /// The range reaches outside the region (value: page, limit: pages of the region).
  case outsideRegion = 13
  /// Another region is there (value: page, limit: slot of that region).
  case regionOverlap = 14
  /// The region still has pages (value: slot, limit: pages mapped).
  case regionMapped = 15
  /// Tables are missing (value: tables needed, limit: spare frames given).
  case tablesNeeded = 16
  /// The account cannot pay (value: frames needed, limit: frames left).
  case quotaExceeded = 17
  /// The object at the other end is gone.
  case peerGone = 18
  /// The range is not one of those that the kernel may be given (value: given, limit: expected).
  case notPermitted = 19
  /// The thread owes a reply already, or owes none (value: 1 owes, 0 owes none).
  case replyState = 20
  /// Rights that may not go together (value: the rights): write and execute, or more than the source has.
  case invalidRights = 21
  /// The object is in use (value: what it has, limit: what it may have).
  case busy = 22
  /// No address-space identifier is free (value: tasks, limit: identifiers).
  case identifiersExhausted = 23
  /// The server died while it served the call, and was started anew (limit: how often by now). It may have been
  /// carried out or not.
  case interrupted = 24
}

/// A refusal with the two values that it names.
@frozen public struct Refusal: Error, Equatable, Sendable {
  /// Why.
  public var status: Status
  /// The offending value.
  public var value: UInt64
  /// The bound, or what was there instead.
  public var limit: UInt64

  /// Names a refusal and its two values.
  @inlinable public init(_ status: Status, _ value: UInt64 = 0, limit: UInt64 = 0) {
    self.status = status
    self.value = value
    self.limit = limit
  }
}

/// x8 as it comes back from a call.
public enum Outcome {
  /// Set when the kernel refused; a label has it clear.
  public static let refused: UInt64 = 1 << 63
}
