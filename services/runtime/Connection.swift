internal import ABI
public import Interfaces

/// A client's connection to a peer that outlives the peer: after a restart it connects anew through `init`.
///
/// A request whose service died may have been served or not; every interface is made so that asking again is right.
public struct Connection<Service: Interface>: Sendable {
  /// The peer's name.
  public let name: Name
  /// The slot of the handle.
  public let slot: UInt64
  private var isConnected = false
  /// How often it had to connect anew.
  public private(set) var reconnections: UInt64 = 0

  /// A connection that is made when it is first used.
  public init(to name: Name, slot: UInt64) {
    self.name = name
    self.slot = slot
  }

  /// Lets `body` make its call; connects first where needed, and anew where the peer is gone.
  ///
  /// A peer that dies three times in a row under the same request is given up: the request may be why.
  public mutating func use<Value, Kernel: Gate & ~Copyable>(
    _ gate: inout Kernel,
    _ body: (Client<Service>, inout Kernel) throws(ServiceRefusal<Service.Reason>) -> Value
  ) throws(ServiceRefusal<Service.Reason>) -> Value {
    var attempts = 0
    while true {
      if !isConnected { try connect(&gate) }
      do throws(ServiceRefusal<Service.Reason>) {
        return try body(Client(slot: slot), &gate)
      } catch {
        attempts += 1
        guard error.peerIsGone, attempts < 3 else { throw error }
        isConnected = false
        reconnections += 1
      }
    }
  }

  private mutating func connect<Kernel: Gate & ~Copyable>(_ gate: inout Kernel)
    throws(ServiceRefusal<Service.Reason>)
  {
    // The slot holds what is left of the peer, or nothing: then there is nothing to drop.
    var drop = Message(handle: slot)
    gate.invoke(.drop, &drop)
    do throws(InitRefusal) {
      try Client<InitInterface>.own.connect(name, slot: slot, &gate)
    } catch {
      throw ServiceRefusal(.call(.peerGone), error.value, limit: error.limit)
    }
    isConnected = true
  }
}
