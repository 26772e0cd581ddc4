internal import ABI
internal import Interfaces
internal import Runtime

/// Tasks by the kernel's own calls, where no memory server keeps a session for each: as many as the root's table of
/// handles holds.
extension Root {
  private enum Place {
    /// Behind the regions that the kernel made of this task's segments; the last of the table's 88 + 8 · 128 slots.
    static var first: UInt64 { 88 }
    static var most: UInt64 { 1000 }
    /// In each task: a page of the bundle, to be executed.
    static var region: UInt64 { 30 }
    static var page: UInt64 { 0x8000 }
  }

  /// The frames of a task: the task, its root, two tables. They come free with it and are taken for the next.
  private typealias Frames = (task: UInt64, root: UInt64, middle: UInt64, leaf: UInt64)

  /// Up to 1,000 tasks that are ready to run and never do: at each power of two, and with the last, a call to this
  /// task, one more task, and its end.
  mutating func measureTasks() throws(Refusal) {
    let spare = takeFrames()
    var message = Message(ChildCommand.call, handle: Slot.endpoint)
    gate.invoke(.replyReceive, &message)
    var count: UInt64 = 0
    while count < Place.most {
      try make(Place.first + count, takeFrames())
      count += 1
      guard count & (count - 1) == 0 || count == Place.most else { continue }
      var calls: (UInt64, UInt64) = (0, 0)
      var births = calls
      var deaths = calls
      for _ in 0..<3 {
        message = Message(ChildCommand.call, handle: Slot.endpoint)
        gate.invoke(.replyReceive, &message)
        calls = (calls.1, Counter.kernelInstructions &- message[0])
        let birth = Stopwatch()
        try make(Place.first + count, spare)
        births = (births.1, birth.cost.kernel)
        let death = Stopwatch()
        try end(Place.first + count)
        deaths = (deaths.1, death.cost.kernel)
      }
      log(series: "seriesKernelCall", count, calls.0, calls.1, &gate)
      log(series: "seriesKernelTask", count, births.0, births.1, &gate)
      log(series: "seriesKernelEnd", count, deaths.0, deaths.1, &gate)
    }
  }

  private mutating func takeFrames() -> Frames { (takeFrame(), takeFrame(), takeFrame(), takeFrame()) }

  /// The least that can run: a task, a page of code under tables of its own, and its thread, started.
  private mutating func make(_ slot: UInt64, _ frames: Frames) throws(Refusal) {
    try gate.createTask(
      "minimal", account: 0, frame: frames.task, furtherFrames: 0, root: frames.root, quota: 4, slot: slot,
      authority: HandOver.Slot.memory)
    try gate.makeRegion(
      task: slot, slot: Place.region, page: Place.page, pages: 1, rights: .read, memory: HandOver.Slot.bundle, offset: 0
    )
    _ = try gate.map(
      task: slot, region: Place.region, page: Place.page, count: 1, spares: (frames.middle, frames.leaf),
      authority: HandOver.Slot.memory)
    try gate.start(task: slot, entry: Place.page << 12, stack: Place.page << 12, argument: 0, priority: 1)
  }

  private mutating func end(_ slot: UInt64) throws(Refusal) {
    _ = try gate.unmap(task: slot, region: Place.region, page: Place.page, count: 1)
    while !(try gate.destroy(slot).isDone) {}
  }
}
