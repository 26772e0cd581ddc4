internal import AArch64
internal import ABI
internal import Machine

extension Kernel where M: ~Copyable {
  /// `interrupt`: binds, acknowledges, or attaches the CPU interface.
  mutating func interruptAction(_ caller: UInt64) throws(Refusal) {
    switch InterruptAction(rawValue: word(caller, 0)) {
    case .bind: try bindInterrupt(caller)
    case .acknowledge:
      let found = try find(
        handleWord(caller), of: thread(caller).pointee.task, .interrupt, rights: Rights.Interrupt.handle.rawValue)
      acknowledge(found.word.object)
      succeed(caller)
    case .attach: try attach(caller)
    case nil: throw Refusal(.invalidOperation, word(caller, 0), limit: InterruptAction.attach.rawValue)
    }
  }

  /// The acknowledge that goes with `wait` and `receive`: x0 the interrupt's slot, or 0.
  mutating func acknowledgeFirst(_ caller: UInt64) throws(Refusal) {
    let number = word(caller, 0)
    guard number != 0 else { return }
    let found = try find(
      number, of: thread(caller).pointee.task, .interrupt, rights: Rights.Interrupt.handle.rawValue)
    acknowledge(found.word.object)
  }

  /// Deactivates: from here on the interrupt may come again.
  private mutating func acknowledge(_ object: UInt64) {
    guard interruptObject(object).pointee.isActive != 0 else { return }
    interruptObject(object).pointee.isActive = 0
    machine.deactivate(UInt32(truncatingIfNeeded: interruptObject(object).pointee.number))
  }

  private mutating func bindInterrupt(_ caller: UInt64) throws(Refusal) {
    let own = thread(caller).pointee.task
    let source = try bindable(handleWord(caller), of: own)
    let target = try find(
      word(caller, 1), of: own, .notification, rights: Rights.Notification.signal.rawValue)
    unbind(source)
    let object = interruptObject(source)
    object.pointee.notification = target.word.object
    object.pointee.bits = target.value == 0 ? 1 : target.value
    object.pointee.nextSource = notification(target.word.object).pointee.sources
    notification(target.word.object).pointee.sources = source
    succeed(caller)
    // What came before anybody was bound is not lost.
    if object.pointee.isActive != 0 { setBits(object.pointee.bits, of: target.word.object) }
  }

  /// What can signal: an interrupt, the timer, or the log through a handle to its ring or its region.
  private func bindable(_ number: UInt64, of own: UInt64) throws(Refusal) -> UInt64 {
    let found = handle(try slot(number, of: own)).pointee
    let shows = found.word.kind == .memory || found.word.kind == .region
    if shows, found.word.object == log.memory, log.memory != 0 {
      let rights = Rights.Memory.read.rawValue
      guard found.word.rights & rights != 0 else { throw Refusal(.missingRight, found.word.rights, limit: rights) }
      return log.object
    }
    if found.word.kind == .timer {
      _ = try find(number, of: own, .timer, rights: 1)
      return timer.object
    }
    return try find(number, of: own, .interrupt, rights: Rights.Interrupt.handle.rawValue).word.object
  }

  /// `attach`: the CPU interface goes on. On GICv2 its two pages enter the kernel's device window, on tables
  /// that the server brings; the kernel takes only the range that it read from the device tree itself.
  private mutating func attach(_ caller: UInt64) throws(Refusal) {
    let own = thread(caller).pointee.task
    let found = try find(handleWord(caller), of: own, .memory, rights: Rights.Memory.read.rawValue)
    guard memoryObject(found.word.object).pointee.kind == MemoryUse.deviceAuthority else {
      throw Refusal(.wrongKind, memoryObject(found.word.object).pointee.kind, limit: MemoryUse.deviceAuthority)
    }
    guard !devices.isAttached else { throw Refusal(.busy, 1) }
    guard word(caller, 1) == devices.cpuInterfaceFrame else {
      throw Refusal(.notPermitted, word(caller, 1), limit: devices.cpuInterfaceFrame)
    }
    var base: UInt64 = 0
    if devices.controllerVersion == 2 { base = try mapCPUInterface(caller) }
    machine.startInterrupts(base: base)
    devices.isAttached = true
    succeed(caller, devices.controllerVersion == 2 ? 2 : 0)
  }

  private mutating func mapCPUInterface(_ caller: UInt64) throws(Refusal) -> UInt64 {
    let (middle, leaf) = (word(caller, 2), word(caller, 3))
    guard middle != 0, leaf != 0 else { throw Refusal(.tablesNeeded, 2, limit: middle == 0 && leaf == 0 ? 0 : 1) }
    try checkFree(middle, by: firstMemory)
    try checkFree(leaf, by: firstMemory)
    guard middle != leaf else { throw Refusal(.frameNotFree, leaf) }
    machine.clear(frame: middle)
    machine.clear(frame: leaf)
    for index in 0..<min(devices.cpuInterfaceFrames, 2) {
      let page = Descriptor.kernel(frame: devices.cpuInterfaceFrame + index, level: 3, use: .device)
      machine.setDescriptor(table: leaf, index: index, to: page.raw)
    }
    machine.setDescriptor(table: middle, index: 0, to: Descriptor.table(frame: leaf).raw)
    machine.publishTables()
    machine.setKernelRootEntry(KernelSlot.deviceWindow, to: Descriptor.table(frame: middle).raw)
    machine.publishTables()
    ledger(middle).pointee = .table(level: 2, used: 1, parent: 0, entry: KernelSlot.deviceWindow)
    ledger(leaf).pointee = .table(level: 3, used: min(devices.cpuInterfaceFrames, 2), parent: middle, entry: 0)
    facts.grownTables += 2
    return KernelSlot.address(KernelSlot.deviceWindow)
  }

  /// The UART's lease and the emergency console exclude each other: the block goes while a driver holds the
  /// device, and comes back when the lease ends.
  mutating func noteDevice(_ frame: UInt64, _ count: UInt64, isMapped: Bool) {
    guard devices.emergencyDescriptor != 0, FrameRange(frame, frame + count).contains(devices.uartFrame) else { return }
    // Ranges that share the page are regions of one driver: the first one takes the console, the last one gives it.
    devices.uartRegions = isMapped ? devices.uartRegions + 1 : devices.uartRegions - 1
    guard devices.uartRegions == (isMapped ? 1 : 0) else { return }
    devices.emergencyIsMapped = !isMapped
    machine.setKernelRootEntry(
      KernelSlot.emergencyConsole, to: isMapped ? Descriptor.empty.raw : devices.emergencyDescriptor)
    machine.publishTables()
    guard isMapped else { return noteLogPrinted() }
    machine.invalidateKernel(address: KernelSlot.address(KernelSlot.emergencyConsole) + devices.uartFrame << 12)
    machine.completeInvalidation()
  }
}

/// Slots of the kernel's first-level table, 1 GiB each; 1 to 510 are RAM.
package enum KernelSlot {
  /// The emergency console's block.
  package static var emergencyConsole: UInt64 { 0 }
  /// The device window: GICC.
  package static var deviceWindow: UInt64 { 511 }
  /// The kernel's virtual address of a slot.
  package static func address(_ slot: UInt64) -> UInt64 { DirectMap.base + slot << 30 }
}
