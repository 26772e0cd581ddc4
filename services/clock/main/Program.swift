internal import ABI
internal import ClockCore
internal import Drivers
internal import Interfaces
internal import Registers
internal import Runtime

/// SwiftPM wants an executable's entry; the image's is `service_main`.
@main enum Program { static func main() {} }

private enum Slot {
  static var device: UInt64 { WellKnownSlot.firstFree }
  static var timerBit: UInt64 { WellKnownSlot.firstFree + 1 }
  static var replies: UInt64 { WellKnownSlot.firstFree + 8 }
}

/// The machine's counter.
private struct SystemCounter: CounterSource {
  var now: UInt64 { Counter.now }
  var frequency: UInt64 { Counter.frequency }
}

/// Where the clock begins: the PL031, the kernel's timer, then its clients.
@c(service_main) public func start(_ argument: UInt64) {
  var gate = SystemGate()
  do throws(MemoryRefusal) {
    let lease = try Client<MemoryInterface>.own.lease(
      "rtc", index: 0, slot: Slot.device, page: TaskLayout.devices, &gate)
    do throws(Refusal) {
      try gate.bindToThread(notification: WellKnownSlot.notification)
      try gate.copy(WellKnownSlot.notification, to: Slot.timerBit, badge: NotificationBit.timer)
      try gate.bind(interrupt: WellKnownSlot.timer, to: Slot.timerBit)
    } catch { throw MemoryRefusal(error) }
    var server = ClockServer(
      PL031(lease.registers), counter: SystemCounter(), replies: Slots(from: Slot.replies, count: 20))
    gate.log("ready", "time of day, and sleep")
    do throws(Refusal) { try server.serve(on: WellKnownSlot.service, &gate) } catch { throw MemoryRefusal(error) }
  } catch { fail("start", error) }
}
