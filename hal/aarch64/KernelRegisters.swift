internal import CAArch64
internal import Registers

/// Registers that the kernel itself touches: the interrupt controller's CPU interface, and the emergency console's.
///
/// By one plain instruction each, `ldr` or `str` from a register: a hypervisor that emulates the device decodes no
/// other (Arm ARM D17.2.37, ISV). Unchecked, as the interrupt path wants it; offsets are those of register maps.
package struct KernelRegisters: WordAccess {
  private let base: UInt64

  /// The device whose first register is at `base`: a physical address before the MMU is on, a virtual one after.
  @inline(__always)
  package init(at base: UInt64) { self.base = base }

  /// One load of 32 bits.
  @inline(__always)
  package func load32(at offset: Int) -> UInt32 { mmio_read(base &+ UInt64(truncatingIfNeeded: offset)) }

  /// One store of 32 bits.
  @inline(__always)
  package func store32(_ value: UInt32, at offset: Int) {
    mmio_write(base &+ UInt64(truncatingIfNeeded: offset), value)
  }
}
