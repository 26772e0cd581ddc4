internal import ABI
internal import Faults
internal import Interfaces
internal import Runtime
internal import TrialRegisters

/// A service that ends by itself. It holds memory behind tables of its own, objects, and a device with its interrupt.
struct Mortal: Server {
  typealias Service = MortalInterface
  /// 600 pages, 2 MiB and more, whose tables nobody else needs.
  private static var page: UInt64 { 0x10_0000 }
  private static var pages: UInt64 { 600 }
  /// What was in the first word of that memory.
  private let found: UInt64
  private var asked: UInt64 = 0

  private init(found: UInt64) { self.found = found }

  /// Takes all that it holds, then serves.
  static func run(_ gate: inout SystemGate) -> Never {
    let memory = Client<MemoryInterface>.own
    let slot = WellKnownSlot.firstFree
    do throws(MemoryRefusal) {
      try memory.allocate(slot: slot, page: page, pages: pages, rights: [.read, .write], &gate)
      try memory.createEndpoint(slot: slot + 1, &gate)
      try memory.createNotification(slot: slot + 2, &gate)
      _ = try memory.lease("gpio", index: 0, slot: slot + 3, page: TaskLayout.devices, &gate)
      try memory.interrupt("gpio", index: 0, slot: slot + 4, &gate)
    } catch { fail("start", error) }
    var server = Mortal(found: registers_exchange(page << 12, 0x5ec2_e700))
    do throws(Refusal) { try server.serve(on: WellKnownSlot.service, &gate) } catch { fail("serve", error) }
  }

  mutating func answer(
    _ request: MortalInterface.Request, from arrival: Arrival, _ gate: inout some Gate & ~Copyable
  ) -> Answer<MortalInterface.Reason> {
    switch request {
    case .count:
      guard found == 0 else { return .refuse(ServiceRefusal(.notZeroed, found)) }
      asked += 1
      return .reply(Message(asked))
    case .die(let death, let owing):
      if !owing { try? gate.reply(Message()) }
      switch death {
      case .exit: exit(0)
      case .fault: _ = fault_read(0x7000_0000)
      }
      return .done
    }
  }
}
