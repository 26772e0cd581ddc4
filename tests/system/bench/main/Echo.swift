internal import ABI
internal import Interfaces
internal import Runtime

/// Answers each call with the words as they came, but for the last one: the count of the kernel's instructions at
/// the moment the message was there, so that the client can tell the way here from the way back.
struct Echo {
  /// The slot in which a handle arrives.
  private var landing: UInt64 { WellKnownSlot.firstFree }
  /// The count at which the last wait ended.
  private var counted: UInt64 = 0
  private var message = Message()

  init() {}

  mutating func run(_ gate: inout SystemGate) -> Never {
    receive(&gate)
    while true {
      message[7] = Counter.kernelInstructions
      if message.label == EchoLabel.yield {
        giveTurnsAway(&gate)
        receive(&gate)
        continue
      }
      if message.label == EchoLabel.wait {
        wait(&gate)
        receive(&gate)
        continue
      }
      if message.label == EchoLabel.count { message[0] = counted }
      if message.transfer != 0 { drop(&gate) }
      message.label = 0
      message.handle = WellKnownSlot.service
      message.transfer = landing << 32
      gate.invoke(.replyReceive, &message)
    }
  }

  private mutating func receive(_ gate: inout SystemGate) {
    message = Message(handle: WellKnownSlot.service, transfer: landing << 32)
    gate.invoke(.receive, &message)
  }

  private mutating func giveTurnsAway(_ gate: inout SystemGate) {
    message = Message()
    gate.invoke(.reply, &message)
    for _ in 0..<EchoLabel.turns { gate.invoke(.yield, &message) }
  }

  private mutating func wait(_ gate: inout SystemGate) {
    message = Message()
    gate.invoke(.reply, &message)
    message = Message(handle: landing)
    gate.invoke(.wait, &message)
    counted = Counter.kernelInstructions
    drop(&gate)
  }

  private func drop(_ gate: inout SystemGate) {
    var message = Message(handle: landing)
    gate.invoke(.drop, &message)
  }
}
