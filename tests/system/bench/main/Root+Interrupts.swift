internal import ABI
internal import Interfaces
internal import Registers
internal import Runtime

/// Interrupts to the child, which is a driver of higher priority in an address space of its own.
extension Root {
  /// Nothing is counted with a GICv3: its redistributor wants more than a bench should know.
  mutating func measureInterrupts() throws(Refusal) {
    let facts = ServerPages.facts.load(0, as: HandOver.Facts.self)
    guard facts.interruptController == 2 else { return }
    try prepare(facts)
    let registers = Lease(Message(Self.page << 12, 4096, 0)).registers
    enable(registers)
    // The child hears that it shall wait, and does: it is the more urgent.
    try gate.reply(Message(ChildCommand.drive))
    var befores = InlineArray<4, UInt64>(repeating: 0)
    var afters = InlineArray<4, UInt64>(repeating: 0)
    for index in 0..<4 {
      befores[index] = Counter.kernelInstructions
      registers.store32(Self.bit, at: 0x204)
      // The read comes back when the interrupt has been.
      _ = registers.load32(at: 0x204)
      afters[index] = Counter.kernelInstructions
    }
    let message = try gate.receive(on: Slot.endpoint)
    log("interruptDeliver", message[1] &- befores[1], message[2] &- befores[2], &gate)
    log("interruptCycle", afters[1] &- befores[1], afters[2] &- befores[2], &gate)
  }

  /// SPI 8, which has no source: only the bench makes it pending.
  private static var number: UInt64 { 40 }
  private static var bit: UInt32 { 1 << 8 }
  private static var page: UInt64 { 0x3e0 }

  private mutating func prepare(_ facts: HandOver.Facts) throws(Refusal) {
    try gate.attachController(
      devices: HandOver.Slot.devices, frame: facts.cpuInterfaceFrame, tables: (takeFrame(), takeFrame()))
    _ = try gate.createMemory(
      frame: 0x8000, pages: 1, account: 0, spare: takeFrame(), slot: Slot.distributor,
      authority: HandOver.Slot.devices)
    try gate.makeRegion(
      task: 0, slot: Slot.distributorRegion, page: Self.page, pages: 1, rights: [.read, .write],
      memory: Slot.distributor)
    try map(region: Slot.distributorRegion, page: Self.page, count: 1, task: 0)
    _ = try gate.createInterrupt(
      number: Self.number, isEdge: true, account: 0, spare: takeFrame(), slot: Slot.interrupt,
      authority: HandOver.Slot.devices)
    try create(.notification, Slot.notification)
    try gate.bind(interrupt: Slot.interrupt, to: Slot.notification)
    try gate.copy(Slot.interrupt, to: ChildSlot.interrupt, task: Slot.child)
    try gate.copy(Slot.notification, to: ChildSlot.notification, task: Slot.child)
  }

  /// IHI 0048B, 4.3: CTLR, ICFGR2, ITARGETSR10, ISENABLER1.
  private func enable(_ registers: borrowing MappedRegisters) {
    registers.store32(1, at: 0)
    registers.store32(2 << 16, at: 0xc08)
    registers.store32(1, at: 0x828)
    registers.store32(Self.bit, at: 0x104)
  }
}
