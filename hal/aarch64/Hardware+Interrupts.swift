internal import CAArch64
internal import Machine

extension Hardware {
  /// EOImode = 1 on both: a dropped interrupt stays active until its driver is done.
  package mutating func startInterrupts(base: UInt64) {
    cpuInterface = base
    if base != 0 {
      version2.start()
    } else {
      gic_write_sre(gic_read_sre() | 1)
      cpu_isb()
      gic_write_priority_mask(0xf0)
      gic_write_binary_point(0)
      gic_write_control(1 << 1)
      gic_write_group1(1)
      cpu_isb()
    }
  }

  /// GICC, where `cpuInterface` says that there is one.
  private var version2: GICv2CPUInterface<KernelRegisters> { GICv2CPUInterface(KernelRegisters(at: cpuInterface)) }

  package func acknowledgeInterrupt() -> UInt32 {
    guard cpuInterface == 0 else {
      let interface = version2
      let interrupt = interface.acknowledge()
      if interrupt < InterruptNumber.none { interface.dropPriority(interrupt) }
      return interrupt
    }
    let interrupt = UInt32(truncatingIfNeeded: gic_acknowledge()) & 0xff_ffff
    // The acknowledge must be complete before the interrupt is handled. GIC architecture 12.1.6.
    cpu_dsb_system()
    if interrupt < InterruptNumber.none {
      gic_end(UInt64(interrupt))
      cpu_isb()
    }
    return interrupt
  }

  package func deactivate(_ interrupt: UInt32) {
    guard cpuInterface == 0 else { return version2.deactivate(interrupt) }
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

  /// CPACR_EL1. The exception return synchronises.
  package func setFloatingPointAccess(_ access: UInt64) { cpu_write_fp_access(access) }
  /// In the processor's block, where the exception entry finds it.
  package var floatingPointOwner: UInt64 {
    get { cpu_fp_owner() }
    nonmutating set { cpu_set_fp_owner(newValue) }
  }
  package func saveFloatingPoint(to address: UInt64) { fp_save(address) }
  package func loadFloatingPoint(from address: UInt64) { fp_load(address) }

  /// Instructions executed since entry, as the performance counter that entry started has them: 0 where
  /// there is none, or under an emulator that does not count.
  package func instructions() -> UInt64 {
    // PMUVer, bits 11:8: 0 is none, 15 one that is not the architecture's. Arm ARM D17.2.59.
    let version = cpu_debug_features() >> 8 & 15
    return version == 0 || version == 15 ? 0 : cpu_instructions()
  }
}
