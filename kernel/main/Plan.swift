internal import AArch64
internal import ABI
internal import DeviceTree
internal import KernelCore

extension Boot {
  /// What the core needs to start the memory server: the facts, the frames that are kept, and its image.
  static func plan(_ facts: borrowing BootFacts) -> StartPlan {
    var plan = StartPlan()
    let tree = state.tree
    plan.deviceTree = FrameRange(tree >> 12, ImageLayout.pages(tree &+ UInt64(facts.treeBytes)) >> 12)
    plan.bundle = FrameRange(ImageLayout.bundle >> 12, ImageLayout.pages(ImageLayout.bundleEnd) >> 12)
    plan.firstFreeFrame = ImageLayout.pages(ImageLayout.usedEnd) >> 12
    keep(facts, plan)
    fill(&plan.facts, facts, plan)
    do throws(BundleError) {
      try addServer(to: &plan)
    } catch {
      stop(.bundle(error))
    }
    return plan
  }

  /// Frames that are never given out.
  private static func keep(_ facts: borrowing BootFacts, _ plan: StartPlan) {
    let image = FrameRange(ImageLayout.code >> 12, plan.firstFreeFrame)
    var fits = kernel.ram.reserve(image)
    fits = kernel.ram.reserve(plan.deviceTree) && fits
    for index in 0..<facts.reserved.count {
      let range = facts.reserved[index]
      fits = kernel.ram.reserve(FrameRange(range.base >> 12, ImageLayout.pages(range.end) >> 12)) && fits
    }
    if let disk = facts.initialRAMDisk {
      fits = kernel.ram.reserve(FrameRange(disk.base >> 12, ImageLayout.pages(disk.end) >> 12)) && fits
    }
    if !fits { stop(.tooManyReserved) }
  }

  private static func fill(_ words: inout HandOver.Facts, _ facts: borrowing BootFacts, _ plan: StartPlan) {
    let used = kernel.ram.used
    words.firstFrame = used.first
    words.endFrame = used.end
    words.lostFrames = kernel.ram.whole.end &- used.end
    words.claimedSection = used.first >> 13
    words.deviceTreeBytes = UInt64(facts.treeBytes)
    words.deviceTreeOffset = state.tree & 4095
    words.bundleBytes = ImageLayout.bundleEnd &- ImageLayout.bundle
    words.bundleFrame = plan.bundle.first
    words.logFrame = ImageLayout.log >> 12
    words.interruptController = UInt64(facts.gic.version.rawValue)
    let interface = facts.gic.cpuInterface ?? AddressRange()
    words.cpuInterfaceFrame = interface.base >> 12
    words.cpuInterfaceFrames = interface.size >> 12
    words.uartFrame = facts.uart.registers.base >> 12
    words.processors = UInt64(facts.cpuCount)
    words.counterFrequency = kernel.machine.counterFrequency
  }

  /// The bundle's first entry is the memory server; the kernel knows no other service.
  private static func addServer(to plan: inout StartPlan) throws(BundleError) {
    let start = Hardware.directMap &+ ImageLayout.bundle
    let count = Int(ImageLayout.bundleEnd &- ImageLayout.bundle)
    // Safety: the bundle lies in the image's read-only blocks, which are mapped for good.
    let bytes = unsafe Span(
      _unsafeStart: UnsafePointer<UInt8>(bitPattern: UInt(start)).unsafelyUnwrapped, count: count)
    // The checksum is left to the memory server: the kernel's part of boot does not grow with the image.
    let bundle = try Bundle(bytes, verifyingChecksum: false)
    let server = bundle[0]
    plan.entry = server.start
    plan.stackTop = server.stackTop
    plan.stackPages = UInt64(server.stackPages)
    plan.priority = UInt64(server.priority)
    plan.extraFrames = UInt64(server.handleFrames)
    for index in 0..<server.segmentCount {
      let part = server.segments[index]
      plan.segments[index].frame = plan.bundle.first &+ UInt64(part.offset) >> 12
      plan.segments[index].filledPages = UInt64(part.filePages)
      plan.segments[index].page = part.address >> 12
      plan.segments[index].pages = UInt64(part.memoryPages)
      plan.segments[index].rights = Rights.Memory(rawValue: UInt64(part.rights.rawValue))
    }
  }

  private static func stop(_ refusal: BootRefusal) -> Never {
    refuse(refusal, console: EmergencyConsole(base: kernel.machine.console))
  }
}
