package import Registers

/// GICC's registers. GICv2 architecture (IHI 0048B), table 4-2; GICC_DIR lies in the second page.
enum GICCRegisters {
  /// GICC_CTLR, control.
  static var control: Register<ReadWrite> { .init(0x0000) }
  /// GICC_PMR, priority mask.
  static var priorityMask: Register<ReadWrite> { .init(0x0004) }
  /// GICC_IAR, interrupt acknowledge: the load acknowledges.
  static var acknowledge: Register<ReadOnly> { .init(0x000c) }
  /// GICC_EOIR, end of interrupt.
  static var endOfInterrupt: Register<WriteOnly> { .init(0x0010) }
  /// GICC_DIR, deactivate interrupt.
  static var deactivate: Register<WriteOnly> { .init(0x1000) }
}

/// The CPU interface of a GICv2, with EOImode = 1: an interrupt is acknowledged and its priority dropped when it is
/// delivered; it stays active until its driver is done.
package struct GICv2CPUInterface<Registers: WordAccess> {
  private let registers: Registers

  /// The CPU interface behind `registers`; touches nothing.
  @inline(__always)
  package init(_ registers: Registers) { self.registers = registers }

  /// Lets interrupts of all priorities but the lowest through, then turns the interface on: EnableGrp0, bit 0, and
  /// EOImode, bit 9 (IHI 0048B 4.4.1).
  package func start() {
    registers.store(0xf0, to: GICCRegisters.priorityMask)
    registers.store(1 << 9 | 1, to: GICCRegisters.control)
  }

  /// Acknowledges the interrupt of the highest priority: its number, bits 9:0; 1023 where none is pending.
  @inline(__always)
  package func acknowledge() -> UInt32 { registers.load(GICCRegisters.acknowledge) & 0x3ff }

  /// Lets other interrupts of its priority through; it stays active.
  @inline(__always)
  package func dropPriority(_ interrupt: UInt32) { registers.store(interrupt, to: GICCRegisters.endOfInterrupt) }

  /// Lets the interrupt come again.
  @inline(__always)
  package func deactivate(_ interrupt: UInt32) { registers.store(interrupt, to: GICCRegisters.deactivate) }
}
