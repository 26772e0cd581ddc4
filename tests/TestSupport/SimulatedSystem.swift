package import ABI
package import KernelCore
import Machine
package import Simulated

/// The kernel's own core on the simulated machine, started as boot starts it. Tests act as whichever thread
/// is current: they lay down its registers, make the call, and read registers afterwards.
package final class SimulatedSystem {
  /// The kernel under test.
  package var kernel: Kernel<Simulated>
  /// Physical address of the memory server's task.
  package let server: UInt64
  /// First frame of RAM.
  package let firstFrame: UInt64
  /// Frames of the stand-in for the image: bundle pages start here.
  package let bundle: FrameRange

  /// Where `takeFrames` looks next.
  var nextFrame: UInt64

  /// Starts a machine.
  /// - Parameters:
  ///   - frames: of RAM, whole blocks of 2 MiB.
  ///   - further: frames behind it that may become RAM, holes among them.
  ///   - bundleBytes: laid down in the bundle's frames, page by page.
  package init(
    frames: UInt64 = 4 * Geometry.sectionFrames, further: UInt64 = 0, bundleBytes: [UInt8] = [],
    deviceTree: [UInt8] = []
  ) {
    let first: UInt64 = 0x4_0000
    firstFrame = first
    let bundlePages = max(UInt64(bundleBytes.count + 4095) / 4096, 16)
    // As on the machine: ledger block, code block, read-only block with the bundle, data block.
    bundle = FrameRange(first + 1024, first + 1024 + bundlePages)
    let logFrame = first + 1536
    let treePages = max(UInt64(deviceTree.count + 4095) / 4096, 1)
    let tree = FrameRange(logFrame + 4, logFrame + 4 + treePages)
    kernel = Kernel(machine: Simulated(frames: frames + further))
    for frame in first + 512..<first + 514 { kernel.machine.clear(frame: frame) }
    kernel.openStore(address: DirectMap.address(first + 512))
    kernel.ram.used = FrameRange(first, first + frames)
    kernel.ram.whole = kernel.ram.used
    _ = kernel.reserve(FrameRange(first + 512, tree.end))
    kernel.devices.controllerVersion = 2
    kernel.devices.cpuInterfaceFrame = 0x8010
    kernel.devices.cpuInterfaceFrames = 2
    kernel.devices.uartFrame = 0x9000
    kernel.openSection(first >> 13, table: 0)
    kernel.openLog(address: DirectMap.address(logFrame))
    for (index, byte) in bundleBytes.enumerated() {
      kernel.machine.memory(DirectMap.address(bundle.first) + UInt64(index), as: UInt8.self).pointee = byte
    }
    for (index, byte) in deviceTree.enumerated() {
      kernel.machine.memory(DirectMap.address(tree.first) + UInt64(index), as: UInt8.self).pointee = byte
    }
    var plan = StartPlan()
    plan.firstFreeFrame = tree.end
    plan.bundle = bundle
    plan.deviceTree = tree
    plan.entry = 0x20_0000
    plan.segments[0].frame = bundle.first
    plan.segments[0].filledPages = 1
    plan.segments[0].page = 0xff0
    plan.segments[0].pages = 2
    plan.segments[0].rights = [.read, .write]
    plan.stackTop = 0x100_0000
    plan.stackPages = 2
    plan.facts.firstFrame = first
    plan.facts.endFrame = first + frames
    plan.facts.claimedSection = first >> 13
    plan.facts.bundleFrame = bundle.first
    plan.facts.bundleBytes = UInt64(bundleBytes.count)
    plan.facts.deviceTreeBytes = UInt64(deviceTree.count)
    plan.facts.logFrame = logFrame
    plan.facts.interruptController = 2
    plan.facts.cpuInterfaceFrame = 0x8010
    plan.facts.cpuInterfaceFrames = 2
    plan.facts.uartFrame = 0x9000
    plan.facts.counterFrequency = 62_500_000
    nextFrame = tree.end + 64
    kernel.start(plan)
    server = kernel.thread(kernel.cpu.current).pointee.task
  }

  /// Whether calls try their quick forms, as on the machine.
  package var usesQuickPaths = true
  /// Calls that a quick form carried out.
  package private(set) var quickSwitches = 0

  /// The thread that runs.
  package var current: UInt64 { kernel.cpu.current }

  /// Makes a kernel call as the current thread; returns its registers afterwards, whoever runs then.
  @discardableResult
  package func invoke(_ operation: Operation, _ message: Message) -> Message {
    let caller = current
    setMessage(message, of: caller)
    // The svc itself: the saved instruction is the one behind it.
    kernel.thread(caller).pointee.registers.instruction &+= 4
    let after = kernel.thread(caller).pointee.registers.instruction
    if takesQuickPath(operation, message, caller) { return self.message(of: caller) }
    repeat {
      kernel.thread(caller).pointee.registers.instruction = after
      kernel.systemCall(operation.rawValue)
      kernel.machine.checkAtReturn()
      // A call that restarts comes back at its svc, after the interrupt that waited.
      if current == caller, kernel.thread(caller).pointee.registers.instruction != after { interrupt() }
    } while current == caller && kernel.thread(caller).pointee.registers.instruction != after
    return self.message(of: caller)
  }

  /// What the exception entry does: a call without a handle tries its quick form first, and the words go over in the
  /// registers.
  private func takesQuickPath(_ operation: Operation, _ message: Message, _ caller: UInt64) -> Bool {
    let passed = Transfer(raw: message.transfer).pass
    guard usesQuickPaths, passed == 0 || operation == .call, isMostUrgent(caller) else { return false }
    let quick = quickCaller(caller)
    var taken: QuickSwitch?
    switch operation {
    case .call where passed != 0: taken = kernel.quickPass(quick, slot: message.handle, passing: passed)
    case .call: taken = kernel.quickCall(quick, slot: message.handle)
    case .replyReceive:
      let t = kernel.thread(caller).pointee
      let reply = kernel.quickReplyReceive(
        quick, slot: message.handle, label: message.label, caller: t.caller, bound: t.boundNotification)
      switch reply {
      case .caller(let thread): taken = QuickSwitch(thread: thread, badge: 0)
      case .faulter(let thread): return tookQuickPath(thread)
      case nil: break
      }
    case .signal:
      if kernel.quickSignal(quick, slot: message.handle) { return succeeded(caller) }
      return tookQuickPath(kernel.quickWake(quick, slot: message.handle))
    case .yield:
      guard let next = kernel.quickYield(caller) else { return false }
      return succeeded(caller, next: next)
    case .null: return succeeded(caller)
    case .map:
      let place = QuickPage(task: message.handle, region: message[0], page: message[1])
      guard message[2] == 1, kernel.quickMap(quick, place, frame: message[3], authority: message[6]) else {
        return false
      }
      return succeeded(caller, [1, 0, 0])
    case .unmap:
      let place = QuickPage(task: message.handle, region: message[0], page: message[1])
      guard message[2] == 1, let frame = kernel.quickUnmap(quick, place) else { return false }
      return succeeded(caller, [1, 0, 0, frame, frame == 0 ? 0 : 1, 0])
    case .wait:
      return tookQuickPath(kernel.quickWait(quick, slot: message.handle, acknowledging: message[0]))
    default: break
    }
    guard let taken else { return false }
    var arrived = message
    arrived.label &= ~Outcome.refused
    arrived.handle = taken.badge
    arrived.transfer = passed == 0 ? 0 : kernel.thread(taken.thread).pointee.transfer
    setMessage(arrived, of: taken.thread)
    return tookQuickPath(taken.thread)
  }

  /// A fault of the thread that runs, as the exception entry takes it.
  package func fault(syndrome: UInt64, address: UInt64) {
    let faulted = current
    guard
      usesQuickPaths, isMostUrgent(faulted), syndrome >> 26 & 63 != 7,
      let taken = kernel.quickFault(quickCaller(faulted), syndrome: syndrome, address: address)
    else { return kernel.fault(syndrome: syndrome, address: address) }
    let registers = kernel.thread(faulted).pointee.registers
    setMessage(
      Message(
        syndrome, address, registers.instruction, registers.stack, registers.link, taken.region, taken.handle,
        taken.area,
        label: syndrome >> 26 & 63, handle: taken.pager.badge), of: taken.pager.thread)
    _ = tookQuickPath(taken.pager.thread)
  }

  /// An interrupt while a thread runs, as the exception entry takes it.
  package func interrupt() {
    let number = kernel.machine.acknowledgeInterrupt()
    let next = usesQuickPaths && isMostUrgent(current) ? kernel.quickInterrupt(number, of: current) : nil
    if !tookQuickPath(next) { kernel.interrupt(number) }
  }

  /// A test may run a thread while a more urgent one is ready, which the machine never does; the general forms make up
  /// for it.
  private func isMostUrgent(_ address: UInt64) -> Bool {
    kernel.cpu.ready & (~1 &<< kernel.thread(address).pointee.priority) == 0
  }

  private func quickCaller(_ address: UInt64) -> QuickCaller {
    let t = kernel.thread(address).pointee
    return QuickCaller(address, handles: t.handles, slots: t.slots)
  }

  /// What `quick_return` leaves.
  private func succeeded(_ caller: UInt64, _ results: [UInt64] = [0, 0, 0], next: UInt64? = nil) -> Bool {
    for (index, result) in results.enumerated() { kernel.thread(caller).pointee[index] = result }
    kernel.thread(caller).pointee.label = 0
    return tookQuickPath(next ?? caller)
  }

  /// A quick form went on in a thread, if it did: who runs from here on, as the next entry will say.
  private func tookQuickPath(_ thread: UInt64?) -> Bool {
    guard let thread else { return false }
    kernel.cpu.current = thread
    quickSwitches += 1
    kernel.machine.checkAtReturn()
    return true
  }

  /// x0–x10 of a thread.
  package func message(of thread: UInt64) -> Message {
    let x = kernel.thread(thread).pointee
    return Message(x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7], label: x[8], handle: x[9], transfer: x[10])
  }

  /// Lays down x0–x10 of a thread.
  package func setMessage(_ message: Message, of thread: UInt64) {
    for index in 0..<8 { kernel.thread(thread).pointee[index] = message[index] }
    kernel.thread(thread).pointee.label = message.label
    kernel.thread(thread).pointee.handle = message.handle
    kernel.thread(thread).pointee.transfer = message.transfer
  }

  /// Blocks of 512 frames that were claimed, and for each whether all of it is free: what the ledger's page of it says.
  private var claimedBlocks: [(first: UInt64, isFree: Bool)] {
    let all = kernel.ram.used.first >> 9..<kernel.lastRAM.end >> 9
    return all.filter { kernel.isClaimed($0 << 9) && kernel.isRAM($0 << 9) }.map {
      ($0 << 9, kernel.machine.isZero(frame: ($0 >> 9) << 18 | $0 & 511))
    }
  }

  /// All frames that were claimed and are not free, upwards. It takes as long as there are such, not as RAM is large.
  package var usedFrames: [(frame: UInt64, word: LedgerWord)] {
    claimedBlocks.filter { !$0.isFree }.flatMap { block in
      (block.first..<block.first + 512).map { ($0, kernel.ledger($0).pointee) }.filter { !$0.word.isFree }
    }
  }

  /// Free frames among those claimed.
  package func freeFrames() -> Int { claimedBlocks.count * 512 - usedFrames.count }
}
