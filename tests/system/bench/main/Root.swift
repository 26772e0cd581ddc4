internal import ABI
internal import Interfaces
internal import Runtime

/// The bench in the memory server's place: the first task, with authority over all RAM and all devices, so that it can
/// make the calls by which a memory server maps, and be another task's pager with nothing else to do.
struct Root: ~Copyable {
  var gate = SystemGate()
  /// Free frames, given out one after another.
  private var frames = FreeFrames()
  /// Frames for tables that a `map` misses.
  private var spares: (UInt64, UInt64) = (0, 0)

  enum Slot {
    static var child: UInt64 { 40 }
    static var endpoint: UInt64 { 41 }
    static var flash: UInt64 { 42 }
    static var distributor: UInt64 { 43 }
    static var distributorRegion: UInt64 { 44 }
    static var interrupt: UInt64 { 45 }
    static var notification: UInt64 { 46 }
    static var redistributor: UInt64 { 47 }
    static var redistributorRegion: UInt64 { 48 }
  }

  /// Counts, logs, powers off.
  consuming func run() -> Never {
    // What boot has executed by now; its own figure is taken a little earlier.
    let booted = Counter.kernelInstructions
    log("firstTask", booted, booted, &gate)
    log("empty", Counter.emptyPair, Counter.emptyPair, &gate)
    do throws(Refusal) {
      try begin()
      try measureMaps()
      try measureFaults()
      try measureInterrupts()
      try measureTasks()
      try gate.power(.off, handle: HandOver.Slot.power)
    } catch { gate.log("root", error) }
    fatalError()
  }

  /// Makes the child and starts it.
  private mutating func begin() throws(Refusal) {
    spares = (frames.take(), frames.take())
    try gate.createTask(
      "child", account: 0, frame: frames.take(), furtherFrames: 0, root: frames.take(), quota: 2048, slot: Slot.child,
      authority: HandOver.Slot.memory)
    try create(.endpoint, Slot.endpoint)
    let rights: Rights.Endpoint = [.call, .pass]
    try gate.copy(Slot.endpoint, to: WellKnownSlot.memory, task: Slot.child, rights: rights.rawValue, badge: 1)
    let facts = ServerPages.facts.load(0, as: HandOver.Facts.self)
    let bundle: Bundle
    do throws(BundleError) {
      bundle = try Bundle(BundlePages(count: facts.bundleBytes).bytes, verifyingChecksum: false)
    } catch { fatalError() }
    var gate = SystemGate()
    try Loader.load(bundle[1], into: &self, &gate)
    try Loader.start(bundle[1], argument: 0, in: &self, &gate)
  }

  /// Makes an object on a frame of its own.
  mutating func create(_ kind: ObjectKind, _ slot: UInt64) throws(Refusal) {
    _ = try gate.create(kind, account: 0, spare: frames.take(), slot: slot, authority: HandOver.Slot.memory)
  }

  /// A free frame, which nothing takes back.
  mutating func takeFrame() -> UInt64 { frames.take() }
  /// 512 free frames, aligned.
  var block: UInt64 { frames.block }

  /// One `map`, and what it cost. Tables come from the spares, which are filled again.
  @discardableResult
  mutating func map(region: UInt64, page: UInt64, count: UInt64, frame: UInt64 = 0, task: UInt64 = Slot.child)
    throws(Refusal) -> Cost
  {
    let watch = Stopwatch()
    let mapped = try gate.map(
      task: task, region: region, page: page, count: count, frame: frame, spares: spares,
      authority: HandOver.Slot.memory)
    let cost = watch.cost
    if mapped.tookFirst { spares.0 = frames.take() }
    if mapped.tookSecond { spares.1 = frames.take() }
    return cost
  }

  /// One `unmap`, and what it cost. Tables that come free are left alone.
  @discardableResult
  mutating func unmap(region: UInt64, page: UInt64, count: UInt64) throws(Refusal) -> Cost {
    let watch = Stopwatch()
    _ = try gate.unmap(task: Slot.child, region: region, page: page, count: count)
    return watch.cost
  }
}

/// Frames that the ledger called free when the bench began: blocks of the section that boot claimed.
private struct FreeFrames {
  /// 512 frames, aligned, which only the bench's own maps use.
  let block: UInt64
  private var next: UInt64
  private var end: UInt64
  /// Where the section ends.
  private let last: UInt64

  init() {
    let first = ServerPages.facts.load(0, as: HandOver.Facts.self).firstFrame & ~(Geometry.sectionFrames - 1)
    last = first + Geometry.sectionFrames
    block = Self.free(first, last)
    next = Self.free(block + Geometry.blockFrames, last)
    end = next + Geometry.blockFrames
  }

  mutating func take() -> UInt64 {
    if next == end {
      next = Self.free(end, last)
      end = next + Geometry.blockFrames
    }
    next += 1
    return next - 1
  }

  /// The first free block from one on.
  private static func free(_ first: UInt64, _ last: UInt64) -> UInt64 {
    var block = first
    while block < last, !isFree(block) { block += Geometry.blockFrames }
    precondition(block < last, "the bench needs fewer frames than a section has")
    return block
  }

  private static func isFree(_ block: UInt64) -> Bool {
    for frame in block..<block + Geometry.blockFrames {
      guard ServerPages.ledger.load(Int(frame * 8), as: LedgerWord.self).isFree else { return false }
    }
    return true
  }
}

extension Root: TaskBuilder {
  mutating func load(
    slot: UInt64, page: UInt64, offset: UInt64, filePages: UInt64, memoryPages: UInt64, rights: Rights.Memory,
    _ gate: inout some Gate & ~Copyable
  ) throws(Refusal) {
    guard rights.contains(.write) else {
      try gate.makeRegion(
        task: Slot.child, slot: slot, page: page, pages: memoryPages, rights: rights, memory: HandOver.Slot.bundle,
        offset: offset >> 12)
      try map(region: slot, page: page, count: memoryPages)
      return
    }
    try allocate(slot: slot, page: page, pages: memoryPages, rights: rights, &gate)
    for index in 0..<filePages {
      try gate.copyPage(
        task: Slot.child, memory: HandOver.Slot.bundle, sourcePage: offset >> 12 + index, to: page + index)
    }
  }

  /// All of a stack is there from the start: who grows one is not the question here.
  mutating func makeStack(
    slot: UInt64, page: UInt64, pages: UInt64, present: UInt64, _ gate: inout some Gate & ~Copyable
  ) throws(Refusal) {
    try allocate(slot: slot, page: page, pages: pages, rights: [.read, .write], &gate)
  }

  private mutating func allocate(
    slot: UInt64, page: UInt64, pages: UInt64, rights: Rights.Memory, _ gate: inout some Gate & ~Copyable
  ) throws(Refusal) {
    try gate.makeRegion(task: Slot.child, slot: slot, page: page, pages: pages, rights: rights)
    for index in 0..<pages { try map(region: slot, page: page + index, count: 1, frame: takeFrame()) }
  }

  mutating func start(
    entry: UInt64, stack: UInt64, argument: UInt64, priority: UInt64, _ gate: inout some Gate & ~Copyable
  ) throws(Refusal) {
    try gate.start(task: Slot.child, entry: entry, stack: stack, argument: argument, priority: priority)
  }
}
