internal import ABI
internal import Interfaces

/// A service that does nothing but hold what a service can hold, and end in the way that it is asked to.
enum MortalInterface: Interface {
  static var version: UInt64 { 1 }

  /// What may be asked.
  enum Request: InterfaceRequest {
    /// How often this was asked since the service started.
    case count
    /// Its end. With `owing` it dies in the caller's call, otherwise when it has answered.
    case die(Death, owing: Bool)
  }

  /// How a task ends by itself.
  enum Death: UInt64, Sendable {
    /// It asks the memory server to end it.
    case exit
    /// It reads where nothing is mapped.
    case fault
  }

  /// Why the service refuses.
  enum Reason: UInt64, ServiceReason {
    /// It found something in its fresh memory (value: the word).
    case notZeroed = 1

    /// What happened, and after a colon what the two values are.
    var words: StaticString {
      switch self {
      case .notZeroed: "fresh memory that is not zero: word"
      }
    }
  }
}

extension MortalInterface.Request {
  func encode(into message: inout Message) {
    switch self {
    case .count: message = Message(label: 1)
    case .die(let death, let owing): message = Message(death.rawValue, owing ? 1 : 0, label: 2)
    }
  }

  init?(method: UInt64, _ w: borrowing Message) {
    switch method {
    case 1: self = .count
    case 2:
      guard let death = MortalInterface.Death(rawValue: w[0]) else { return nil }
      self = .die(death, owing: w[1] != 0)
    default: return nil
    }
  }
}

extension Client where Service == MortalInterface {
  /// How often it was asked this since it started.
  func count(_ gate: inout some Gate & ~Copyable) throws(ServiceRefusal<MortalInterface.Reason>) -> UInt64 {
    try call(.count, &gate)[0]
  }

  /// Ends it.
  func die(_ death: MortalInterface.Death, owing: Bool, _ gate: inout some Gate & ~Copyable)
    throws(ServiceRefusal<MortalInterface.Reason>)
  {
    _ = try call(.die(death, owing: owing), &gate)
  }
}
