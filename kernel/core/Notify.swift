internal import ABI
internal import Machine

extension Kernel where M: ~Copyable {
  /// `signal`: sets the bits of the handle's badge; a handle without a badge sets bit 0.
  mutating func signal(_ caller: UInt64) throws(Refusal) {
    let target = try find(
      handleWord(caller), of: thread(caller).pointee.task, .notification,
      rights: Rights.Notification.signal.rawValue)
    succeed(caller)
    setBits(target.value == 0 ? 1 : target.value, of: target.word.object)
  }

  /// Sets bits and wakes who waits for them, in a wait or in a receive.
  package mutating func setBits(_ bits: UInt64, of address: UInt64) {
    let n = notification(address)
    n.pointee.bits |= bits
    if n.pointee.queue != 0 {
      let waiter = n.pointee.queue
      machine.remove(waiter, from: &n.pointee.queue)
      giveBits(n.pointee.bits, to: waiter)
      n.pointee.bits = 0
      makeReady(waiter)
      return
    }
    let bound = n.pointee.boundThread
    if bound != 0, thread(bound).pointee.state == ThreadState.receiving {
      leaveQueue(bound)
      giveBits(n.pointee.bits | Badge.notification, to: bound)
      n.pointee.bits = 0
      makeReady(bound)
    }
  }

  /// Takes a thread out of the queue of the endpoint or notification in which it waits.
  func leaveQueue(_ address: UInt64) {
    let t = thread(address)
    if t.pointee.state == ThreadState.waiting {
      machine.remove(address, from: &notification(t.pointee.queue).pointee.queue)
    } else {
      let e = endpoint(t.pointee.queue)
      machine.remove(address, from: &e.pointee.queue)
      if t.pointee.state == ThreadState.receiving { e.pointee.receivers -= 1 }
    }
  }

  private func giveBits(_ bits: UInt64, to address: UInt64) {
    setWord(address, 8, 0)
    setWord(address, 9, bits)
    setWord(address, 10, 0)
  }

  /// `wait`: takes the bits, or waits for some; x0 names an interrupt to acknowledge first.
  mutating func wait(_ caller: UInt64) throws(Refusal) {
    let target = try find(
      handleWord(caller), of: thread(caller).pointee.task, .notification,
      rights: Rights.Notification.wait.rawValue)
    try acknowledgeFirst(caller)
    let n = notification(target.word.object)
    if n.pointee.bits != 0 {
      giveBits(n.pointee.bits, to: caller)
      n.pointee.bits = 0
      return
    }
    machine.append(caller, to: &n.pointee.queue)
    thread(caller).pointee.queue = target.word.object
    block(caller, ThreadState.waiting)
  }

  /// Takes the bits of the notification bound to a thread, if any are set.
  func takeBoundBits(_ address: UInt64) -> Bool {
    let bound = thread(address).pointee.boundNotification
    guard bound != 0, notification(bound).pointee.bits != 0 else { return false }
    giveBits(notification(bound).pointee.bits | Badge.notification, to: address)
    notification(bound).pointee.bits = 0
    return true
  }
}
