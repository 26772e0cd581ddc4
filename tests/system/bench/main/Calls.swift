internal import ABI
internal import Interfaces
internal import Runtime

private enum Slot {
  /// A task of the same priority.
  static var echo: UInt64 { WellKnownSlot.firstFree }
  /// A task of a higher one.
  static var waiter: UInt64 { WellKnownSlot.firstFree + 1 }
  /// A notification that nobody signals otherwise.
  static var notification: UInt64 { WellKnownSlot.firstFree + 2 }
}

/// Calls between address spaces, signals, turns.
func measureCalls(_ gate: inout SystemGate) {
  do throws(InitRefusal) {
    try Client<InitInterface>.own.connect("echo", slot: Slot.echo, &gate)
    try Client<InitInterface>.own.connect("waiter", slot: Slot.waiter, &gate)
  } catch { fail("connect", error) }
  memory { (client, gate) throws(MemoryRefusal) in try client.createNotification(slot: Slot.notification, &gate) }
  measure("nullCall", &gate, nullCall)
  measure("signal", &gate, signal)
  measure("signalWaiter", &gate, signalWaiter)
  measure("yield", &gate, yield)
  measure("call0", &gate) { gate in exchange(Message(handle: Slot.echo), &gate).there }
  measure("call", &gate, callWithWords)
  measure("replyReceive", &gate) { gate in exchange(words, &gate).back }
  measure("roundTrip", &gate) { gate in exchange(Message(handle: Slot.echo), &gate).whole }
  measure("roundTrip8", &gate) { gate in exchange(words, &gate).whole }
  measure("callWithHandle", &gate, callWithHandle)
}

/// A call with eight words, until the receiver has them.
func callWithWords(_ gate: inout SystemGate) -> Cost { exchange(words, &gate).there }

private var words: Message { Message(1, 2, 3, 4, 5, 6, 7, handle: Slot.echo) }

private func nullCall(_ gate: inout SystemGate) -> Cost {
  var message = Message()
  let watch = Stopwatch()
  gate.invoke(.null, &message)
  return watch.cost
}

/// A signal for which nobody waits.
private func signal(_ gate: inout SystemGate) -> Cost {
  var message = Message(handle: WellKnownSlot.notification)
  let watch = Stopwatch()
  gate.invoke(.signal, &message)
  return watch.cost
}

/// A signal for which a task of a higher priority waits, until it runs.
private func signalWaiter(_ gate: inout SystemGate) -> Cost {
  var message = Message(
    label: EchoLabel.wait, handle: Slot.waiter,
    transfer: Transfer(pass: UInt32(truncatingIfNeeded: Slot.notification)).raw)
  gate.invoke(.call, &message)
  message = Message(handle: Slot.notification)
  let before = Counter.kernelInstructions
  gate.invoke(.signal, &message)
  message = Message(label: EchoLabel.count, handle: Slot.waiter)
  gate.invoke(.call, &message)
  return Cost(kernel: message[0] &- before, whole: 0)
}

/// One turn to an equal in another address space: it gives its own turn back, so two are counted.
private func yield(_ gate: inout SystemGate) -> Cost {
  var message = Message(label: EchoLabel.yield, handle: Slot.echo)
  gate.invoke(.call, &message)
  // The echo is in the midst of its turns after the first.
  gate.invoke(.yield, &message)
  let before = Counter.kernelInstructions
  gate.invoke(.yield, &message)
  let both = Counter.kernelInstructions &- before
  for _ in 0..<EchoLabel.turns { gate.invoke(.yield, &message) }
  return Cost(kernel: both / 2, whole: 0)
}

/// A call that passes a handle, until the receiver has it.
private func callWithHandle(_ gate: inout SystemGate) -> Cost {
  var message = words
  message.transfer = Transfer(pass: UInt32(truncatingIfNeeded: WellKnownSlot.notification)).raw
  let before = Counter.kernelInstructions
  gate.invoke(.call, &message)
  return Cost(kernel: message[7] &- before, whole: 0)
}

/// The whole way to the echo and back, and its two halves: the last word of the reply is the count at which the
/// message was there.
private func exchange(_ request: Message, _ gate: inout SystemGate) -> (there: Cost, back: Cost, whole: Cost) {
  var message = request
  let before = Counter.kernelInstructions
  gate.invoke(.call, &message)
  let end = Counter.kernelInstructions
  return (
    Cost(kernel: message[7] &- before, whole: 0), Cost(kernel: end &- message[7], whole: 0),
    Cost(kernel: end &- before, whole: 0)
  )
}
