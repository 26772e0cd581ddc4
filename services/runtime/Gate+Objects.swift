public import ABI
public import Interfaces

// Handles and objects.
extension Gate where Self: ~Copyable {
  /// Copies a handle to a slot of a task (0: the caller) with the rights kept; a badge of 0 keeps the badge.
  @inlinable public mutating func copy(
    _ slot: UInt64, to destination: UInt64, task: UInt64 = 0, rights: UInt64 = 7, badge: UInt64 = 0
  ) throws(Refusal) {
    var message = Message(task, destination, rights, badge, handle: slot)
    try perform(.copy, &message)
  }

  /// Empties a slot.
  @inlinable public mutating func drop(_ slot: UInt64) throws(Refusal) {
    var message = Message(handle: slot)
    try perform(.drop, &message)
  }

  /// Empties a slot. Where an object ended with it, and with that all that lived on the newest frame of objects of its
  /// account, the frame comes back to the holder of the authority over RAM: it is returned, else 0.
  @inlinable public mutating func drop(_ slot: UInt64, authority: UInt64) throws(Refusal) -> UInt64 {
    var message = Message(0, 0, authority, handle: slot)
    try perform(.drop, &message)
    return message[0]
  }

  /// Drops all other handles of the object, or those with the handle's badge.
  @inlinable public mutating func revoke(_ slot: UInt64) throws(Refusal) {
    var message = Message(handle: slot)
    try perform(.revoke, &message)
  }

  /// Makes an endpoint, a notification or a further thread, paid by `account`. Returns whether the spare frame was taken.
  @inlinable public mutating func create(
    _ kind: ObjectKind, account: UInt64, spare: UInt64, slot: UInt64, of task: UInt64 = 0, authority: UInt64
  ) throws(Refusal) -> Bool {
    var message = Message(account, kind.rawValue, spare, slot, task, handle: authority)
    try perform(.create, &message)
    return message[0] != 0
  }

  /// Makes a task in `1 + furtherFrames` frames from `frame`, with its root table in `root`.
  @inlinable public mutating func createTask(
    _ name: Name, account: UInt64, frame: UInt64, furtherFrames: UInt64, root: UInt64, quota: UInt64, slot: UInt64,
    authority: UInt64
  ) throws(Refusal) {
    var message = Message(
      account, ObjectKind.task.rawValue, frame, slot, 0, quota, name.word, root | furtherFrames << 48,
      handle: authority)
    try perform(.create, &message)
  }

  /// Gives `task` another quota, out of the account of its parent or back to it. Returns what the parent has left, and
  /// what the task uses.
  @inlinable public mutating func setQuota(
    _ quota: UInt64, task: UInt64, parent: UInt64, authority: UInt64
  ) throws(Refusal) -> (left: UInt64, used: UInt64) {
    var message = Message(quota, parent, 0, 0, 0, 0, authority, handle: task)
    try perform(.quota, &message)
    return (message[0], message[1])
  }

  /// Makes a Memory of device frames, its first handle badged. Returns whether the spare frame was taken.
  @inlinable public mutating func createMemory(
    frame: UInt64, pages: UInt64, account: UInt64, spare: UInt64, slot: UInt64, of task: UInt64 = 0,
    badge: UInt64 = 0, authority: UInt64
  ) throws(Refusal) -> Bool {
    var message = Message(
      account, ObjectKind.memory.rawValue, spare, slot, task, frame, pages, badge, handle: authority)
    try perform(.create, &message)
    return message[0] != 0
  }

  /// Names a region of private pages of `account`: a shared Memory. Returns whether the spare frame was taken.
  @inlinable public mutating func share(
    region: UInt64, account: UInt64, spare: UInt64, slot: UInt64, of task: UInt64 = 0, authority: UInt64
  ) throws(Refusal) -> Bool {
    var message = Message(account, ObjectKind.memory.rawValue, spare, slot, task, region, handle: authority)
    try perform(.create, &message)
    return message[0] != 0
  }

