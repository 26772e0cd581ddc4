package import Machine

/// A machine of memory and rules, for the host: one processor with an MMU that remembers translations until
/// it is told to forget, an interrupt controller, a counter. It records what the kernel does in order, and
/// it notes every breach of the rules that QEMU lets pass (`violations`).
package struct Simulated: ~Copyable, Machine {
  /// RAM, whole blocks of 2 MiB, from `base`.
  let memory: SimulatedMemory
  /// What the kernel did, in order; empty unless `records` is on.
  package var events: [Event] = []
  /// Whether `events` grows.
  package var records = false
  /// Breaches of the architecture's rules, in words.
  package var violations: [String] = []
  /// What the MMU may still remember.
  var remembered = TranslationMemory()
  /// The kernel's first-level table.
  var kernelRoot = [UInt64](repeating: 0, count: 512)
  /// The kernel's second-level table of the image's GiB: a frame behind RAM that the machine keeps to itself.
  package let kernelBlockTable: UInt64
  /// The counter, moved by the test.
  package var now: UInt64 = 0
  /// The count at which the timer's interrupt comes.
  package var timer: UInt64?
  /// Interrupts that wait to be taken.
  package var pending: [UInt32] = []
  /// Interrupts that were taken and not deactivated.
  package var active: Set<UInt32> = []
  /// What an acknowledge reads when nothing is pending: 1020 to 1023.
  package var spurious: UInt32 = 1023
  /// Base of the CPU interface, once it is on.
  package var controllerBase: UInt64?
  /// Translation in force: identifier << 48 | root.
  package var translation: UInt64 = 0
  /// Whether the running thread may use FP/SIMD.
  package var floatingPointIsAllowed = false
  /// The 66 words of FP/SIMD state.
  package var floatingPoint = [UInt64](repeating: 0, count: 66)
  /// What the emergency console printed.
  package var printed: [UInt8] = []
  /// Address of the thread whose state they hold.
  package var floatingPointOwner: UInt64 = 0
  /// Set when the machine was powered off (true) or restarted (false).
  package var isOff: Bool?
  /// The report with which the kernel stopped the machine.
  package var halted: String?

  /// A machine with RAM from `base` (a GiB boundary).
  /// - Parameter frames: of RAM, and of whatever lies behind it that may become RAM.
  package init(base: UInt64 = 0x4000_0000, frames: UInt64) {
    memory = SimulatedMemory(base: base, frames: frames + 1)
    kernelBlockTable = base >> 12 + frames
    kernelRoot[Int(base >> 30)] = kernelBlockTable << 12 | 3
    memory.clear(kernelBlockTable)
  }

  package func memory<Value: BitwiseCopyable>(_ address: UInt64, as type: Value.Type) -> Reference<Value> {
    memory.reference(address, as: type)
  }
  package func pinned<Value: BitwiseCopyable>(_ address: UInt64, as type: Value.Type) -> Reference<Value> {
    memory.reference(address, as: type)
  }
  package func clear(frame: UInt64) { memory.clear(frame) }
  package func fill(_ address: UInt64, count: UInt64, with value: UInt64, step: UInt64) {
    for index in 0..<count { memory(address + index * 8, as: UInt64.self).pointee = value &+ index &* step }
  }
  package func zeros(_ address: UInt64, count: UInt64) -> UInt64 {
    (0..<count).first { memory(address + $0 * 8, as: UInt64.self).pointee != 0 } ?? count
  }
  package func copy(frame source: UInt64, to destination: UInt64) { memory.copy(source, to: destination) }
  /// Whether all words of a frame are zero: for tests, which so pass over 512 words of the ledger at once.
  package func isZero(frame: UInt64) -> Bool { memory.isZero(frame) }
  package func synchronizeInstructions(frame: UInt64) { memory.synchronized.insert(frame) }
  /// Frames made visible to instruction fetch.
  package var synchronizedFrames: Set<UInt64> { memory.synchronized.frames }
  /// Instruction fetch may hold anything again.
  package func forgetSynchronized() { memory.synchronized.removeAll() }

  package func counter() -> UInt64 { now }
  package var counterFrequency: UInt64 { 62_500_000 }
  package mutating func setTimer(_ count: UInt64?) { timer = count }

  package mutating func startInterrupts(base: UInt64) { controllerBase = base }
  package mutating func acknowledgeInterrupt() -> UInt32 {
    guard let index = pending.firstIndex(where: { !active.contains($0) }) else { return spurious }
    let number = pending.remove(at: index)
    active.insert(number)
    note(.dropPriority(number))
    return number
  }
  package mutating func deactivate(_ interrupt: UInt32) {
    active.remove(interrupt)
    note(.deactivate(interrupt))
  }
  package func interruptIsPending() -> Bool { pending.contains { !active.contains($0) } }
  /// Sleeping moves time to the timer; with neither timer nor interrupt the machine would sleep for ever.
  package mutating func waitForInterrupt() {
    if interruptIsPending() { return }
    guard let timer else { fatalError("the simulated machine sleeps for ever: nobody is ready, nothing is armed") }
    now = max(now, timer)
    pending.append(27)
  }

  package mutating func setFloatingPointAccess(_ access: UInt64) {
    floatingPointIsAllowed = access == FloatingPointAccess.allowed
  }
  package mutating func saveFloatingPoint(to address: UInt64) {
    for index in 0..<66 { memory(address + UInt64(index) * 8, as: UInt64.self).pointee = floatingPoint[index] }
  }
  package mutating func loadFloatingPoint(from address: UInt64) {
    for index in 0..<66 { floatingPoint[index] = memory(address + UInt64(index) * 8, as: UInt64.self).pointee }
  }

  package mutating func emergencyWrite(_ bytes: UInt64, count: UInt64) {
    for index in 0..<count { printed.append(UInt8(truncatingIfNeeded: bytes >> (8 * index))) }
  }
  package mutating func power(off: Bool) { isOff = off }
  package mutating func halt(task: UInt64, syndrome: UInt64, address: UInt64, instruction: UInt64) {
    halted = "task \(task) syndrome \(syndrome) address \(address) instruction \(instruction)"
  }

  /// Adds all that a kernel call could change to a digest: RAM, tables, timer, interrupts.
  package func hash(into hasher: inout Hasher) {
    memory.hash(into: &hasher)
    hasher.combine(kernelRoot)
    hasher.combine(translation)
    hasher.combine(timer)
    hasher.combine(pending)
    hasher.combine(active)
    hasher.combine(controllerBase)
    hasher.combine(floatingPointIsAllowed)
    hasher.combine(floatingPoint)
    hasher.combine(printed)
    hasher.combine(isOff)
    hasher.combine(halted)
  }

  mutating func note(_ event: Event) {
    if records { events.append(event) }
  }
}

/// One thing that the kernel did to the MMU or to the interrupt controller.
package enum Event: Equatable, Sendable {
  /// A store to a table: frame, entry, value.
  case store(UInt64, UInt64, UInt64)
  /// A store to the kernel's first-level table.
  case storeKernelRoot(UInt64, UInt64)
  /// DSB ISHST, ISB.
  case publish
  /// TLBI VAE1IS: page, identifier.
  case invalidatePage(UInt64, UInt64)
  /// TLBI ASIDE1IS.
  case invalidateIdentifier(UInt64)
  /// TLBI VAAE1IS.
  case invalidateKernel(UInt64)
  /// DSB ISH, ISB.
  case complete
  /// A write of TTBR0_EL1.
  case activate(UInt64)
  /// End of interrupt.
  case dropPriority(UInt32)
  /// Deactivation.
  case deactivate(UInt32)
}
