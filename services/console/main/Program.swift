internal import ABI
internal import ConsoleCore
internal import Drivers
internal import Interfaces
internal import Registers
internal import Runtime

/// SwiftPM wants an executable's entry; the image's is `service_main`.
@main enum Program { static func main() {} }

private enum Slot {
  static var device: UInt64 { WellKnownSlot.firstFree }
  static var interrupt: UInt64 { WellKnownSlot.firstFree + 1 }
  static var deviceBit: UInt64 { WellKnownSlot.firstFree + 2 }
  static var logBit: UInt64 { WellKnownSlot.firstFree + 3 }
  static var irq: UInt64 { WellKnownSlot.firstFree + 4 }
  static var replies: UInt64 { WellKnownSlot.firstFree + 8 }
}

/// Where the console begins: its UART, the interrupt, the log, then its clients.
@c(service_main) public func start(_ argument: UInt64) {
  var gate = SystemGate()
  let memory = Client<MemoryInterface>.own
  do throws(MemoryRefusal) {
    try memory.mapLog(slot: WellKnownSlot.log, page: TaskLayout.log, &gate)
    var log = LogReader<MappedRegisters>(mappedFrom: 0)
    let lease = try memory.lease("uart", index: 0, slot: Slot.device, page: TaskLayout.devices, &gate)
    // Up to the lease the kernel printed what it logged; we go on where it stopped.
    log.seek(to: log.printed)
    try memory.interrupt("uart", index: 0, slot: Slot.interrupt, &gate)
    do throws(Refusal) { try bind(&gate) } catch { throw MemoryRefusal(error) }
    let console = Console(PL011(lease.registers))
    enableInterrupt(&gate)
    gate.log("ready", "uart by interrupts, both ways")
    var server = ConsoleServer(
      console, log: log, replies: Slots(from: Slot.replies, count: 20), interrupt: Slot.interrupt)
    server.printLog()
    do throws(Refusal) { try server.serve(on: WellKnownSlot.service, &gate) } catch { throw MemoryRefusal(error) }
  } catch { fail("start", error) }
}

/// Lets the UART's interrupt and the growing log wake the thread.
private func bind(_ gate: inout SystemGate) throws(Refusal) {
  try gate.bindToThread(notification: WellKnownSlot.notification)
  try gate.copy(WellKnownSlot.notification, to: Slot.deviceBit, badge: NotificationBit.device)
  try gate.copy(WellKnownSlot.notification, to: Slot.logBit, badge: NotificationBit.log)
  try gate.bind(interrupt: Slot.interrupt, to: Slot.deviceBit)
  try gate.bind(interrupt: WellKnownSlot.log, to: Slot.logBit)
}

private func enableInterrupt(_ gate: inout SystemGate) {
  var irq = Connection<InterruptsInterface>(to: "irq", slot: Slot.irq)
  do throws(InterruptsInterfaceRefusal) {
    try irq.use(&gate) { (client, gate: inout SystemGate) throws(InterruptsInterfaceRefusal) in
      try client.enable(Slot.interrupt, &gate)
    }
  } catch { fail("interrupt", error) }
}
