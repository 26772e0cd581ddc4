internal import CAArch64

/// GICC: offset from its base. GICv2 architecture, 4.1.3.
private enum CPUInterface {
  static var control: UInt64 { 0x0000 }
  static var priorityMask: UInt64 { 0x0004 }
  static var acknowledge: UInt64 { 0x000c }
  static var endOfInterrupt: UInt64 { 0x0010 }
  static var deactivate: UInt64 { 0x1000 }
}

extension Hardware {
  /// EOImode = 1 on both: a dropped interrupt stays active until its driver is done.
  package mutating func startInterrupts(base: UInt64) {
    cpuInterface = base
    if base == 0 {
      gic_write_sre(gic_read_sre() | 1)
      cpu_isb()
      gic_write_priority_mask(0xf0)
      gic_write_binary_point(0)
      gic_write_control(1 << 1)
      gic_write_group1(1)
      cpu_isb()
    } else {
      mmio_write(base &+ CPUInterface.priorityMask, 0xf0)
      mmio_write(base &+ CPUInterface.control, 1 << 9 | 1)
    }
  }

  package func acknowledgeInterrupt() -> UInt32 {
    guard cpuInterface == 0 else { return mmio_read(cpuInterface &+ CPUInterface.acknowledge) & 0x3ff }
    let interrupt = gic_acknowledge()
    // The acknowledge must be complete before the interrupt is handled. GIC architecture 12.1.6.
    cpu_dsb_system()
    return UInt32(truncatingIfNeeded: interrupt) & 0xff_ffff
  }

  package func dropPriority(_ interrupt: UInt32) {
    guard cpuInterface == 0 else { return mmio_write(cpuInterface &+ CPUInterface.endOfInterrupt, interrupt) }
    gic_end(UInt64(interrupt))
    cpu_isb()
  }

  package func deactivate(_ interrupt: UInt32) {
    guard cpuInterface == 0 else { return mmio_write(cpuInterface &+ CPUInterface.deactivate, interrupt) }
    gic_deactivate(UInt64(interrupt))
    cpu_isb()
  }

  /// ISR_EL1.I, bit 7.
  package func interruptIsPending() -> Bool { cpu_pending() & 1 << 7 != 0 }
  package func waitForInterrupt() { cpu_wait_for_interrupt() }

  package func counter() -> UInt64 { cpu_counter() }

  /// CNTV_CTL_EL0.ENABLE, bit 0. Arm ARM D17.11.
  package func setTimer(_ count: UInt64?) {
    if let count {
      cpu_write_timer_compare(count)
      cpu_write_timer_control(1)
    } else {
      cpu_write_timer_control(0)
    }
  }

  /// CPACR_EL1.FPEN, bits 21:20: 0b01 traps EL0 alone, 0b11 nobody. The exception return synchronises.
  package func allowFloatingPoint(_ allowed: Bool) { cpu_write_fp_access(allowed ? 3 << 20 : 1 << 20) }
  package func saveFloatingPoint(to address: UInt64) { fp_save(address &+ Hardware.directMap) }
  package func loadFloatingPoint(from address: UInt64) { fp_load(address &+ Hardware.directMap) }

  /// Instructions executed since entry, as the performance counter that entry started has them: 0 where
  /// there is none, or under an emulator that does not count.
  package func instructions() -> UInt64 {
    // PMUVer, bits 11:8: 0 is none, 15 one that is not the architecture's. Arm ARM D17.2.59.
    let version = cpu_debug_features() >> 8 & 15
    return version == 0 || version == 15 ? 0 : cpu_instructions()
  }
}
