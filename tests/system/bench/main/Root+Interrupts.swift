internal import ABI
internal import Interfaces
internal import Registers
internal import Runtime

/// Interrupts to the child, which is a driver of higher priority in an address space of its own.
extension Root {
  mutating func measureInterrupts() throws(Refusal) {
    let facts = ServerPages.facts.load(0, as: HandOver.Facts.self)
    let isVersion2 = facts.interruptController == 2
    try prepare(facts)
    try show(Slot.distributor, Slot.distributorRegion, frame: 0x8000, page: Self.page, pages: 16)
    let registers = Self.registers(page: Self.page, pages: 16)
    if isVersion2 { enable(registers) } else { try enableVersion3(registers) }
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
    let names: (deliver: StaticString, cycle: StaticString) =
      isVersion2 ? ("interruptDeliver", "interruptCycle") : ("interruptDeliver3", "interruptCycle3")
    log(names.deliver, message[1] &- befores[1], message[2] &- befores[2], &gate)
    log(names.cycle, afters[1] &- befores[1], afters[2] &- befores[2], &gate)
  }

  /// SPI 8, which has no source: only the bench makes it pending.
  private static var number: UInt64 { 40 }
  private static var bit: UInt32 { 1 << 8 }
  private static var page: UInt64 { 0x3e0 }
  private static var redistributorPage: UInt64 { 0x3d8 }

  private static func registers(page: UInt64, pages: UInt64) -> MappedRegisters {
    Lease(address: page << 12, length: pages << 12, interrupts: 0).registers
  }

  /// Maps registers into this task.
  private mutating func show(_ memory: UInt64, _ region: UInt64, frame: UInt64, page: UInt64, pages: UInt64)
    throws(Refusal)
  {
    _ = try gate.createMemory(
      frame: frame, pages: pages, account: 0, spare: takeFrame(), slot: memory, authority: HandOver.Slot.devices)
    try gate.makeRegion(task: 0, slot: region, page: page, pages: pages, rights: [.read, .write], memory: memory)
    try map(region: region, page: page, count: pages, task: 0)
  }

  private mutating func prepare(_ facts: HandOver.Facts) throws(Refusal) {
    try gate.attachController(
      devices: HandOver.Slot.devices, frame: facts.cpuInterfaceFrame, tables: (takeFrame(), takeFrame()))
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
  /// IHI 0069, 12.9 and 12.11: the redistributor awake; CTLR with affinity routing and group 1, IGROUPR1, ICFGR2,
  /// IROUTER40, ISENABLER1.
  private mutating func enableVersion3(_ registers: borrowing MappedRegisters) throws(Refusal) {
    try show(Slot.redistributor, Slot.redistributorRegion, frame: 0x80a0, page: Self.redistributorPage, pages: 1)
    Self.registers(page: Self.redistributorPage, pages: 1).store32(0, at: 0x14)
    registers.store32(0x12, at: 0)
    registers.store32(.max, at: 0x84)
    registers.store32(2 << 16, at: 0xc08)
    registers.store64(0, at: 0x6000 + 8 * Int(Self.number))
    registers.store32(Self.bit, at: 0x104)
  }
}
