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

  init(_ fault: Fault, name: Name, nearest: Region?) {
    self.fault = fault
    self.name = name
    self.nearest = nearest
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
    return fault.isForbidden ? ", which its region does not allow" : ", where nothing is mapped"
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
    line.write(cause)
    if fault.hasAddress, !isNull, let nearest {
      line.write("; nearest region ")
      line.write(hex: nearest.page << 12)
      line.write(" to ")
      line.write(hex: (nearest.page + nearest.count) << 12 - 1)
    }
    return line
  }

  /// Who deals with it.
  var handling: LogLine {
    var line = subject
    line.write("stopped; init ends it and decides about a restart")
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
    if fault.isForbidden { return forbiddenCause }
    if isBelowStack { return "a stack that grew into its guard page" }
    return "a stray pointer, or memory that was given back"
  }

  private var forbiddenCause: StaticString {
    switch fault.act {
    case .write: "a write to code or to constants"
    case .execute: "a jump into data"
    default: "memory that is not for reading"
    }
  }

  /// The page below the region that holds the stack pointer, or that it has just left.
  private var isBelowStack: Bool {
    guard let nearest, fault.act != .execute else { return false }
    let page = fault.address >> 12
    let isNear = fault.stack &+ 4096 >= fault.address && fault.stack &- 4096 <= fault.address
    return page + 1 == nearest.page && nearest.rights.contains(.write) && isNear
  }
}
