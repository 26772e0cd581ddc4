public import ABI

/// The clock: the time of day, and sleep.
public enum ClockInterface: Interface {
  /// The version both ends compare.
  @inlinable public static var version: UInt64 { 1 }

  /// What may be asked.
  @frozen public enum Request: InterfaceRequest, Equatable {
    /// The time.
    case now
    /// Replies when the counter has reached a value.
    case sleep(until: UInt64)
  }

  /// Why the clock refuses.
  @frozen public enum Reason: UInt64, ServiceReason {
    /// All places are taken (value: sleepers, limit: places).
    case tooManySleepers = 1

    /// What happened, and after a colon what the two values are.
    public var words: StaticString {
      switch self {
      case .tooManySleepers: "too many sleepers: sleeping, places"
      }
    }
  }
}

/// Why the clock refused.
public typealias ClockInterfaceRefusal = ServiceRefusal<ClockInterface.Reason>

extension ClockInterface.Request {
  /// Writes the words, and the method's number as the label.
  @inlinable @inline(__always)
  public func encode(into message: inout Message) {
    switch self {
    case .now: message = Message(label: 1)
    case .sleep(let count): message = Message(count, label: 2)
    }
  }

  /// Reads the words of a method.
  @inlinable @inline(__always)
  public init?(method: UInt64, _ w: borrowing Message) {
    switch method {
    case 1: self = .now
    case 2: self = .sleep(until: w[0])
    default: return nil
    }
  }
}

/// The time.
@frozen public struct ClockTime: Equatable, Sendable {
  /// Seconds since 1970-01-01 00:00:00 UTC.
  public var unixSeconds: UInt64
  /// The counter at that moment: CNTVCT_EL0.
  public var counter: UInt64
  /// The counter's frequency in Hz.
  public var frequency: UInt64

  /// A time.
  @inlinable public init(unixSeconds: UInt64, counter: UInt64, frequency: UInt64) {
    self.unixSeconds = unixSeconds
    self.counter = counter
    self.frequency = frequency
  }
  /// Reads the reply.
  @inlinable public init(_ w: borrowing Message) { self.init(unixSeconds: w[0], counter: w[1], frequency: w[2]) }
  /// The reply.
  @inlinable public var reply: Message { Message(unixSeconds, counter, frequency) }
}

extension Client where Service == ClockInterface {
  /// The time.
  @inlinable public func now(_ gate: inout some Gate & ~Copyable) throws(ClockInterfaceRefusal) -> ClockTime {
    ClockTime(try call(.now, &gate))
  }

  /// Returns when the counter has reached `count`.
  @inlinable public func sleep(until count: UInt64, _ gate: inout some Gate & ~Copyable) throws(ClockInterfaceRefusal) {
    _ = try call(.sleep(until: count), &gate)
  }
}
