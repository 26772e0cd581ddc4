internal import ABI
internal import Drivers
public import Interfaces
public import Registers
public import Runtime

/// The interrupt service's server. A client shows its interrupt's handle; the kernel says which number that is.
public struct InterruptsServer<Registers: RegisterAccess & ~Copyable>: Server, ~Copyable {
  /// What it serves.
  public typealias Service = InterruptsInterface
  private var interrupts: Interrupts<Registers>
  /// The slot in which handles arrive; it is empty again before each receive.
  public let landingSlot: UInt64

  /// A server over a started distributor.
  public init(_ interrupts: consuming Interrupts<Registers>, landingSlot: UInt64) {
    self.interrupts = interrupts
    self.landingSlot = landingSlot
  }

  /// Answers a request.
  public mutating func answer(
    _ request: InterruptsInterface.Request, from arrival: Arrival, _ gate: inout some Gate & ~Copyable
  ) -> Answer<InterruptsInterface.Reason> {
    defer { dropArrived(arrival, &gate) }
    if request == .counts {
      return .reply(Message(UInt64(interrupts.limit), UInt64(interrupts.enabledCount)))
    }
    guard arrival.handle != 0 else {
      return .refuse(InterruptsInterfaceRefusal(.interface(.handleNeeded), 0, limit: ObjectKind.interrupt.rawValue))
    }
    do throws(Refusal) {
      let shown = try gate.inspect(.interrupt, handle: arrival.handle)
      return set(
        request == .enable, UInt32(truncatingIfNeeded: shown[0]), trigger: shown[1] == 1 ? .edge : .level)
    } catch { return .refuse(InterruptsInterfaceRefusal(error)) }
  }

  private mutating func set(_ enabled: Bool, _ number: UInt32, trigger: Trigger) -> Answer<InterruptsInterface.Reason> {
    do throws(InterruptsRefusal) {
      if enabled {
        try interrupts.enable(number, trigger: trigger)
      } else {
        try interrupts.disable(number)
      }
      return .done
    } catch {
      // The handle is the authority and a lease is exclusive: who enables again is the same driver, restarted.
      if case .alreadyEnabled = error { return .done }
      return .refuse(error.refusal)
    }
  }

  private func dropArrived(_ arrival: Arrival, _ gate: inout some Gate & ~Copyable) {
    guard arrival.handle != 0 else { return }
    var message = Message(handle: arrival.handle)
    gate.invoke(.drop, &message)
  }
}

extension InterruptsRefusal {
  /// The refusal as it travels.
  public var refusal: InterruptsInterfaceRefusal {
    switch self {
    case .controller(.outOfRange(let number, let limit)):
      InterruptsInterfaceRefusal(.outOfRange, UInt64(number), limit: UInt64(limit))
    case .controller(.fixedTrigger(let number)), .controller(.notShared(let number)):
      InterruptsInterfaceRefusal(.fixedTrigger, UInt64(number))
    case .controller(.noRedistributor(let affinity)): InterruptsInterfaceRefusal(.notReady, UInt64(affinity))
    case .controller(.notReady): InterruptsInterfaceRefusal(.notReady)
    case .alreadyEnabled(let number), .notEnabled(let number):
      InterruptsInterfaceRefusal(.notEnabled, UInt64(number))
    }
  }
}
