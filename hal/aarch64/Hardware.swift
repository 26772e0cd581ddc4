internal import CAArch64
package import Machine

/// The real machine: memory through the kernel's direct map, one MMU, a GIC's CPU interface, CNTV, PSCI.
///
/// Statically initialised; boot fills it in.
package struct Hardware: Machine, ~Copyable {
  /// Address of the kernel's first-level table.
  package var kernelRoot: UInt64 = 0
  /// Frame of the kernel's second-level table of the image's GiB.
  package var kernelBlockTable: UInt64 = 0
  /// The counter's frequency in Hz.
  package var counterFrequency: UInt64 = 0
  /// How power is asked for.
  package var conduit: PowerConduit = .none
  /// The emergency console's registers: kernel virtual address, valid while slot 0 of the root is.
  package var console: UInt64 = 0
  /// GICv2: kernel virtual address of GICC. 0: system registers.
  package var cpuInterface: UInt64 = 0

  /// RAM ends below this physical address: slot 511 of the kernel's half is no RAM.
  package static var mostMemory: UInt64 { 511 << 30 }

  /// A machine of which nothing is known yet.
  package init() {}

  package func memory<Value: BitwiseCopyable>(_ address: UInt64, as type: Value.Type) -> Reference<Value> {
    // Safety: the core vouches for the address (its ledger says what a frame is); the direct map covers all RAM that
    // was claimed, and is never null.
    unsafe Reference(
      UnsafeMutablePointer<Value>(bitPattern: UInt(address)).unsafelyUnwrapped)
  }
  package func pinned<Value: BitwiseCopyable>(_ address: UInt64, as type: Value.Type) -> Reference<Value> {
    // Safety: as above.
    unsafe Reference(
      UnsafeMutablePointer<Value>(bitPattern: UInt(cpu_base(address))).unsafelyUnwrapped)
  }

  package func clear(frame: UInt64) { frame_clear(DirectMap.address(frame)) }
  @inline(never) package func fill(_ address: UInt64, count: UInt64, with value: UInt64, step: UInt64) {
    words_fill(address, count, value, step)
  }
  @inline(never) package func zeros(_ address: UInt64, count: UInt64) -> UInt64 {
    words_zero(address, count)
  }
  package func copy(frame source: UInt64, to destination: UInt64) {
    frame_copy(DirectMap.address(source), DirectMap.address(destination))
  }
  @inline(never) package func synchronizeInstructions(frame: UInt64) { frame_publish_code(DirectMap.address(frame)) }

  @inline(__always) package func emergencyWrite(_ bytes: UInt64, count: UInt64) {
    EmergencyConsole(base: console).write(bytes, count: count)
  }

  /// The image tells it, and stops: kernel/main/Panic.swift.
  package func halt(task: UInt64, syndrome: UInt64, address: UInt64, instruction: UInt64) {
    kernelHalt(task, syndrome, address, instruction)
  }

  package func power(off: Bool) {
    conduit.call(off ? PowerConduit.off : PowerConduit.reset)
    while true { cpu_wait_for_interrupt() }
  }
}

extension Hardware {
  /// MIDR_EL1: implementer, variant, part and revision of the processor.
  package static var model: UInt64 { cpu_model() }
  /// CNTFRQ_EL0, in Hz.
  package static var frequency: UInt64 { cpu_counter_frequency() }
  /// DCZID_EL0.
  package static var zeroBlock: UInt64 { cpu_zero_block() }
  /// Whether DC ZVA is allowed and clears 64 bytes: DZP clear, BS 4. Arm ARM D17.2.31.
  package static var clearsByLine: Bool { zeroBlock & 31 == 4 }
}

/// The instruction by which PSCI is called: `method` of the device tree's psci node.
package enum PowerConduit: UInt8, Sendable {
  /// No PSCI: power is out of reach.
  case none
  /// HVC.
  case hypervisor
  /// SMC.
  case monitor

  /// SYSTEM_OFF.
  package static var off: UInt32 { PSCI_SYSTEM_OFF }
  /// SYSTEM_RESET.
  package static var reset: UInt32 { PSCI_SYSTEM_RESET }

  /// Calls a function without arguments. Returns when there is no PSCI, or it refused.
  package func call(_ function: UInt32) {
    switch self {
    case .none: break
    case .hypervisor: _ = psci_by_hypervisor(UInt64(function))
    case .monitor: _ = psci_by_monitor(UInt64(function))
    }
  }
}
