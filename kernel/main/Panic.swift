internal import AArch64
internal import DeviceTree
internal import KernelCore
internal import KernelEntry
internal import Machine

/// The kernel itself took an exception: what, where, the numbers, the likely cause; then the end, with a
/// status that is not zero where the emulator takes one.
@c(kernelException) func kernelException() {
  let console = Panic.console()
  let record = Panic(
    vector: panic_word(36), instruction: panic_word(32), syndrome: panic_word(34), address: panic_word(35))
  record.tell(on: console)
  Panic.registers(on: console)
  semihosting_exit(UInt64(REFUSED_PANIC))
  kernel.machine.conduit.call(PowerConduit.off)
}

/// A task faulted that has no pager: the memory server, which starting anew did not help.
@c(kernelHalt) func kernelHalt(_ task: UInt64, _ syndrome: UInt64, _ address: UInt64, _ instruction: UInt64) {
  let console = Panic.console()
  var line = Line()
  line.append("the task that serves all others faulted: ")
  for index in 0..<8 {
    let byte = UInt8(truncatingIfNeeded: task &>> UInt64(index &* 8))
    if byte != 0 { line.append(byte: byte) }
  }
  show("panic", line, on: console)
  line = Line()
  line.append("at ")
  line.append(hexadecimal: instruction)
  line.append(", syndrome ")
  line.append(hexadecimal: syndrome)
  line.append(", address ")
  line.append(hexadecimal: address)
  show("where", line, on: console)
  semihosting_exit(UInt64(REFUSED_PANIC))
  kernel.machine.conduit.call(PowerConduit.off)
  boot_refused(UInt64(REFUSED_PANIC))
}

/// An exception of the kernel's own.
struct Panic {
  /// Which of the 16 vectors: 4 is synchronous, 5 to 7 are interrupts and errors.
  let vector: UInt64
  /// ELR_EL1.
  let instruction: UInt64
  /// ESR_EL1.
  let syndrome: UInt64
  /// FAR_EL1.
  let address: UInt64

  /// EC, bits 31:26. Arm ARM D17.2.37.
  private var cause: UInt64 { syndrome >> 26 & 63 }
  /// Data and instruction aborts: the kind of fault, bits 5:2, its level left off.
  private var abort: UInt64 { syndrome >> 2 & 15 }
  private var isAbort: Bool { cause == 0x21 || cause == 0x25 }

  func tell(on console: EmergencyConsole) {
    var line = Line()
    line.append(what)
    show("panic", line, on: console)
    line = Line()
    line.append("at ")
    line.append(hexadecimal: instruction)
    line.append(", syndrome ")
    line.append(hexadecimal: syndrome)
    if isAbort {
      line.append(", address ")
      line.append(hexadecimal: address)
    }
    line.append(", vector ")
    line.append(decimal: vector)
    show("where", line, on: console)
    line = Line()
    line.append(why)
    show("cause", line, on: console)
  }

  private var what: StaticString {
    if vector != 4 { return "the kernel took an exception that none of its code expects" }
    if cause == 0x3c { return "the kernel stopped at a check of its own" }
    if cause == 0x21 { return "the kernel jumped to an address that it may not execute" }
    if cause == 0x25 {
      return syndrome & 1 << 6 != 0
        ? "the kernel wrote to an address that it may not write"
        : "the kernel read an address that it may not read"
    }
    if cause == 0x26 || cause == 0x22 { return "the kernel's stack or program counter is not aligned" }
    return "the kernel executed an instruction that the processor refused"
  }

  private var why: StaticString {
    let bottom = address_stack_bottom()
    if vector & 3 == 3 { return "an access that the bus answered with an error, some time before" }
    if cause == 0x3c { return "a Swift precondition: an index, an overflow or a nil; symbolise the address" }
    if isAbort, address < bottom, address >= bottom &- 4096 { return "the kernel's stack overflowed into its guard" }
    if isAbort, address < 1 << 39 { return "an address of a task, or nil, was used in the kernel" }
    if isAbort, abort == 3 { return "permission: code and constants are not written, data is not executed" }
    if isAbort, abort == 1 { return "translation: nothing is mapped there, memory not claimed or a stray address" }
    if isAbort, abort == 0 { return "the address lies outside RAM that the processor can reach" }
    return "unknown; the registers below are all there is"
  }

  /// x0–x30, sp and SPSR, four a line.
  static func registers(on console: EmergencyConsole) {
    var index: UInt64 = 0
    while index < 32 {
      var line = Line()
      let first = index
      while index < first &+ 4 {
        line.append(hexadecimal: panic_word(index))
        line.append(" ")
        index &+= 1
      }
      show("x0–x30", line, on: console)
    }
  }

  /// The console, taken back from whoever holds it.
  static func console() -> EmergencyConsole {
    let uart = state.survey.facts.uart.registers.base
    guard uart != 0, ImageLayout.isTranslated else { return EmergencyConsole(base: uart) }
    kernel.machine.setKernelRootEntry(
      0, to: Descriptor.kernel(frame: (uart >> 30) << 18, level: 1, use: .emergencyConsole).raw)
    kernel.machine.publishTables()
    return EmergencyConsole(base: DirectMap.base &+ uart & (1 << 30 - 1))
  }
}
