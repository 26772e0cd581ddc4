/// What the kernel's core needs of a machine: memory by its address in the direct map, one MMU, an interrupt controller's
/// CPU interface, a counter with a timer, and power. Two machines implement it: AArch64 in QEMU, and the
/// model of the host tests, which checks the rules that QEMU does not enforce.
public protocol Machine: ~Copyable {
  /// Memory at an address of the direct map, aligned for `Value`.
  func memory<Value: BitwiseCopyable>(_ address: UInt64, as type: Value.Type) -> Reference<Value>
  /// The same, by an address that the compiler knows nothing about: it stays in a register for all fields, where it would
  /// else be made anew for each. For the quick paths.
  func pinned<Value: BitwiseCopyable>(_ address: UInt64, as type: Value.Type) -> Reference<Value>
  /// Clears one frame. 64 × DC ZVA.
  func clear(frame: UInt64)
  /// Writes `count` words in a row, each `step` more than the one before.
  func fill(_ address: UInt64, count: UInt64, with value: UInt64, step: UInt64)
  /// How many of `count` words in a row are zero before the first that is not.
  func zeros(_ address: UInt64, count: UInt64) -> UInt64
  /// Copies a frame.
  func copy(frame source: UInt64, to destination: UInt64)
  /// Makes what was written to a frame visible to instruction fetch. Arm ARM B2.4.4.
  func synchronizeInstructions(frame: UInt64)

  /// Reads entry `index` of the table in `frame`.
  func descriptor(table frame: UInt64, index: UInt64) -> UInt64
  /// Writes entry `index` of the table in `frame`.
  mutating func setDescriptor(table frame: UInt64, index: UInt64, to value: UInt64)
  /// Writes `count` entries of a table in a row, from `index` on, each `step` more than the one before.
  mutating func setDescriptors(table frame: UInt64, index: UInt64, count: UInt64, to value: UInt64, step: UInt64)
  /// Orders writes of entries before the walks that follow: DSB ISHST, ISB. Arm ARM D8.14.
  mutating func publishTables()
  /// Forgets what the MMU remembers about one page, tables on the way included: TLBI VAE1IS.
  mutating func invalidate(page: UInt64, identifier: UInt64)
  /// Forgets an address space: TLBI ASIDE1IS.
  mutating func invalidate(identifier: UInt64)
  /// Waits until what was forgotten is forgotten: DSB ISH, ISB.
  mutating func completeInvalidation()
  /// Walks `translation` (TTBR0_EL1: identifier << 48 | root) from here on.
  mutating func activate(translation: UInt64)
  /// What the MMU makes of an address under `translation`, read as the kernel or as a task reads: PAR_EL1. The
  /// machine walks `previous` afterwards, as it did before.
  func probe(_ address: UInt64, asTask: Bool, translation: UInt64, returningTo previous: UInt64) -> UInt64

  /// Entry `index` of the kernel's first-level table.
  func kernelRootEntry(_ index: UInt64) -> UInt64
  /// Writes entry `index` of the kernel's first-level table; the entry was empty or will be empty.
  mutating func setKernelRootEntry(_ index: UInt64, to value: UInt64)
  /// Frame of the kernel's second-level table of the image's GiB.
  var kernelBlockTable: UInt64 { get }
  /// Forgets one address of the kernel's half: TLBI VAAE1IS.
  mutating func invalidateKernel(address: UInt64)

  /// The counter: CNTVCT_EL0.
  func counter() -> UInt64
  /// The counter's frequency in Hz.
  var counterFrequency: UInt64 { get }
  /// Raises the timer's interrupt when the counter reaches `count`; nil: never.
  mutating func setTimer(_ count: UInt64?)

  /// Turns on the CPU interface; `base` is its kernel virtual address on GICv2, 0 on GICv3.
  mutating func startInterrupts(base: UInt64)
  /// Takes the highest pending interrupt, which stays active, and drops its priority; 1020 and above: none.
  mutating func acknowledgeInterrupt() -> UInt32
  /// Deactivates an interrupt.
  mutating func deactivate(_ interrupt: UInt32)
  /// Whether an interrupt waits to be taken: ISR_EL1.
  func interruptIsPending() -> Bool
  /// Sleeps until one does.
  mutating func waitForInterrupt()

  /// Lets the running thread use FP/SIMD, or makes its first use trap: `FloatingPointAccess`.
  mutating func setFloatingPointAccess(_ access: UInt64)
  /// Address of the thread whose state the FP/SIMD registers hold; 0: nobody's.
  var floatingPointOwner: UInt64 { get set }
  /// Saves the FP/SIMD registers to 528 bytes at an address.
  mutating func saveFloatingPoint(to address: UInt64)
  /// Loads the FP/SIMD registers from 528 bytes at an address.
  mutating func loadFloatingPoint(from address: UInt64)

  /// Writes up to eight bytes, the first in bits 7:0, on the emergency console, which must be mapped.
  mutating func emergencyWrite(_ bytes: UInt64, count: UInt64)
  /// Stops with a report: a task faulted that has nobody to tell.
  mutating func halt(task: UInt64, syndrome: UInt64, address: UInt64, instruction: UInt64)
  /// Powers off or restarts; does not return on a real machine.
  mutating func power(off: Bool)
}

/// Interrupt numbers that no device has.
public enum InterruptNumber {
  /// The virtual timer, PPI 11: CNTV.
  public static let timer: UInt32 = 27
  /// The first of the special numbers: nothing is pending. GIC architecture, INTID 1020–1023.
  public static let none: UInt32 = 1020
}

/// Who may use the FP/SIMD registers: CPACR_EL1.FPEN, bits 21:20. Arm ARM D17.2.30.
public enum FloatingPointAccess {
  /// The kernel alone, which saves and loads them: a thread's first use traps.
  public static var trapped: UInt64 { 1 << 20 }
  /// The thread that runs, too.
  public static var allowed: UInt64 { 3 << 20 }
}
