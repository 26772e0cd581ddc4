internal import ABI
internal import Interfaces
internal import Runtime

/// SwiftPM wants an executable's entry; the image's is `service_main`.
@main enum Program { static func main() {} }

private enum Slot {
  static var echo: UInt64 { WellKnownSlot.firstFree }
}

/// Counts what single kernel calls cost, in instructions executed at EL1 from the vector to the eret, twice, and logs
/// both counts. Exact under `-icount shift=0,sleep=off`; without it the counter stands still and says so.
@c(service_main) public func start(_ argument: UInt64) {
  var gate = SystemGate()
  do throws(InitRefusal) {
    try Client<InitInterface>.own.connect("echo", slot: Slot.echo, &gate)
  } catch { fail("echo", error) }
  report("empty", (Counter.emptyPair, Counter.emptyPair), &gate)
  report("nullCall", measure(nullCall), &gate)
  report("signal", measure(signal), &gate)
  report("call", measure(callThere), &gate)
  report("replyReceive", measure(callBack), &gate)
  report("roundTrip", measure(roundTrip), &gate)
  do throws(InitRefusal) { try Client<InitInterface>.own.powerOff(&gate) } catch { fail("poweroff", error) }
}

/// One operation, measured from `before`: returns the count at its end.
private typealias Operation = (_ gate: inout SystemGate) -> UInt64

/// Runs an operation until it is warm, then twice.
private func measure(_ body: Operation) -> (UInt64, UInt64) {
  var gate = SystemGate()
  _ = body(&gate)
  let first = difference(body, &gate)
  return (first, difference(body, &gate))
}

private func difference(_ body: Operation, _ gate: inout SystemGate) -> UInt64 {
  let before = Counter.kernelInstructions
  return body(&gate) &- before
}

private func nullCall(_ gate: inout SystemGate) -> UInt64 {
  var message = Message()
  gate.invoke(.null, &message)
  return Counter.kernelInstructions
}

/// A signal for which nobody waits.
private func signal(_ gate: inout SystemGate) -> UInt64 {
  var message = Message(handle: WellKnownSlot.notification)
  gate.invoke(.signal, &message)
  return Counter.kernelInstructions
}

/// Eight words to a receiver that waits in another address space, until it has them.
private func callThere(_ gate: inout SystemGate) -> UInt64 { exchange(&gate).there }

/// The whole way there and back.
private func roundTrip(_ gate: inout SystemGate) -> UInt64 { exchange(&gate).back }

/// The way back: the count of the way there is taken off.
private func callBack(_ gate: inout SystemGate) -> UInt64 {
  let before = Counter.kernelInstructions
  let count = exchange(&gate)
  return count.back &- count.there &+ before
}

private func exchange(_ gate: inout SystemGate) -> (there: UInt64, back: UInt64) {
  var message = Message(1, 2, 3, 4, 5, 6, 7, 8, handle: Slot.echo)
  gate.invoke(.call, &message)
  return (message[7], Counter.kernelInstructions)
}

private func report(_ name: StaticString, _ counts: (UInt64, UInt64), _ gate: inout SystemGate) {
  var line = LogLine()
  line.write(name, width: 14)
  line.write(decimal: counts.0)
  line.write(" ")
  line.write(decimal: counts.1)
  gate.log(line)
}
