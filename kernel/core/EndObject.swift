internal import ABI
internal import Machine

extension Kernel where M: ~Copyable {
  /// Ends an object that no handle names any more; its slot may hold another one.
  mutating func end(_ kind: ObjectKind, _ object: UInt64) {
    switch kind {
    case .endpoint: endEndpoint(object)
    case .notification: endNotification(object)
    case .interrupt: endInterrupt(object)
    case .thread: endThread(object - Thread.objectOffset)
    // What boot handed over stays: the kernel itself refers to it.
    case .memory where memoryObject(object).pointee.kind < MemoryUse.device: return
    default: break
    }
    let frame = DirectMap.frame(object)
    let word = ledger(frame).pointee
    let slot = UInt32(truncatingIfNeeded: object >> 7 & 31)
    let slots: UInt32 = kind == .thread ? 0xff &<< (slot & ~7) : 1 &<< slot
    guard word.kind == .objects else { return }
    ledger(frame).pointee = .objects(account: word.task, live: word.live & ~slots)
  }

  /// All who wait there, to be served or to serve, learn that the peer is gone.
  private mutating func endEndpoint(_ object: UInt64) {
    while endpoint(object).pointee.queue != 0 {
      let waiting = endpoint(object).pointee.queue
      leaveQueue(waiting)
      wakeRefused(waiting)
    }
  }

  private mutating func endNotification(_ object: UInt64) {
    while notification(object).pointee.queue != 0 {
      let waiting = notification(object).pointee.queue
      leaveQueue(waiting)
      wakeRefused(waiting)
    }
    let bound = notification(object).pointee.boundThread
    if bound != 0 { thread(bound).pointee.boundNotification = 0 }
    var source = notification(object).pointee.sources
    while source != 0 {
      let next = interruptObject(source).pointee.nextSource
      interruptObject(source).pointee.notification = 0
      interruptObject(source).pointee.nextSource = 0
      source = next
    }
  }

  private mutating func wakeRefused(_ address: UInt64) {
    if thread(address).pointee.isFault != 0 { return abandon(address) }
    refuse(address, Refusal(.peerGone))
    makeReady(address)
  }

  /// A thread that nobody names any more stops for good, the running one too.
  private mutating func endThread(_ address: UInt64) {
    stopThread(address)
    let owner = thread(address).pointee.task
    let after = thread(address).pointee.nextOfTask
    if task(owner).pointee.threads == address {
      task(owner).pointee.threads = after
    } else {
      var before = task(owner).pointee.threads
      while thread(before).pointee.nextOfTask != address { before = thread(before).pointee.nextOfTask }
      thread(before).pointee.nextOfTask = after
    }
    task(owner).pointee.threadCount -= 1
  }

  private mutating func endInterrupt(_ object: UInt64) {
    unbind(object)
    let interrupt = interruptObject(object).pointee
    setInterruptHolder(interrupt.number, 0)
    if interrupt.isActive != 0 { machine.deactivate(UInt32(truncatingIfNeeded: interrupt.number)) }
  }

  /// Takes an interrupt off the list of the notification that it signals.
  func unbind(_ object: UInt64) {
    let target = interruptObject(object).pointee.notification
    guard target != 0 else { return }
    let after = interruptObject(object).pointee.nextSource
    var source = notification(target).pointee.sources
    if source == object {
      notification(target).pointee.sources = after
    } else {
      while interruptObject(source).pointee.nextSource != object {
        source = interruptObject(source).pointee.nextSource
      }
      interruptObject(source).pointee.nextSource = after
    }
    interruptObject(object).pointee.notification = 0
    interruptObject(object).pointee.nextSource = 0
  }
}
