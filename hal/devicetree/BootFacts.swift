/// What the kernel and the memory server need to know of the machine, all of it from the device tree.
public struct BootFacts {
  /// RAM, sorted by address, touching ranges joined; at least one. Bytes, not rounded to frames.
  public internal(set) var memory = RangeList<16>()
  /// RAM that must be left alone: the memory reservation block and /reserved-memory, sorted and joined. The
  /// tree itself, the initial RAM disk and the kernel's image are not in it.
  public internal(set) var reserved = RangeList<16>()
  /// The UART for console and emergencies.
  public internal(set) var uart = UART()
  /// The interrupt controller.
  public internal(set) var gic = GIC()
  /// Cores that the tree describes and does not disable.
  public internal(set) var cpuCount = 0
  /// How to call the firmware; nil where the tree names none.
  public internal(set) var psci: PSCIConduit?
  /// The initial RAM disk, if one was loaded.
  public internal(set) var initialRAMDisk: AddressRange?
  /// Where /chosen's `bootargs` lie: offset in the tree and bytes, without the zero; nil where absent.
  public internal(set) var bootArguments: (offset: Int, byteCount: Int)?
  /// Bytes of the tree up to the end of the last block in use.
  public internal(set) var treeBytes = 0
  /// Bytes of the tree as its header gives them.
  public internal(set) var treeTotalBytes = 0

  /// No facts yet.
  public init() {}
}

/// A PL011.
public struct UART: Equatable, Sendable {
  /// Its registers.
  public internal(set) var registers = AddressRange()
}

/// The interrupt controller's parts.
public struct GIC {
  /// The architecture's version.
  public enum Version: UInt8, Sendable {
    case v2 = 2
    case v3 = 3
  }

  /// The architecture's version.
  public internal(set) var version = Version.v2
  /// GICD, the distributor.
  public internal(set) var distributor = AddressRange()
  /// GICC, the CPU interface: of GICv2 only, at least 8 KiB, for GICC_DIR lies at 0x1000.
  public internal(set) var cpuInterface: AddressRange?
  /// GICR, the redistributors: of GICv3 only, one range per region.
  public internal(set) var redistributors = RangeList<4>()

  init() {}
}

/// The instruction that calls the firmware (PSCI 1.1, 5.2).
public enum PSCIConduit: UInt8, Sendable {
  case hvc = 0
  case smc = 1
}
