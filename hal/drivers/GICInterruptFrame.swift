import Registers

/// The per-interrupt registers that the distributor, and the redistributor's frame of SGIs and PPIs, have alike:
/// `base` tells them apart.
extension RegisterAccess where Self: ~Copyable {
  /// Bit `intid` of the one-bit registers at `registers`, set alone: a one acts, zeros leave the others as they are.
  func storeBit<Access: Writable>(_ intid: UInt32, of registers: RegisterArray<Access>, base: Int) {
    store32(1 &<< (intid & 31), at: base + registers[Int(intid / 32)].offset)
  }

  /// Enables `intid`.
  func enableInterrupt(_ intid: UInt32, base: Int) {
    storeBit(intid, of: GICDRegisters.setEnable, base: base)
  }

  /// Disables `intid`.
  func disableInterrupt(_ intid: UInt32, base: Int) {
    storeBit(intid, of: GICDRegisters.clearEnable, base: base)
  }

  /// Sets the priority byte of `intid`.
  func setInterruptPriority(_ priority: UInt8, of intid: UInt32, base: Int) {
    store8(priority, at: base + GICDRegisters.priority.offset + Int(intid))
  }

  /// Sets the trigger of `intid`, which must be disabled: changing it otherwise is unpredictable (IHI 0048B 4.3.13).
  func setInterruptTrigger(_ trigger: Trigger, of intid: UInt32, base: Int) {
    let offset = base + GICDRegisters.configuration[Int(intid / 16)].offset
    let bit: UInt32 = 1 &<< ((intid & 15) * 2 + 1)
    let word = load32(at: offset)
    store32(trigger == .edge ? word | bit : word & ~bit, at: offset)
  }

  /// Disables and deactivates 32 interrupts from `first`, a multiple of 32, and gives them the usual priority.
  func resetInterrupts(from first: UInt32, base: Int) {
    let word = Int(first / 32)
    store32(.max, at: base + GICDRegisters.clearEnable[word].offset)
    store32(.max, at: base + GICDRegisters.clearPending[word].offset)
    store32(.max, at: base + GICDRegisters.clearActive[word].offset)
    for index in 0..<8 {
      store32(GIC.fourPriorities, at: base + GICDRegisters.priority[word * 8 + index].offset)
    }
  }

  /// Makes the 32 interrupts from `first` raised by level.
  func makeLevel(from first: UInt32, base: Int) {
    for index in 0..<2 {
      store32(0, at: base + GICDRegisters.configuration[Int(first / 16) + index].offset)
    }
  }
}
