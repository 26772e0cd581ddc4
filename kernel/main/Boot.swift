internal import AArch64
internal import DeviceTree
internal import KernelEntry

/// Runs in the upper half with the MMU on: boot as a list of steps, each of which prints one fact. Returns
/// the kernel virtual address of the first thread's block.
@c(kernelMain) func kernelMain() -> UInt64 {
  Boot.openConsole()
  Boot.processor()
  Boot.memory()
  Boot.image()
  Boot.tables()
  Boot.deviceTree()
  Boot.interrupts()
  Boot.processors()
  return Boot.handOver()
}

enum Boot {
  /// Moves the emergency console to its slot of the kernel's half.
  static func openConsole() {
    guard let facts = unsafe state.facts else { return }
    unsafe machine.console = Hardware.directMap &+ facts.uart.registers.base & (1 << 30 - 1)
  }

  private static func say(_ subject: StaticString, _ fill: (inout Line) -> Void) {
    var line = Line()
    fill(&line)
    show(line, subject: subject, on: EmergencyConsole(base: unsafe machine.console))
  }

  static func processor() {
    say("entry") { line in
      line.append("EL")
      line.append(decimal: unsafe state.level)
      line.append(", processor ")
      line.append(hexadecimal: Hardware.model)
      line.append(", ")
      line.append(decimal: unsafe machine.identifiers)
      line.append(" address-space identifiers")
    }
  }

  static func memory() {
    let base = unsafe state.memoryBase
    let end = unsafe state.memoryEnd
    say("memory") { line in
      line.append(from: base, end: end)
      line.append("   ")
      line.append(decimal: (end &- base) >> 12)
      line.append(" frames")
    }
  }

  static func image() {
    say("image") { line in
      line.append("code ")
      line.append(size: ImageLayout.readOnly &- ImageLayout.code)
      line.append(", read-only ")
      line.append(size: ImageLayout.data &- ImageLayout.readOnly)
      line.append(", data ")
      line.append(size: ImageLayout.end &- ImageLayout.data)
    }
  }

  static func tables() {
    say("tables") { line in
      line.append(decimal: (ImageLayout.poolEnd &- ImageLayout.pool) >> 12)
      line.append(" static, blocks of 2 MiB, nothing written is executed")
    }
  }

  static func deviceTree() {
    guard let facts = unsafe state.facts else { return }
    let tree = unsafe state.tree
    say("tree") { line in
      line.append(hexadecimal: tree)
      line.append("   ")
      line.append(decimal: UInt64(facts.treeBytes))
      line.append(" bytes in use")
    }
  }

  static func interrupts() {
    guard let facts = unsafe state.facts else { return }
    say("gic") { line in
      line.append("version ")
      line.append(decimal: UInt64(facts.gic.version.rawValue))
      if let interface = facts.gic.cpuInterface {
        line.append(", CPU interface ")
        line.append(from: interface.base, end: interface.end)
      } else {
        line.append(", CPU interface in system registers")
      }
    }
  }

  static func processors() {
    guard let facts = unsafe state.facts else { return }
    say("processors") { line in
      line.append(decimal: UInt64(facts.cpuCount))
      line.append(" found, 1 used")
    }
  }

  static func handOver() -> UInt64 {
    say("off") { line in
      line.append(decimal: unsafe machine.instructions())
      line.append(" instructions since entry")
    }
    unsafe machine.power(off: true)
    return 0
  }
}
