internal import AArch64
public import ABI
internal import Machine

/// A part of the memory server's image in the bundle.
public struct StartSegment: Sendable {
  /// First frame in the image.
  public var frame: UInt64 = 0
  /// Pages that come from the image; the rest up to `pages` is zero.
  public var filledPages: UInt64 = 0
  /// First virtual page.
  public var page: UInt64 = 0
  /// Pages in memory.
  public var pages: UInt64 = 0
  /// Rights; a part that is written is copied, others are mapped in place.
  public var rights = Rights.Memory(rawValue: 0)
  /// An empty part.
  public init() {}
}

/// What boot tells the core to start the memory server with.
public struct StartPlan {
  /// The facts that the server will read.
  public var facts = HandOver.Facts()
  /// First frame behind the image that is free: boot takes frames from here on.
  public var firstFreeFrame: UInt64 = 0
  /// Frames of the device tree in use.
  public var deviceTree = FrameRange(0, 0)
  /// Frames of the bundle.
  public var bundle = FrameRange(0, 0)
  /// The server's image.
  public var segments: InlineArray<4, StartSegment> = .init(repeating: StartSegment())
  /// Entry point, one past the stack's last byte, pages of stack, priority.
  public var entry: UInt64 = 0
  /// One past the stack's last byte.
  public var stackTop: UInt64 = 0
  /// Pages of stack.
  public var stackPages: UInt64 = 0
  /// Priority of the memory server.
  public var priority: UInt64 = 60
  /// Whether instruction fetch sees the bundle already: a boot loader has cleaned the kernel's image out of the
  /// data caches, and boot has emptied the instruction cache since.
  public var codeIsPublished = false
  /// Further frames of its handle table.
  public var extraFrames: UInt64 = 8
  /// No plan.
  public init() {}
}

extension Kernel where M: ~Copyable {
  /// Starts the memory server, gives it all memory, and makes it the current thread. The frames it needs come
  /// by a pointer that only moves up, from those behind the image; it is gone when this returns.
  public mutating func start(_ plan: StartPlan) {
    var boot = BootFrames(plan)
    let extra = plan.extraFrames
    let first = boot.take(extra + 1)
    let root = boot.take(1)
    makeTask(first: first, extra: extra, root: root, identifier: takeIdentifier() ?? 1, parent: 0)
    let server = DirectMap.address(first)
    task(server).pointee.name = ServiceName.memory
    task(server).pointee.quota = plan.facts.endFrame - plan.facts.firstFrame + addedFrames
    task(server).pointee.used = extra + 2
    makeObjects(plan, server, &boot)
    mapImage(plan, server, &boot)
    mapTables(plan, server, &boot)
    facts.bootFrames = boot.next - plan.firstFreeFrame
    keepImage(plan, server: server)
    let t = thread(server + Task.threadOffset)
    t.pointee.registers.instruction = plan.entry
    t.pointee.registers.stack = plan.stackTop
    t.pointee.priority = plan.priority
    t.pointee.state = ThreadState.ready
    // The tables' stores are visible before the server's first access.
    machine.publishTables()
    switchTo(server + Task.threadOffset)
  }

  /// The objects that boot hands over, on one frame of the server's account.
  private mutating func makeObjects(_ plan: StartPlan, _ server: UInt64, _ boot: inout BootFrames) {
    let frame = boot.take(1)
    machine.clear(frame: frame)
    task(server).pointee.objectFrames = frame
    task(server).pointee.objects += 1
    task(server).pointee.used += 1
    var object = DirectMap.address(frame)
    func next() -> UInt64 {
      object += ObjectHeader.slotBytes
      return object
    }
    typealias Slot = HandOver.Slot
    give(server, Slot.task, .task, rights: 7, server)
    let used = ram.used
    ram.memory = next()
    memoryObject(ram.memory).pointee = Memory(
      kind: MemoryUse.authority, frame: used.first, frames: (ram.addedCount == 0 ? used : lastRAM).end - used.first)
    give(server, Slot.memory, .memory, rights: 7, ram.memory)
    let devices = next()
    memoryObject(devices).pointee = Memory(kind: MemoryUse.deviceAuthority, frame: 0, frames: 1 << 36)
    give(server, Slot.devices, .memory, rights: 7, devices)
    let bundle = next()
    memoryObject(bundle).pointee = Memory(
      kind: MemoryUse.fixed, frame: plan.bundle.first, frames: plan.bundle.count)
    give(server, Slot.bundle, .memory, rights: 5, bundle)
    log.memory = next()
    memoryObject(log.memory).pointee = Memory(
      kind: MemoryUse.fixed, frame: DirectMap.frame(log.address), frames: UInt64(LogRing.pages))
    give(server, Slot.log, .memory, rights: 1, log.memory)
    log.object = next()
    timer.object = next()
    interruptObject(timer.object).pointee = Interrupt(number: 27, trigger: 0)
    handle(server + Task.handlesOffset + Slot.power * Task.handleBytes).pointee =
      Handle(word: HandleWord(.power, rights: 7, object: 0), value: 0)
    give(server, Slot.timer, .timer, rights: 7, timer.object)
    // Shown by regions alone: no slot holds these two.
    boot.tree = next()
    memoryObject(boot.tree).pointee = Memory(
      kind: MemoryUse.fixed, frame: plan.deviceTree.first, frames: plan.deviceTree.count)
    boot.ledger = next()
    memoryObject(boot.ledger).pointee = Memory(kind: MemoryUse.ledger, frame: 0, frames: Geometry.taskPages >> 9)
    ledger(frame).pointee = .objects(account: DirectMap.frame(server), live: 0x1ff)
  }

  private func give(_ server: UInt64, _ slot: UInt64, _ kind: ObjectKind, rights: UInt64, _ object: UInt64) {
    let address = server + Task.handlesOffset + slot * Task.handleBytes
    install(address, HandleWord(kind, rights: rights, object: object), value: 0)
  }
}

/// Frames that boot takes, upwards from the first free one.
struct BootFrames {
  /// The next frame.
  var next: UInt64
  /// Slot of the next region.
  var slot = HandOver.Slot.regions
  /// The Memory of the device tree's frames.
  var tree: UInt64 = 0
  /// The Memory of the ledger.
  var ledger: UInt64 = 0
  /// The table of level 3 that the last page was entered in, and that page.
  var leaf: UInt64 = 0
  var leafPage: UInt64 = 0
  /// As in the plan.
  let codeIsPublished: Bool

  init(_ plan: StartPlan) {
    next = plan.firstFreeFrame
    codeIsPublished = plan.codeIsPublished
  }

  /// Takes frames in a row.
  mutating func take(_ count: UInt64) -> UInt64 {
    defer { next += count }
    return next
  }
}

/// Names that the kernel itself uses.
package enum ServiceName {
  /// "memory".
  package static var memory: UInt64 { 0x79_726f_6d65_6d }
  /// "kernel".
  package static var kernel: UInt64 { 0x6c_656e_7265_6b }
}
