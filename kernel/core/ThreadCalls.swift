internal import ABI
internal import Machine

extension Kernel where M: ~Copyable {
  /// `thread`: starts, suspends or resumes threads; binds a notification to the caller's own. A Task handle names
  /// the task's first thread to start, and all its threads to suspend and resume. A task that exits is suspended with
  /// its status, which the kernel keeps: no memory server can lose it.
  mutating func threadAction(_ caller: UInt64) throws(Refusal) {
    let own = thread(caller).pointee.task
    guard let action = ThreadAction(rawValue: word(caller, 0)) else {
      throw Refusal(.invalidOperation, word(caller, 0), limit: ThreadAction.exit.rawValue)
    }
    if action == .bind { return try bindNotification(caller, own) }
    let named = try namedThread(caller, own)
    let owner = thread(named.address).pointee.task
    guard task(owner).pointee.destroyPhase == 0 else { throw Refusal(.busy, task(owner).pointee.destroyPhase) }
    // A task that has exited stands still as a whole, and goes on as a whole.
    if !named.isTask, action == .start || action == .resume, task(owner).pointee.hasExited != 0 {
      throw Refusal(.busy, ThreadAction.exit.rawValue)
    }
    switch action {
    case .start: try start(caller, named.address, most: named.most)
    case .suspend, .resume, .exit:
      if action == .exit, !named.isTask {
        throw Refusal(.wrongKind, ObjectKind.thread.rawValue, limit: ObjectKind.task.rawValue)
      }
      if action != .suspend, named.isTask { noteExit(owner, action == .exit, word(caller, 1)) }
      var address = named.address
      repeat {
        if action == .resume { resume(address) } else { suspend(address) }
        address =
          address == owner + Task.threadOffset ? task(owner).pointee.threads : thread(address).pointee.nextOfTask
      } while named.isTask && address != 0
    case .bind: break
    }
    succeed(caller)
  }

  /// The thread that x9 names, by its own handle or as its task's first, and the highest priority it may be started
  /// with: who holds but a Thread handle cannot lift a thread above itself.
  private func namedThread(
    _ caller: UInt64, _ own: UInt64
  ) throws(Refusal) -> (address: UInt64, isTask: Bool, most: UInt64) {
    let number = handleWord(caller)
    guard handle(try slot(number, of: own)).pointee.word.kind == .thread else {
      let owner = try find(number, of: own, .task, rights: Rights.Task.control.rawValue).word.object
      return (owner + Task.threadOffset, true, 63)
    }
    let object = try find(number, of: own, .thread, rights: Rights.Thread.control.rawValue).word.object
    return (object - Thread.objectOffset, false, thread(caller).pointee.priority)
  }

  private mutating func start(_ caller: UInt64, _ address: UInt64, most: UInt64) throws(Refusal) {
    let t = thread(address)
    guard t.pointee.state == ThreadState.idle, t.pointee.caller == 0 else { throw Refusal(.busy, t.pointee.state) }
    let (entry, priority) = (word(caller, 1), word(caller, 4))
    guard entry & 3 == 0 else { throw Refusal(.unaligned, entry, limit: 4) }
    guard word(caller, 2) & 15 == 0 else { throw Refusal(.unaligned, word(caller, 2), limit: 16) }
    guard priority < 64 else { throw Refusal(.outOfRange, priority, limit: 64) }
    guard priority <= most else { throw Refusal(.notPermitted, priority, limit: most) }
    t.pointee.begin(at: entry, stack: word(caller, 2), argument: word(caller, 3))
    t.pointee.priority = priority
    forgetPublished()
    makeReady(address)
  }

  private func noteExit(_ owner: UInt64, _ hasExited: Bool, _ status: UInt64) {
    task(owner).pointee.hasExited = hasExited ? 1 : 0
    task(owner).pointee.exitStatus = hasExited ? status : 0
  }

  /// Off the processor until `resume`; a wait goes on and may end meanwhile.
  mutating func suspend(_ address: UInt64) {
    let t = thread(address)
    guard t.pointee.isSuspended == 0 else { return }
    t.pointee.isSuspended = 1
    guard t.pointee.state == ThreadState.ready else { return }
    if cpu.current == address { cpu.current = 0 } else { removeReady(address) }
  }

  private mutating func resume(_ address: UInt64) {
    let t = thread(address)
    guard t.pointee.isSuspended != 0 else { return }
    t.pointee.isSuspended = 0
    if t.pointee.state == ThreadState.ready { makeReady(address) }
  }

  /// From here on a `receive` of this thread also wakes for the notification's bits.
  private func bindNotification(_ caller: UInt64, _ own: UInt64) throws(Refusal) {
    let found = try find(word(caller, 1), of: own, .notification, rights: Rights.Notification.wait.rawValue)
    let n = notification(found.word.object)
    guard n.pointee.boundThread == 0 || n.pointee.boundThread == caller else {
      throw Refusal(.busy, word(caller, 1))
    }
    let before = thread(caller).pointee.boundNotification
    if before != 0 { notification(before).pointee.boundThread = 0 }
    n.pointee.boundThread = caller
    thread(caller).pointee.boundNotification = found.word.object
    succeed(caller)
  }
}
