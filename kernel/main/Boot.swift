internal import AArch64
internal import ABI
internal import DeviceTree
internal import KernelCore
internal import KernelEntry
internal import Machine

/// Runs in the upper half with the MMU on: boot as a list of steps, each of which logs one fact. Returns the
/// block of the first thread.
@c(kernelMain) func kernelMain() -> UInt64 {
  Boot.openLog()
  Boot.processor()
  Boot.memory()
  Boot.image()
  Boot.tables()
  Boot.deviceTree()
  Boot.interrupts()
  let plan = Boot.plan()
  Boot.handOver(plan)
  return kernel.cpu.current
}

/// The steps. The facts are read where early boot left them, so nothing here touches the device tree.
enum Boot {
  /// The console moves to its slot of the kernel's half, the ring opens: from here on lines are kept.
  static func openLog() {
    let uart = state.survey.facts.uart.registers.base
    kernel.machine.console = DirectMap.base &+ uart & (1 << 30 - 1)
    kernel.devices.uartFrame = uart >> 12
    let interface = state.survey.facts.gic.cpuInterface ?? AddressRange()
    kernel.devices.controllerVersion = UInt64(state.survey.facts.gic.version.rawValue)
    kernel.devices.cpuInterfaceFrame = interface.base >> 12
    kernel.devices.cpuInterfaceFrames = interface.size >> 12
    kernel.devices.emergencyDescriptor = kernel.machine.kernelRootEntry(0)
    kernel.devices.emergencyIsMapped = true
    // What early code does not write lies behind the pool, and is cleared here.
    for frame in ImageLayout.log >> 12..<ImageLayout.usedEnd >> 12 { kernel.machine.clear(frame: frame) }
    kernel.openStore(address: DirectMap.base | ImageLayout.store)
    kernel.openLog(address: DirectMap.base | ImageLayout.log)
  }

  static func processor() {
    let level = state.level
    if kernel.machine.identifiers < 1 << 16 { kernel.limitIdentifiers() }
    kernel.facts.processors = UInt64(state.survey.facts.cpuCount)
    let count = UInt64(state.survey.facts.cpuCount)
    log("cpu") { line in
      line.append(decimal: count)
      line.append(" found, 1 used, model ")
      line.append(hexadecimal: Hardware.model)
      line.append(", entered at EL")
      line.append(decimal: level)
    }
  }

  /// RAM in whole blocks of 2 MiB; the rest is given up, and said.
  static func memory() {
    let base = state.memoryBase
    let end = state.memoryEnd
    let used = min(end, Hardware.mostMemory) & ~(ImageLayout.block &- 1)
    kernel.ram.whole = FrameRange(base >> 12, end >> 12)
    kernel.ram.used = FrameRange(base >> 12, used >> 12)
    let ranges = state.survey.facts.memory.count
    var unused: UInt64 = 0
    for index in 0..<ranges {
      let range = state.survey.memory(index)
      if range.base >> 12 == base >> 12 { continue }
      let first = range.base >> 12
      // One that does not start a frame is refused as one that does not start a GiB.
      let place = range.base & 4095 == 0 ? first : first | 1
      do throws(Refusal) { try kernel.addRange(first: place, count: (range.size >> 21) << 9) } catch { unused += 1 }
    }
    let added = kernel.addedFrames
    log("memory") { line in
      line.append(from: base, end: end)
      line.append("   ")
      line.append(decimal: (used &- base) >> 12)
      line.append(" frames")
      if used < end {
        line.append(", ")
        line.append(decimal: (end &- used) >> 12)
        line.append(" given up")
      }
      if added > 0 {
        line.append(", ")
        line.append(decimal: added)
        line.append(" more in further ranges")
      }
      if unused > 0 {
        line.append(", ")
        line.append(decimal: unused)
        line.append(" ranges not used")
      }
    }
  }

  /// What the image takes, and what the blocks of 2 MiB cost.
  static func image() {
    let code = ImageLayout.codeEnd &- ImageLayout.code
    let readOnly = ImageLayout.readOnlyEnd &- ImageLayout.readOnly
    let data = ImageLayout.usedEnd &- ImageLayout.data
    let lost = ImageLayout.data &- ImageLayout.code &- ImageLayout.pages(code) &- ImageLayout.pages(readOnly)
    kernel.facts.readOnlyBytes = ImageLayout.data &- ImageLayout.code
    kernel.facts.dataBytes = data
    kernel.facts.lostBytes = lost
    log("image") { line in
      line.append("code ")
      line.append(kibibytes: code)
      line.append(", read-only ")
      line.append(kibibytes: readOnly)
      line.append(", data ")
      line.append(kibibytes: data)
      line.append(" KiB; ")
      line.append(kibibytes: lost)
      line.append(" KiB lost to 2 MiB blocks")
    }
  }

  static func tables() {
    let count = (ImageLayout.poolEnd &- ImageLayout.pool) >> 12
    kernel.facts.staticTables = count
    log("tables") { line in
      line.append(decimal: count)
      line.append(" static, for all the kernel maps; nothing written is executed")
    }
  }

  static func deviceTree() {
    let tree = state.tree
    let bytes = UInt64(state.survey.facts.treeBytes)
    log("tree") { line in
      line.append(hexadecimal: tree)
      line.append("   ")
      line.append(decimal: bytes)
      line.append(" bytes in use")
    }
  }

  static func interrupts() {
    let version = UInt64(state.survey.facts.gic.version.rawValue)
    let interface = state.survey.facts.gic.cpuInterface ?? AddressRange()
    log("gic") { line in
      line.append("version ")
      line.append(decimal: version)
      if interface.size > 0 {
        line.append(", CPU interface ")
        line.append(from: interface.base, end: interface.end)
      } else {
        line.append(", CPU interface in system registers")
      }
    }
  }

  /// The core makes the memory server; then the task half of the address space opens.
  static func handOver(_ plan: StartPlan) {
    let instructions = kernel.machine.instructions()
    log("handover") { line in
      line.append("entry ")
      line.append(hexadecimal: plan.entry)
      if instructions > 0 {
        line.append(", ")
        line.append(decimal: instructions)
        line.append(" instructions since the kernel's entry")
      }
    }
    kernel.openSection(plan.facts.claimedSection, table: 0)
    kernel.start(plan)
    kernel.machine.openTaskHalf()
  }
}
