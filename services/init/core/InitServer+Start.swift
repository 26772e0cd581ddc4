internal import ABI
internal import Interfaces
internal import Runtime

// Starting tasks, and taking back what is left of them.
extension InitServer {
  /// Starts an entry; where that fails, says so and puts the entry down as ended.
  @discardableResult
  mutating func tryToStart(_ index: Int, argument: UInt64, _ gate: inout some Gate & ~Copyable) -> Bool {
    do throws(MemoryRefusal) {
      let session = try start(index, argument: argument, &gate)
      supervisor.started(index, session: session, at: environment.now)
      answerWaiting(for: index, &gate)
      return true
    } catch {
      var line = LogLine()
      line.write("start", width: 9)
      line.write(name: supervisor.facts(index).name, width: 9)
      line.write(error)
      gate.log(line)
      end(index, &gate)
      return false
    }
  }

  /// Makes a task, fills it and lets it run. Returns its session.
  private mutating func start(_ index: Int, argument: UInt64, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal) -> UInt64
  {
    let entry = environment.entry(index)
    let task = InitSlots.task(index)
    let session = try memory.createTask(entry: UInt64(index), slot: task, &gate)
    var builder = ServiceBuilder(task: task)
    try Loader.load(entry, into: &builder, &gate)
    try memory.createEndpoint(slot: InitSlots.endpoint(index), task: task, &gate)
    clear(InitSlots.passing, &gate)
    try memory.createNotification(slot: InitSlots.passing, task: task, &gate)
    do throws(Refusal) {
      try hand(index, task: task, wakes: entry.flags.contains(.deadline), &gate)
    } catch { throw MemoryRefusal(error) }
    try Loader.start(entry, argument: argument, in: &builder, &gate)
    if entry.flags.contains(.deadline) { timer = index }
    return session
  }

  /// Puts its handles into a new task: to its supervisor, its endpoint, its notification.
  private func hand(_ index: Int, task: UInt64, wakes: Bool, _ gate: inout some Gate & ~Copyable) throws(Refusal) {
    let receive = Rights.Endpoint.receive.union(.pass)
    try gate.copy(
      WellKnownSlot.service, to: WellKnownSlot.supervisor, task: task, rights: Rights.Endpoint.call.rawValue,
      badge: UInt64(index) + 1)
    try gate.copy(InitSlots.endpoint(index), to: WellKnownSlot.service, task: task, rights: receive.rawValue)
    try gate.copy(InitSlots.passing, to: WellKnownSlot.notification, task: task)
    guard wakes else { return }
    clear(InitSlots.wake, &gate)
    try gate.copy(
      InitSlots.passing, to: InitSlots.wake, rights: Rights.Notification.signal.rawValue,
      badge: NotificationBit.supervisor)
  }

  /// An entry's task ended, or must: takes all back that it held, then decides what comes next.
  mutating func end(_ index: Int, _ gate: inout some Gate & ~Copyable) {
    if timer == index { timer = nil }
    destroy(index, &gate)
    let next = supervisor.ended(index, at: environment.now)
    guard next == .ended else { return }
    if supervisor.isService(index) { report(index, &gate) }
    answerWaiting(for: index, &gate)
  }

  private func destroy(_ index: Int, _ gate: inout some Gate & ~Copyable) {
    let task = InitSlots.task(index)
    do throws(MemoryRefusal) { try memory.destroyTask(task, &gate) } catch {
      // Where no task was made there is nothing to end.
      if error.cause != .call(.slotEmpty) { gate.log("destroy", error) }
    }
    clear(task, &gate)
    clear(InitSlots.endpoint(index), &gate)
  }

  private mutating func report(_ index: Int, _ gate: inout some Gate & ~Copyable) {
    let facts = supervisor.facts(index)
    var line = LogLine()
    line.write("given up", width: 9)
    line.write(name: facts.name, width: 9)
    line.write("after ")
    line.write(decimal: facts.restarts)
    line.write(" restarts")
    gate.log(line)
  }

  /// Starts what is due. What is not due yet is left to the task with the timer; without one, nothing waits.
  mutating func startDue(_ gate: inout some Gate & ~Copyable) {
    while let index = supervisor.takeDue(at: environment.now, early: timer == nil) {
      tryToStart(index, argument: 0, &gate)
    }
    guard timer != nil, supervisor.nextDue() != 0 else { return }
    // A timer that just died has taken its notification along; its own restart comes before this matters.
    var message = Message(handle: InitSlots.wake)
    gate.invoke(.signal, &message)
  }

  /// The task with the timer asks what to do next.
  mutating func wake(_ client: Int, _ gate: inout some Gate & ~Copyable) -> UInt64 {
    guard client == timer else { return 0 }
    while let index = supervisor.takeDue(at: environment.now) { tryToStart(index, argument: 0, &gate) }
    return supervisor.nextDue()
  }
}
