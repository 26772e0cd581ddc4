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

  /// Whether calls try their quick forms, as on the machine; then they are carried out in both forms, and compared.
  package var usesQuickPaths = true
  /// How often each quick form carried out what was asked.
  package var carriedOut: [QuickForm: Int] = [:]
  /// How often any did.
  package var quickSwitches: Int { carriedOut.values.reduce(0, +) }
  /// Whether both forms are being run.
  var isComparing = false
  /// Whether a quick form left another state than the general one: said once.
  var isDifferent = false

  /// The thread that runs.
  package var current: UInt64 { kernel.cpu.current }

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
