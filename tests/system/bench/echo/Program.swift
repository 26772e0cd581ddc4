internal import ABI
internal import Interfaces
internal import Runtime

/// SwiftPM wants an executable's entry; the image's is `service_main`.
@main enum Program { static func main() {} }

/// Answers each call with the words as they came, but for the last one: the count of the kernel's instructions at
/// the moment the message was there, so that the client can tell the way here from the way back.
@c(service_main) public func start(_ argument: UInt64) {
  var gate = SystemGate()
  var message = Message(handle: WellKnownSlot.service)
  gate.invoke(.receive, &message)
  while true {
    message[7] = Counter.kernelInstructions
    message.label = 0
    message.handle = WellKnownSlot.service
    message.transfer = 0
    gate.invoke(.replyReceive, &message)
  }
}
