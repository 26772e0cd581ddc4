internal import ABI
internal import Interfaces
internal import Registers
internal import Runtime

/// A driver that reads its clock's seconds for ever, until the clock is taken from it.
enum Driver {
  /// The PL031's data register, RTCDR, is its first. PL031 TRM 3.3.1.
  private static var seconds: Int { 0 }

  static func run(_ gate: inout SystemGate) -> Never {
    let memory = Client<MemoryInterface>.own
    do throws(MemoryRefusal) {
      let slot = WellKnownSlot.firstFree
      let lease = try memory.lease("rtc", index: 0, slot: slot, page: TaskLayout.devices, &gate)
      try memory.interrupt("rtc", index: 0, slot: slot + 1, &gate)
      let registers = lease.registers
      gate.log("leased", registers.load32(at: seconds) > 1 << 30 ? "it is after 2004" : "NO TIME")
      while true { _ = registers.load32(at: seconds) }
    } catch { fail("start", error) }
  }
}
