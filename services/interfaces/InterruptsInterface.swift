public import ABI

/// The interrupt service: which interrupts the distributor lets through.
///
/// Authority is the interrupt's handle with the right `show`, passed along; a client never learns its number.
public enum InterruptsInterface: Interface {
  /// The version both ends compare.
  @inlinable public static var version: UInt64 { 1 }

  /// What may be asked.
  @frozen public enum Request: InterfaceRequest, Equatable {
    /// Lets the interrupt through whose handle goes along. Again for one that is let through already.
    case enable
    /// Holds it back.
    case disable
    /// How many there are, and how many are let through.
    case counts
  }

  /// Why the service refuses.
  @frozen public enum Reason: UInt64, ServiceReason {
    /// The controller has no such interrupt (limit: how many it has).
    case outOfRange = 1
    /// It is not let through.
    case notEnabled = 2
    /// Its trigger cannot be changed.
    case fixedTrigger = 3
    /// The controller did not follow within a bounded wait.
    case notReady = 4

    /// What happened, and after a colon what the two values are.
    public var words: StaticString {
      switch self {
      case .outOfRange: "the controller has no such interrupt: number, count"
      case .notEnabled: "the interrupt is not let through"
      case .fixedTrigger: "the trigger cannot be changed"
      case .notReady: "the interrupt controller did not follow"
      }
    }
  }
}

/// Why the interrupt service refused.
public typealias InterruptsInterfaceRefusal = ServiceRefusal<InterruptsInterface.Reason>

extension InterruptsInterface.Request {
  /// Writes the words, and the method's number as the label.
  @inlinable @inline(__always)
  public func encode(into message: inout Message) {
    switch self {
    case .enable: message = Message(label: 1)
    case .disable: message = Message(label: 2)
    case .counts: message = Message(label: 3)
    }
  }

  /// Reads the words of a method.
  @inlinable @inline(__always)
  public init?(method: UInt64, _ w: borrowing Message) {
    switch method {
    case 1: self = .enable
    case 2: self = .disable
    case 3: self = .counts
    default: return nil
    }
  }
}

extension Client where Service == InterruptsInterface {
  /// Lets the interrupt in a slot through; its handle needs the right `show`.
  @inlinable public func enable(_ interrupt: UInt64, _ gate: inout some Gate & ~Copyable)
    throws(InterruptsInterfaceRefusal)
  {
    _ = try call(.enable, pass: interrupt, &gate)
  }

  /// Holds the interrupt in a slot back.
  @inlinable public func disable(_ interrupt: UInt64, _ gate: inout some Gate & ~Copyable)
    throws(InterruptsInterfaceRefusal)
  {
    _ = try call(.disable, pass: interrupt, &gate)
  }

  /// Interrupts that the controller has, and those let through.
  @inlinable public func counts(_ gate: inout some Gate & ~Copyable) throws(InterruptsInterfaceRefusal)
    -> (limit: UInt64, enabled: UInt64)
  {
    let reply = try call(.counts, &gate)
    return (reply[0], reply[1])
  }
}
