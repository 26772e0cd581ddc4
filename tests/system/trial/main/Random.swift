internal import ABI
internal import Drivers
internal import Interfaces
internal import Registers
internal import Runtime

/// A driver of a device that masters the bus: a virtio entropy source, whose transport shares its page with seven others.
/// It asks for random bytes and waits for the interrupt.
enum Random {
  private enum Slot {
    static var device: UInt64 { WellKnownSlot.firstFree }
    static var memory: UInt64 { device + 1 }
    static var interrupt: UInt64 { device + 2 }
    static var bit: UInt64 { device + 3 }
    static var irq: UInt64 { device + 4 }
  }
  private typealias Source = VirtioEntropy<MappedRegisters, MappedRegisters>
  /// QEMU has as many transports, and fills them from the last one on.
  private static var transports: UInt64 { 32 }

  static func run(_ gate: inout SystemGate) -> Never {
    let memory = Client<MemoryInterface>.own
    do throws(MemoryRefusal) {
      let (index, lease) = try find(&gate)
      try memory.interrupt("virtio", index: lease.firstInterrupt, slot: Slot.interrupt, &gate)
      do throws(Refusal) { try bind(&gate) } catch { throw MemoryRefusal(error) }
      enable(&gate)
      try ask(3, lease, &gate)
      // The device is stopped: what the lease held back may go, but not before the lease.
      refused("kept", &gate) { (gate) throws(MemoryRefusal) in try memory.free(slot: Slot.memory, &gate) }
      try memory.releaseLease(slot: Slot.device, &gate)
      refused("secret", &gate) { (gate) throws(MemoryRefusal) in
        _ = try memory.busAddress(slot: Slot.memory, &gate)
      }
      try memory.free(slot: Slot.memory, &gate)
      gate.log("freed", "after the lease")
      let again = try memory.lease("virtio", index: index, slot: Slot.device, page: TaskLayout.devices, &gate)
      try ask(1, again, &gate)
      while true { _ = try? gate.wait(WellKnownSlot.notification) }
    } catch { fail("start", error) }
  }

  /// The transport with an entropy source behind it. One that has another is not kept.
  private static func find(_ gate: inout SystemGate) throws(MemoryRefusal) -> (UInt64, Lease) {
    let memory = Client<MemoryInterface>.own
    for index in (0..<transports).reversed() {
      let lease = try memory.lease("virtio", index: index, slot: Slot.device, page: TaskLayout.devices, &gate)
      if Source.isPresent(lease.registers) {
        var line = TextBuffer<48>()
        line.write("transport ")
        line.write(decimal: index)
        line.write(", version ")
        line.write(decimal: UInt64(lease.registers.load(VirtioRegisters.version)))
        gate.log("found", line)
        return (index, lease)
      }
      try memory.releaseLease(slot: Slot.device, &gate)
    }
    gate.log("found", "no entropy source")
    exit(1)
  }

  private static func bind(_ gate: inout SystemGate) throws(Refusal) {
    try gate.copy(WellKnownSlot.notification, to: Slot.bit, badge: NotificationBit.device)
    try gate.bind(interrupt: Slot.interrupt, to: Slot.bit)
  }

  private static func enable(_ gate: inout SystemGate) {
    var irq = Connection<InterruptsInterface>(to: "irq", slot: Slot.irq)
    do throws(InterruptsInterfaceRefusal) {
      try irq.use(&gate) { (client, gate: inout SystemGate) throws(InterruptsInterfaceRefusal) in
        try client.enable(Slot.interrupt, &gate)
      }
    } catch { fail("interrupt", error) }
  }

  /// Asks for 64 bytes so many times, each answered by an interrupt, and tells whether all differ; then stops the device.
  private static func ask(_ times: UInt64, _ lease: Lease, _ gate: inout SystemGate) throws(MemoryRefusal) {
    let memory = Client<MemoryInterface>.own
    let shared = try memory.allocateDMA(
      lease: Slot.device, slot: Slot.memory, pages: Source.pages, limit: 0xfff_ffff_ffff, &gate)
    guard try memory.busAddress(slot: Slot.memory, &gate) == shared.bus else {
      gate.log("bus", "NOT THE ADDRESS THAT WAS TOLD")
      exit(1)
    }
    var source = Source(lease.registers, memory: shared.bytes, bus: shared.bus)
    guard source.isReady else {
      gate.log("queue", "NOT TAKEN")
      exit(1)
    }
    var (came, interrupts, last): (UInt64, UInt64, UInt64) = (0, 0, 0)
    for _ in 0..<times {
      source.ask(64)
      do throws(Refusal) {
        while try gate.wait(WellKnownSlot.notification) & NotificationBit.device == 0 {}
        interrupts += 1
        let count = source.handleInterrupt()
        try gate.acknowledge(interrupt: Slot.interrupt)
        // Eight bytes are zero, or those that came last, once in 2^64.
        guard count == 64, source.word(7) != 0, source.word(7) != last else { continue }
      } catch { throw MemoryRefusal(error) }
      last = source.word(7)
      came += 64
    }
    source.reset()
    var line = TextBuffer<48>()
    line.write(decimal: came)
    line.write(" bytes, interrupts ")
    line.write(decimal: interrupts)
    gate.log("random", line)
  }

  private static func refused(
    _ subject: StaticString, _ gate: inout SystemGate, _ body: (inout SystemGate) throws(MemoryRefusal) -> Void
  ) {
    do throws(MemoryRefusal) {
      try body(&gate)
      gate.log(subject, "NOT REFUSED")
    } catch { gate.log(subject, error) }
  }
}
