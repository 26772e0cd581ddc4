internal import ABI
internal import Faults
internal import Interfaces
internal import Runtime
internal import TrialRegisters

/// What the root answers the child's call with.
enum ChildCommand {
  /// To touch an address, and to tell what that cost.
  static var touch: UInt64 { 1 }
  /// To use FP registers, and to tell what that cost.
  static var float: UInt64 { 3 }
  /// To call again, and to tell when.
  static var call: UInt64 { 4 }
  /// To wait for an interrupt four times, and to tell the count at each.
  static var drive: UInt64 { 2 }
}

/// Slots that the root fills.
enum ChildSlot {
  static var notification: UInt64 { WellKnownSlot.notification }
  static var interrupt: UInt64 { WellKnownSlot.firstFree }
}

/// The other task of the root's system, which does what it is told.
enum Child {
  static func run(_ gate: inout SystemGate) -> Never {
    var message = Message()
    while true {
      message.handle = WellKnownSlot.memory
      gate.invoke(.call, &message)
      message =
        switch message[0] {
        case ChildCommand.touch: touch(message[1])
        case ChildCommand.float: float()
        case ChildCommand.call: Message(Counter.kernelInstructions)
        default: drive(&gate)
        }
    }
  }

  private static func touch(_ address: UInt64) -> Message {
    let whole = Counter.instructions
    let before = Counter.kernelInstructions
    _ = fault_read(address)
    let after = Counter.kernelInstructions
    return Message(before, after, Counter.instructions &- whole)
  }

  private static func float() -> Message {
    let before = Counter.kernelInstructions
    _ = registers_with_secret()
    return Message(Counter.kernelInstructions &- before)
  }

  private static func drive(_ gate: inout SystemGate) -> Message {
    var counts = Message()
    var acknowledged: UInt64 = 0
    for index in 0..<4 {
      var message = Message(acknowledged, handle: ChildSlot.notification)
      gate.invoke(.wait, &message)
      counts[index] = Counter.kernelInstructions
      acknowledged = ChildSlot.interrupt
    }
    return counts
  }
}