  /// Makes an interrupt. Returns whether the spare frame was taken.
  @inlinable public mutating func createInterrupt(
    number: UInt64, isEdge: Bool, account: UInt64, spare: UInt64, slot: UInt64, of task: UInt64 = 0,
    authority: UInt64
  ) throws(Refusal) -> Bool {
    var message = Message(
      account, ObjectKind.interrupt.rawValue, spare, slot, task, number, isEdge ? 1 : 0, handle: authority)
    try perform(.create, &message)
    return message[0] != 0
  }

  /// One step of ending an object. Returns a frame that came free (0: none) and whether it is done.
  @inlinable public mutating func destroy(_ slot: UInt64) throws(Refusal) -> (frame: UInt64, isDone: Bool) {
    var message = Message(handle: slot)
    try perform(.destroy, &message)
    return (message[0], message[1] != 0)
  }
}

// Threads, interrupts, time, the log, power.
extension Gate where Self: ~Copyable {
  /// Starts the first thread of a task, or the thread whose handle is in slot `task`.
  @inlinable public mutating func start(
    task: UInt64, entry: UInt64, stack: UInt64, argument: UInt64, priority: UInt64
  ) throws(Refusal) {
    var message = Message(ThreadAction.start.rawValue, entry, stack, argument, priority, handle: task)
    try perform(.thread, &message)
  }

  /// Takes all threads of a task off the processor.
  @inlinable public mutating func suspend(task: UInt64) throws(Refusal) {
    var message = Message(ThreadAction.suspend.rawValue, handle: task)
    try perform(.thread, &message)
  }

  /// Takes all threads of a task off the processor, and leaves with the kernel the status with which it exited.
  @inlinable public mutating func exit(task: UInt64, status: UInt64) throws(Refusal) {
    var message = Message(ThreadAction.exit.rawValue, status, handle: task)
    try perform(.thread, &message)
  }

  /// Lets the threads of a task run again.
  @inlinable public mutating func resume(task: UInt64) throws(Refusal) {
    var message = Message(ThreadAction.resume.rawValue, handle: task)
    try perform(.thread, &message)
  }

  /// Binds a notification to the caller's own thread: `receive` wakes for it.
  @inlinable public mutating func bindToThread(notification: UInt64) throws(Refusal) {
    var message = Message(ThreadAction.bind.rawValue, notification)
    try perform(.thread, &message)
  }

  /// Signals a notification when an interrupt comes; also of the timer, and of the log when it grows.
  @inlinable public mutating func bind(interrupt: UInt64, to notification: UInt64) throws(Refusal) {
    var message = Message(InterruptAction.bind.rawValue, notification, handle: interrupt)
    try perform(.interrupt, &message)
  }

  /// Deactivates an interrupt, so that it may come again.
  @inlinable public mutating func acknowledge(interrupt: UInt64) throws(Refusal) {
    var message = Message(InterruptAction.acknowledge.rawValue, handle: interrupt)
    try perform(.interrupt, &message)
  }

  /// Gives the kernel its interrupt controller; zeroes for GICv3.
  @inlinable public mutating func attachController(
    devices: UInt64, frame: UInt64, tables: (UInt64, UInt64)
  ) throws(Refusal) {
    var message = Message(InterruptAction.attach.rawValue, frame, tables.0, tables.1, handle: devices)
    try perform(.interrupt, &message)
  }

  /// Sets the one deadline; 0: none.
  @inlinable public mutating func setDeadline(timer: UInt64, _ count: UInt64) throws(Refusal) {
    var message = Message(count, handle: timer)
    try perform(.deadline, &message)
  }

  /// Appends up to 56 bytes to the kernel's log.
  @inlinable public mutating func log(_ text: InlineArray<7, UInt64>, length: Int, continues: Bool) {
    let flags = UInt64(truncatingIfNeeded: length) | (continues ? LogRecord.continues : 0)
    var message = Message(flags, text[0], text[1], text[2], text[3], text[4], text[5], text[6])
    invoke(.log, &message)
  }

  /// Powers the machine off or restarts it.
  @inlinable public mutating func power(_ action: PowerAction, handle: UInt64) throws(Refusal) {
    var message = Message(action.rawValue, handle: handle)
    try perform(.power, &message)
  }
}
