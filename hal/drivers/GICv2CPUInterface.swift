public import Registers

/// A GICv2 CPU interface with split end of interrupt: acknowledged and dropped when the kernel delivers, deactivated
/// when the driver is done.
public struct GICv2CPUInterface<Registers: RegisterAccess & ~Copyable>: ~Copyable {
  /// What the interface answered to an acknowledge; goes back whole, for an SGI carries its sender.
  public struct Acknowledge: Sendable, Equatable {
    /// GICC_IAR as read.
    public let word: UInt32

    /// An acknowledge that read `word` from GICC_IAR.
    @inlinable @inline(__always)
    public init(word: UInt32) { self.word = word }

    /// The interrupt's number, bits 9:0.
    @inlinable @inline(__always)
    public var intid: UInt32 { BitField<0, 10>.extract(word) }

    /// Whether nothing was pending: INTIDs 1020 to 1023 are none. To be neither dropped nor deactivated.
    @inlinable @inline(__always)
    public var isSpurious: Bool { intid >= 1020 }
  }

  @usableFromInline let registers: Registers

  /// Takes the interface: priorities below 0xf0 pass, group 0 is signalled, EOImode is set.
  @inlinable
  public init(_ registers: consuming Registers) {
    self.registers = registers
    self.registers.store(0xf0, to: GICCRegisters.priorityMask)
    self.registers.store(0x201, to: GICCRegisters.control)
  }

  /// Takes the highest pending interrupt and makes it active.
  @inlinable @inline(__always)
  public func acknowledge() -> Acknowledge {
    Acknowledge(word: registers.load(GICCRegisters.acknowledge))
  }

  /// Lets interrupts of the same priority through again; this one stays active.
  @inlinable @inline(__always)
  public func dropPriority(_ interrupt: Acknowledge) {
    registers.store(interrupt.word, to: GICCRegisters.endOfInterrupt)
  }

  /// Ends the interrupt, which may then be raised anew.
  @inlinable @inline(__always)
  public func deactivate(_ interrupt: Acknowledge) {
    registers.store(interrupt.word, to: GICCRegisters.deactivate)
  }
}
