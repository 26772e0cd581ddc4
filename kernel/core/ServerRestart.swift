internal import AArch64
internal import ABI
internal import Machine

/// Pages that the memory server writes, as its image has them.
struct PristinePages: BitwiseCopyable {
  /// First frame in the image.
  var frame: UInt64 = 0
  /// Pages that come from the image; the others are zero.
  var filledPages: UInt64 = 0
  /// First virtual page.
  var page: UInt64 = 0
  /// Pages in memory.
  var pages: UInt64 = 0
}

/// What the kernel keeps to start the memory server anew, and how often it had to.
package struct ServerImage: BitwiseCopyable {
  /// Its task.
  var task: UInt64 = 0
  /// Its data and, last, its stack.
  var written: InlineArray<5, PristinePages> = .init(repeating: PristinePages())
  /// Entry point.
  var entry: UInt64 = 0
  /// One past the stack's last byte.
  var stackTop: UInt64 = 0
  /// Times that it was started anew.
  package var restarts: UInt64 = 0
  /// Times in a row that it faulted before it received anything.
  package var failures: UInt64 = 0
  /// The thread whose fault was being served when the server died last, and which of its faults that was.
  var faulter: UInt64 = 0
  var faults: UInt64 = 0
}

// The memory server is the only task that nobody supervises. What it needs to know is the kernel's to tell: handles,
// regions, accounts and the ledger. So when it dies the kernel puts its data and stack back as the image has them and
// lets it begin again. Whoever waits for it waits on; whoever was being served is told.
extension Kernel where M: ~Copyable {
  /// Faults in a row, none of them after a `receive`, that end in a panic.
  package static var mostFailures: UInt64 { 4 }

  /// Remembers what the memory server writes.
  func keepImage(_ plan: StartPlan, server: UInt64) {
    let image = store
    image.pointee.server.task = server
    image.pointee.server.entry = plan.entry
    image.pointee.server.stackTop = plan.stackTop
    for index in 0..<4 where plan.segments[index].rights.contains(.write) {
      let segment = plan.segments[index]
      image.pointee.server.written[index] = PristinePages(
        frame: segment.frame, filledPages: segment.filledPages, page: segment.page, pages: segment.pages)
    }
    image.pointee.server.written[4] = PristinePages(
      page: plan.stackTop >> 12 - plan.stackPages, pages: plan.stackPages)
  }

  /// The memory server faulted. False where that is hopeless.
  mutating func reviveServer() -> Bool {
    guard store.pointee.server.failures + 1 < Self.mostFailures, isWhole() else { return false }
    store.pointee.server.failures += 1
    let t = thread(store.pointee.server.task + Task.threadOffset)
    let fault: InlineArray<5, UInt64> = [
      t.pointee.faultSyndrome, t.pointee.faultAddress, t.pointee.registers.instruction, t.pointee.registers.stack,
      t.pointee.registers.link,
    ]
    beginServer(fault)
    return true
  }

  /// `power` 2: the memory server begins again, whatever it was doing.
  mutating func restartServer(_ caller: UInt64) throws(Refusal) {
    guard isWhole() else { throw Refusal(.busy, store.pointee.server.restarts) }
    succeed(caller)
    beginServer(InlineArray<5, UInt64>(repeating: 0))
  }

  /// It received: what comes now is work.
  @inline(__always) func noteReceiving(_ receiver: UInt64) {
    guard store.pointee.server.failures != 0, thread(receiver).pointee.task == store.pointee.server.task else { return }
    store.pointee.server.failures = 0
  }

  /// Its data and stack as in the image, its thread at its entry: x0 says how often, x1 to x5 the fault.
  private mutating func beginServer(_ fault: InlineArray<5, UInt64>) {
    store.pointee.server.restarts += 1
    forgetPublished()
    let address = store.pointee.server.task + Task.threadOffset
    let t = thread(address)
    if cpu.current == address { block(address, ThreadState.idle) }
    let served = t.pointee.caller
    t.pointee.caller = 0
    stopThread(address)
    for index in 0..<5 { putBack(store.pointee.server.written[index]) }
    let image = store
    t.pointee.begin(
      at: image.pointee.server.entry, stack: image.pointee.server.stackTop, argument: image.pointee.server.restarts)
    for index in 0..<5 { t.pointee[index + 1] = fault[index] }
    t.pointee.isSuspended = 0
    makeReady(address)
    if served != 0 { interrupt(served) }
  }

  /// A caller that was being served learns it and may ask again. A fault is simply raised again; one that was being
  /// served the last time too stays unserved, and its thread stopped.
  private mutating func interrupt(_ caller: UInt64) {
    let t = thread(caller)
    t.pointee.server = 0
    guard t.pointee.isFault != 0 else {
      refuse(caller, Refusal(.interrupted, 0, limit: store.pointee.server.restarts))
      return makeReady(caller)
    }
    t.pointee.isFault = 0
    let image = store
    if image.pointee.server.faulter == caller, image.pointee.server.faults + 1 == task(t.pointee.task).pointee.faults {
      t.pointee.state = ThreadState.idle
      return
    }
    image.pointee.server.faulter = caller
    image.pointee.server.faults = task(t.pointee.task).pointee.faults
    makeReady(caller)
  }

  /// Whether all pages that must be put back are where they were. As many as the image writes and the stack has: a
  /// dozen.
  private func isWhole() -> Bool {
    for index in 0..<5 {
      let part = store.pointee.server.written[index]
      for page in part.page..<part.page + part.pages where ownFrame(page) == nil { return false }
    }
    return true
  }

  private func putBack(_ part: PristinePages) {
    for offset in 0..<part.pages {
      guard let frame = ownFrame(part.page + offset) else { continue }
      if offset < part.filledPages {
        machine.copy(frame: part.frame + offset, to: frame)
      } else {
        machine.clear(frame: frame)
      }
    }
  }

  /// The frame behind a private page of the server's.
  private func ownFrame(_ page: UInt64) -> UInt64? {
    let server = store.pointee.server.task
    let walk = walk(server, page: page)
    guard walk.entry.isLeaf(level: walk.level) else { return nil }
    let frame = walk.entry.frame + page & (TableGeometry.frames(level: walk.level) - 1)
    guard isClaimed(frame), ledger(frame).pointee == .privatePage(task: DirectMap.frame(server), page: page) else {
      return nil
    }
    return frame
  }
}
