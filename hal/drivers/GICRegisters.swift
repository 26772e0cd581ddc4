public import Registers

/// The distributor's registers, GICv2 and GICv3. GICv2 specification (IHI 0048B) table 4-1, GICv3 (IHI 0069) 12.8.
public enum GICDRegisters {
  /// GICD_CTLR, control.
  public static var control: Register<ReadWrite> { .init(0x000) }
  /// GICD_TYPER, type: ITLinesNumber, bits 4:0.
  public static var type: Register<ReadOnly> { .init(0x004) }
  /// GICD_IGROUPR, interrupt group, 1 bit an interrupt.
  public static var group: RegisterArray<ReadWrite> { .init(0x080) }
  /// GICD_ISENABLER, set enable, 1 bit an interrupt.
  public static var setEnable: RegisterArray<ReadWrite> { .init(0x100) }
  /// GICD_ICENABLER, clear enable, 1 bit an interrupt.
  public static var clearEnable: RegisterArray<ReadWrite> { .init(0x180) }
  /// GICD_ICPENDR, clear pending, 1 bit an interrupt.
  public static var clearPending: RegisterArray<ReadWrite> { .init(0x280) }
  /// GICD_ICACTIVER, clear active, 1 bit an interrupt.
  public static var clearActive: RegisterArray<ReadWrite> { .init(0x380) }
  /// GICD_IPRIORITYR, priority, 1 byte an interrupt.
  public static var priority: RegisterArray<ReadWrite> { .init(0x400) }
  /// GICD_ITARGETSR, target CPUs, 1 byte an interrupt; GICv2 only.
  public static var targets: RegisterArray<ReadWrite> { .init(0x800) }
  /// GICD_ICFGR, configuration, 2 bits an interrupt, the upper set for edge.
  public static var configuration: RegisterArray<ReadWrite> { .init(0xc00) }
  /// GICD_IROUTER of INTID 0, 64 bits an interrupt, implemented from INTID 32; GICv3 only.
  public static var router: Int { 0x6000 }
}

/// GICD_CTLR bits.
public enum GICDControl {
  /// GICv2: EnableGrp0. With every IGROUPR at 0 all interrupts are of that group.
  public static var enableGroup0: UInt32 { 1 << 0 }
  /// GICv3: EnableGrp1 (EnableGrp1A seen from Non-secure state).
  public static var enableGroup1: UInt32 { 1 << 1 }
  /// GICv3: ARE, affinity routing.
  public static var affinityRouting: UInt32 { 1 << 4 }
  /// GICv3: RWP, a write has not reached everywhere yet.
  public static var writePending: UInt32 { 1 << 31 }
}

/// One redistributor's registers: the control frame, then 64 KiB above it the frame of SGIs and PPIs, which is laid
/// out as the distributor's first registers. IHI 0069 12.10.
public enum GICRRegisters {
  /// GICR_CTLR, control: RWP, bit 3.
  public static var control: Register<ReadWrite> { .init(0x0000) }
  /// GICR_TYPER, 64 bits: Last, bit 4; VLPIS, bit 1; affinity, bits 63:32.
  public static var type: Int { 0x0008 }
  /// GICR_WAKER: ProcessorSleep, bit 1; ChildrenAsleep, bit 2.
  public static var waker: Register<ReadWrite> { .init(0x0014) }
  /// From the control frame to the frame of SGIs and PPIs.
  public static var interruptFrame: Int { 0x1_0000 }
  /// From one redistributor to the next; twice that where it has the frames of virtual LPIs.
  public static var stride: Int { 0x2_0000 }
}
