internal import ABI
public import Machine

/// The kernel: one value that holds all its state beside what lies in frames that tasks paid for.
///
/// `systemCall`, `interrupt` and `fault` are its three doors. Each runs to its end with interrupts masked,
/// leaves `cpu.current` naming the thread to go on with, and is bounded: longer work is done in steps that
/// restart the call (`Kernel+Restart`).
public struct Kernel<M: Machine & ~Copyable>: ~Copyable {
  /// The machine: memory, MMU, interrupts, time.
  public var machine: M
  /// What belongs to the processor.
  public var cpu = Processor()
  /// RAM: what of it is claimed, and what is fixed.
  public var ram = RAM()
  /// Tasks that may live at once: 255 where the machine has 8-bit address-space identifiers.
  package var identifierLimit: UInt32 = 4095
  /// Where the search for a free identifier goes on.
  var identifierCursor = 0
  /// Address of the static tables, `Store`.
  var storeAddress: UInt64 = 0
  /// The log ring.
  package var log = Log()
  /// The one deadline.
  package var timer = Timer()
  /// The machine's interrupt controller and console as boot read them from the device tree.
  public var devices = DeviceFacts()
  /// What boot measured, for `inspect`.
  public var facts = KernelFacts()

  /// The machine has 8-bit address-space identifiers: at most 255 tasks live at once.
  public mutating func limitIdentifiers() { identifierLimit = 255 }

  /// A kernel that knows nothing yet.
  public init(machine: consuming M) { self.machine = machine }
}

/// The state of one processor.
public struct Processor {
  /// Address of the running thread; 0 while there is none. The entry sets it: quick forms switch without.
  public var current: UInt64 = 0
  /// Bit p is set while ready queue p holds a thread; the running one is in no queue.
  package var ready: UInt64 = 0
  /// Whether the timer's interrupt will end a time slice.
  package var sliceIsArmed = false
  /// The instruction of the running call moves back, to restart it.
  package var restarts = false
}

/// Numbers that boot measured.
public struct KernelFacts {
  /// Tables in the image.
  public var staticTables: UInt64 = 2
  /// Tables that the kernel's half took from the server.
  public var grownTables: UInt64 = 0
  /// Frames that boot took for the memory server.
  public var bootFrames: UInt64 = 0
  /// Bytes of code and read-only data.
  public var readOnlyBytes: UInt64 = 0
  /// Bytes of data.
  public var dataBytes: UInt64 = 0
  /// Bytes lost to the granularity of 2 MiB.
  public var lostBytes: UInt64 = 0
  /// Processors that the device tree lists.
  public var processors: UInt64 = 1
}

/// What boot read from the device tree about the devices that the kernel must know.
public struct DeviceFacts {
  /// 2 or 3.
  public var controllerVersion: UInt64 = 2
  /// First frame of GICC; 0 for GICv3.
  public var cpuInterfaceFrame: UInt64 = 0
  /// Frames of GICC.
  public var cpuInterfaceFrames: UInt64 = 0
  /// Frame of the UART that the emergency console writes to.
  public var uartFrame: UInt64 = 0
  /// Whether the emergency console's block is in the kernel's first-level table.
  public var emergencyIsMapped = false
  /// Regions that show the UART's frame.
  public var uartRegions: UInt64 = 0
  /// The descriptor of that block, to put back when the UART's lease ends.
  public var emergencyDescriptor: UInt64 = 0
  /// Whether the CPU interface is on.
  public var isAttached = false
}
