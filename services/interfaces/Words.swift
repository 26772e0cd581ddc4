public import ABI

extension Status {
  /// What happened, and after a colon what the two values are.
  public var words: StaticString {
    switch self {
    case .invalidOperation: "no such operation: number"
    case .slotOutside: "slot outside the table: slot, slots"
    case .slotEmpty: "slot is empty: slot"
    case .slotOccupied: "slot is taken: slot"
    case .wrongKind: "handle of another kind: kind, wanted"
    case .missingRight: "the handle lacks a right: held, needed"
    case .outOfRange: "argument out of range: given, bound"
    case .unaligned: "not aligned: given, alignment"
    case .frameNotFree: "frame is not free: frame, kind"
    case .frameNotClaimed: "frame is not claimed: frame, section"
    case .alreadyMapped: "page is mapped already: page, level"
    case .notMapped: "page is not mapped: page"
    case .outsideRegion: "outside the region: page, pages"
    case .regionOverlap: "another region is there: page, slot"
    case .regionMapped: "the region still has pages: slot, pages"
    case .tablesNeeded: "tables are missing: needed, given"
    case .quotaExceeded: "the account cannot pay: needed, left"
    case .peerGone: "the peer is gone"
    case .notPermitted: "not permitted: given, expected"
    case .replyState: "the thread owes no reply, or owes one: state"
    case .invalidRights: "rights that may not go together: rights"
    case .busy: "in use: has, may have"
    case .identifiersExhausted: "no address-space identifier is free: tasks, identifiers"
    case .interrupted: "the server died while it served the call: 0, its restarts"
    }
  }
}

extension ProtocolReason {
  /// What happened, and after a colon what the two values are.
  public var words: StaticString {
    switch self {
    case .again: "not done yet"
    case .version: "built for different versions: client, server"
    case .unknownMethod: "no such request: label"
    case .handleNeeded: "a handle is missing: kind found, wanted"
    }
  }
}

extension TextSink where Self: ~Copyable {
  /// Writes a name.
  public mutating func write(name: Name) {
    for index in 0..<name.count { put(name[index]) }
  }

  /// Writes a name and pads it with spaces on the right to `width` columns.
  public mutating func write(name: Name, width: Int) {
    write(name: name)
    write(repeating: UInt8(ascii: " "), times: width - name.count)
  }

  /// Writes a refusal: its words and both values.
  public mutating func write(_ refusal: Refusal) {
    write(refusal.status.words, refusal.value, refusal.limit)
  }

  /// Writes a refusal: its words and both values.
  public mutating func write<Reason>(_ refusal: ServiceRefusal<Reason>) {
    let words =
      switch refusal.cause {
      case .call(let status), .kernel(let status): status.words
      case .interface(let reason): reason.words
      case .service(let reason): reason.words
      }
    write(words, refusal.value, refusal.limit)
  }

  private mutating func write(_ words: StaticString, _ value: UInt64, _ limit: UInt64) {
    write(words)
    write(" ")
    write(value: value)
    write(", ")
    write(value: limit)
  }

  /// Writes a value as a name where it reads as one, small numbers in decimal, large ones in hexadecimal.
  private mutating func write(value: UInt64) {
    let name = Name(word: value)
    if name.isReadable {
      write(name: name)
    } else if value < 1 << 20 {
      write(decimal: value)
    } else {
      write(hex: value)
    }
  }
}

extension Name {
  /// Whether the word is two or more letters, digits or signs of ASCII.
  public var isReadable: Bool {
    guard count >= 2 else { return false }
    for index in 0..<count where self[index] <= 0x20 || self[index] >= 0x7f { return false }
    return true
  }
}
