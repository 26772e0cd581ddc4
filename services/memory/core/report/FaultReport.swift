internal import ABI
internal import Interfaces
internal import Runtime

/// A fault told in words, then numbers, then its likely cause, and who deals with it.
struct FaultReport {
  /// The fault.
  var fault: Fault
  /// The task.
  var name: Name
  /// The region that holds the address, or the nearest one.
  var nearest: Region?
  /// Why it was not served.
  var verdict: Verdict

  init(_ fault: Fault, name: Name, nearest: Region?, _ verdict: Verdict) {
    self.fault = fault
    self.name = name
    self.nearest = nearest
    self.verdict = verdict
  }

  /// Writes the report to the log.
  func log(_ gate: inout some Gate & ~Copyable) {
    gate.log(what)
    gate.log(numbers)
    gate.log(likely)
    gate.log(handling)
  }

  /// Who did what, where.
  var what: LogLine {
    var line = subject
    writeAct(&line)
    if fault.hasAddress {
      line.put(UInt8(ascii: " "))
      line.write(hex: fault.address)
      line.write(place)
    }
    return line
  }

  /// What is at the address, as far as the task is concerned.
  private var place: StaticString {
    if isKernel { return ", in the kernel's half" }
    if isForbidden { return ", which its region does not allow" }
    if case .refused(let refusal) = verdict {
      return refusal.cause == .service(.quotaExceeded)
        ? ", for which its account has no frame left" : ", for which no frame is free"
    }
    if verdict == .taken { return ", which was taken from it" }
    if verdict == .revoked { return ", lease revoked" }
    switch stackSide {
    case .guardBelow: return ", in the guard page below its stack"
    case .guardAbove: return ", in the guard page above its stack"
    case .below: return ", below its stack"
    case .none: return ", where nothing is mapped"
    }
  }

  private var isForbidden: Bool { fault.isForbidden || fault.hasAddress && verdict == .forbidden }

  /// Where the address lies about a stack: the nearest region, if that has guard pages.
  private enum StackSide { case none, guardBelow, guardAbove, below }

  private var stackSide: StackSide {
    guard let nearest, nearest.flags.isGuarded, nearest.distance(to: fault.page) > 0 else { return .none }
    if fault.page >= nearest.page { return nearest.distance(to: fault.page) == 1 ? .guardAbove : .none }
    switch nearest.distance(to: fault.page) {
    case 1: return .guardBelow
    // 64 KiB: a large stack frame jumps over the guard page.
    case 2...16: return .below
    default: return .none
    }
  }

  private func writeAct(_ line: inout LogLine) {
    switch fault.act {
    case .read: line.write("read at")
    case .write: line.write("wrote to")
    case .execute: line.write("executed at")
    case .undefined: line.write("executed an instruction that does not exist")
    case .trapped: line.write("used a system register of the kernel's")
    case .trap: line.write("stopped itself: a check failed")
    case .alignment: line.write("used an unaligned stack pointer or program counter")
    case .other:
      line.write("raised exception class ")
      line.write(hex: fault.exceptionClass, digits: 2)
    }
  }

  /// The registers.
  var numbers: LogLine {
    var line = subject
    line.write("pc ")
    line.write(hex: fault.instruction)
    line.write(", sp ")
    line.write(hex: fault.stack)
    line.write(", lr ")
    line.write(hex: fault.link)
    line.write(", esr ")
    line.write(hex: fault.syndrome)
    return line
  }

  /// The likely cause.
  var likely: LogLine {
    var line = subject
    line.write("likely ")
    if case .refused(let refusal) = verdict { line.write(refusal) } else { line.write(cause) }
    if fault.hasAddress, !isNull, let nearest {
      line.write("; nearest region ")
      line.write(hex: nearest.page << 12)
      line.write(" to ")
      line.write(hex: (nearest.page + nearest.count) << 12 - 1)
    }
    return line
  }

  /// The memory server itself.
  private static var server: Name { Name("memory") }

  /// Who deals with it.
  var handling: LogLine {
    var line = subject
    line.write(
      name == Self.server
        ? "the kernel started it anew; the task that it served asks again"
        : "stopped; init ends it and decides about a restart")
    return line
  }

  private var subject: LogLine {
    var line = LogLine("fault    ")
    for index in 0..<name.count { line.put(name[index]) }
    line.write(repeating: UInt8(ascii: " "), times: 9 - name.count)
    return line
  }

  private var isNull: Bool { fault.address < 0x1_0000 }

  /// An address of the kernel's half.
  private var isKernel: Bool { fault.address >> 39 != 0 }

  private var cause: StaticString {
    guard fault.hasAddress else {
      switch fault.act {
      case .trap: return "a precondition, an overflow or an index out of range"
      case .undefined: return "a jump into data, or code for another processor"
      case .alignment: return "a damaged stack or return address"
      default: return "code that was meant for the kernel"
      }
    }
    if isKernel { return "a pointer into the kernel's half" }
    if isNull { return "a null pointer" }
    if isForbidden { return forbiddenCause }
    if verdict == .taken { return "memory that its owner took back" }
    if verdict == .revoked { return "a device that the supervisor took back" }
    switch stackSide {
    case .guardBelow: return "a stack that grew into its guard page"
    case .guardAbove: return "more taken from a stack than was put there"
    case .below, .none: break
    }
    return "a stray pointer, or memory that was given back"
  }

  private var forbiddenCause: StaticString {
    switch fault.act {
    case .write: "a write to code or to constants"
    case .execute: "a jump into data"
    default: "memory that is not for reading"
    }
  }
}
