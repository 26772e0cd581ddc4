internal import ABI
internal import InitCore
internal import Interfaces
internal import Runtime

/// SwiftPM wants an executable's entry; the image's is `service_main`.
@main enum Program { static func main() {} }

/// The bundle as init sees it, and the counter.
struct Environment: InitEnvironment {
  let bundle: MappedBundle
  let entryCount: Int
  var now: UInt64 { Counter.now }
  var frequency: UInt64 { Counter.frequency }

  func entry(_ index: Int) -> Bundle.Entry { bundle.entry(index) }
}

/// Where init begins: its endpoint, its notification and the bundle, then everyone else.
@c(service_main) public func start(_ argument: UInt64) {
  var gate = SystemGate()
  do throws(MemoryRefusal) {
    try prepare(&gate)
    let bytes = try Client<MemoryInterface>.own.mapBundle(slot: InitSlots.bundle, page: TaskLayout.bundle, &gate)
    guard let bundle = MappedBundle(byteCount: bytes) else { throw MemoryRefusal(.bundleOutside, bytes) }
    var server = InitServer(Environment(bundle: bundle, entryCount: bundle.count))
    server.startServices(&gate)
    try Client<MemoryInterface>.own.started(&gate)
    gate.log("ready", server.summary())
    do throws(Refusal) { try server.serve(on: WellKnownSlot.service, &gate) } catch { throw MemoryRefusal(error) }
  } catch { fail("start", error) }
}

/// Makes what init makes for others and nobody makes for init, and asks for news of tasks that end.
private func prepare(_ gate: inout SystemGate) throws(MemoryRefusal) {
  let memory = Client<MemoryInterface>.own
  try memory.createEndpoint(slot: WellKnownSlot.service, &gate)
  try memory.createNotification(slot: WellKnownSlot.notification, &gate)
  do throws(Refusal) {
    try gate.bindToThread(notification: WellKnownSlot.notification)
    try gate.copy(
      WellKnownSlot.notification, to: InitSlots.passing, rights: Rights.Notification.signal.rawValue,
      badge: NotificationBit.events)
  } catch { throw MemoryRefusal(error) }
  try memory.supervise(notification: InitSlots.passing, &gate)
}
