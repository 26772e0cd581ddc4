internal import ABI
internal import DeviceTree
internal import Interfaces

/// A task that the server made. The number of a session is the server's slot of the Task handle, and the badge
/// under which the task calls.
struct Session: ~Copyable {
  /// The slot of its Task handle; 0: this place in the list is free.
  var number: UInt64 = 0
  /// Its entry in the bundle.
  var entry = 0
  /// What that entry allows it.
  var flags = Bundle.Flags(rawValue: 0)
  /// The frame of its task object, as the ledger names it.
  var frame: UInt64 = 0
  /// Its name.
  var name = Name.none
  /// What happened to it and was not told yet.
  var event: TaskEvent?
  /// The event's place in the order of events.
  var eventOrder: UInt64 = 0
  /// How far the search has come for memory that it wants for a device.
  var search = RunSearch()
}

/// Whom the server serves: as many as the bundle has entries.
///
/// Here, in `HoldingList` and in the server itself all methods are `mutating`, those that only read too: an inline
/// array that is merely borrowed is copied whole to the stack at each access.
struct SessionList: ~Copyable {
  /// Sessions at most.
  static var capacity: Int { 32 }
  private var sessions = InlineArray<32, Session> { _ in Session() }

  /// A place in the list.
  subscript(_ place: Int) -> Session {
    mutating _read { yield sessions[place] }
    _modify { yield &sessions[place] }
  }

  /// The place of a session.
  mutating func place(of number: UInt64) -> Int? {
    guard number != 0 else { return nil }
    for place in 0..<SessionList.capacity where sessions[place].number == number { return place }
    return nil
  }

  /// How many there are.
  var count: UInt64 {
    mutating get {
      var count: UInt64 = 0
      for place in 0..<SessionList.capacity where sessions[place].number != 0 { count += 1 }
      return count
    }
  }

  /// The place of the session that was made of an entry of the bundle.
  mutating func place(ofEntry entry: Int) -> Int? {
    for place in 0..<SessionList.capacity where sessions[place].number != 0 && sessions[place].entry == entry {
      return place
    }
    return nil
  }

  /// Where another session can go.
  var freePlace: Int? {
    mutating get {
      for place in 0..<SessionList.capacity where sessions[place].number == 0 { return place }
      return nil
    }
  }

  /// The lowest session number at or after `number`.
  mutating func lowest(from number: UInt64) -> UInt64? {
    var lowest: UInt64?
    for place in 0..<SessionList.capacity {
      let candidate = sessions[place].number
      if candidate != 0, candidate >= number, candidate < lowest ?? .max { lowest = candidate }
    }
    return lowest
  }

  /// The place of the session whose event comes first.
  var firstEvent: Int? {
    mutating get {
      var first: Int?
      for place in 0..<SessionList.capacity where sessions[place].event != nil {
        if let earlier = first, sessions[earlier].eventOrder < sessions[place].eventOrder { continue }
        first = place
      }
      return first
    }
  }
}

/// A device range or an interrupt in a task's hands.
struct Holding: ~Copyable {
  /// What is held.
  enum Kind {
    /// Nothing: this place in the list is free.
    case none
    /// Frames of a device, mapped in a region.
    case range
    /// An interrupt.
    case interrupt
  }
  var kind = Kind.none
  /// The session that holds it.
  var session: UInt64 = 0
  /// The server's slot of its Memory or Interrupt handle.
  var slot: UInt64 = 0
  /// First frame, or the INTID.
  var first: UInt64 = 0
  /// One past the last frame.
  var end: UInt64 = 0
  /// The first byte of the range, physical. What else lies in its frames is another range's.
  var base: UInt64 = 0
  /// One past its last byte that is mapped.
  var limit: UInt64 = 0
  /// Badge of the Memory handle: which grant, and which of its ranges. See `Granted`.
  var badge: UInt64 = 0
  /// The holder's slot of the region.
  var region: UInt64 = 0
  /// The name under which it was granted.
  var device = Name.none
  /// Whether there may be memory that is for this lease: false only where it is certain that there is none.
  var mayHaveDMA = false
  /// Whether this is the interrupt controller.
  var isController = false

  /// Whether this is the same range in the same slot of the same task.
  func isSame(_ other: borrowing Holding) -> Bool {
    session == other.session && region == other.region && first == other.first && end == other.end
      && badge == other.badge
  }

  /// Whether a byte belongs to both ranges.
  func overlaps(_ other: borrowing Holding) -> Bool { base < other.limit && other.base < limit }

  /// Covers a range of registers, or its first pages (0: all).
  mutating func cover(_ range: AddressRange, pages: UInt64) {
    first = range.base >> 12
    end = (range.end + Geometry.frameBytes - 1) >> 12
    if pages != 0 { end = min(end, first &+ min(pages, 1 << 36)) }
    (base, limit) = (range.base, min(range.end, end << 12))
  }
}

/// Who holds which device.
struct HoldingList: ~Copyable {
  /// Holdings at most.
  static var capacity: Int { 32 }
  private var holdings = InlineArray<32, Holding> { _ in Holding() }

  /// A place in the list.
  subscript(_ place: Int) -> Holding {
    mutating _read { yield holdings[place] }
    _modify { yield &holdings[place] }
  }

  /// How many there are.
  var count: UInt64 {
    mutating get {
      var count: UInt64 = 0
      for place in 0..<HoldingList.capacity where holdings[place].kind != .none { count += 1 }
      return count
    }
  }

  /// Where another one can go.
  var freePlace: Int? { mutating get { first { $0.kind == .none } } }

  /// The first place that satisfies a condition.
  mutating func first(where condition: (borrowing Holding) -> Bool) -> Int? {
    for place in 0..<HoldingList.capacity where condition(holdings[place]) { return place }
    return nil
  }
}
