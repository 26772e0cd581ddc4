internal import AArch64
internal import ABI
internal import DeviceTree
internal import KernelCore
internal import Machine

extension Boot {
  /// What the core needs to start the memory server: the facts, the frames that are kept, and its image.
  static func plan() -> StartPlan {
    var plan = StartPlan()
    let tree = state.tree
    plan.deviceTree = FrameRange(tree >> 12, ImageLayout.pages(tree &+ UInt64(state.survey.facts.treeBytes)) >> 12)
    let bundle = bundle()
    plan.bundle = FrameRange(bundle.base >> 12, ImageLayout.pages(bundle.base &+ bundle.size) >> 12)
    plan.firstFreeFrame = ImageLayout.pages(ImageLayout.usedEnd) >> 12
    keep(plan)
    fill(&plan)
    plan.facts.bundleBytes = bundle.size
    do throws(BundleError) {
      try addServer(to: &plan, from: bundle, isGiven: state.survey.facts.initialRAMDisk != nil)
    } catch {
      stop(.bundle(error))
    }
    return plan
  }

  /// Frames that are never given out.
  private static func keep(_ plan: StartPlan) {
    let image = FrameRange(ImageLayout.code >> 12, plan.firstFreeFrame)
    var fits = kernel.reserve(image)
    fits = kernel.reserve(plan.deviceTree) && fits
    for index in 0..<state.survey.facts.reserved.count {
      let range = state.survey.reserved(index)
      fits = kernel.reserve(FrameRange(range.base >> 12, ImageLayout.pages(range.end) >> 12)) && fits
    }
    if let disk = state.survey.facts.initialRAMDisk {
      fits = kernel.reserve(FrameRange(disk.base >> 12, ImageLayout.pages(disk.end) >> 12)) && fits
    }
    if !fits { stop(.tooManyReserved) }
  }

  private static func fill(_ plan: inout StartPlan) {
    let used = kernel.ram.used
    plan.facts.firstFrame = used.first
    plan.facts.endFrame = used.end
    plan.facts.lostFrames = kernel.ram.whole.end &- used.end
    plan.facts.claimedSection = used.first >> 13
    plan.facts.deviceTreeBytes = UInt64(state.survey.facts.treeBytes)
    plan.facts.deviceTreeOffset = state.tree & 4095
    plan.facts.bundleFrame = plan.bundle.first
    plan.facts.logFrame = ImageLayout.log >> 12
    plan.facts.interruptController = UInt64(state.survey.facts.gic.version.rawValue)
    let interface = state.survey.facts.gic.cpuInterface ?? AddressRange()
    plan.facts.cpuInterfaceFrame = interface.base >> 12
    plan.facts.cpuInterfaceFrames = interface.size >> 12
    plan.facts.uartFrame = state.survey.facts.uart.registers.base >> 12
    plan.facts.processors = UInt64(state.survey.facts.cpuCount)
    plan.facts.counterFrequency = kernel.machine.counterFrequency
  }

  /// The bundle: the image's own, or the one that the loader gives as the initial RAM disk (QEMU: -initrd), so
  /// that another system boots on the same kernel.
  private static func bundle() -> (base: UInt64, size: UInt64) {
    guard let disk = state.survey.facts.initialRAMDisk else {
      return (ImageLayout.bundle, ImageLayout.bundleEnd &- ImageLayout.bundle)
    }
    let given = FrameRange(disk.base >> 12, ImageLayout.pages(disk.end) >> 12)
    // An empty one is a bundle too short, which its check says.
    guard disk.base & 4095 == 0, disk.size == 0 || kernel.reach(given) else { stop(.bundlePlace(disk.base, disk.end)) }
    return (disk.base, disk.size)
  }

  /// The bundle's first entry is the memory server; the kernel knows no other service.
  private static func addServer(
    to plan: inout StartPlan, from place: (base: UInt64, size: UInt64), isGiven: Bool
  ) throws(BundleError) {
    let start = DirectMap.base &+ place.base
    // Safety: the bundle lies in the image's read-only blocks, or in blocks that `reach` has mapped for good.
    let bytes = unsafe Span(
      _unsafeStart: UnsafePointer<UInt8>(bitPattern: UInt(start)).unsafelyUnwrapped, count: Int(place.size))
    // The image's own bundle was checked as a whole when it was made; boot does not grow with it. Of one that
    // comes from outside everything is checked.
    let server = try isGiven ? Bundle(exactly: bytes).program(0) : Bundle.firstProgram(of: bytes)
    plan.codeIsPublished = !isGiven
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
