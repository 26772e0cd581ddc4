internal import ABI
internal import Machine

// The way of an interrupt to its driver and back, in its plainest case: the driver waits alone, is more urgent than who
// runs, and afterwards waits again. As in Quick.swift whatever is not plain bails out before the first write.

extension Kernel where M: ~Copyable {
  /// An interrupt that was acknowledged, to a driver that waits for it in `wait` or in a receive: the driver, which
  /// goes on at once.
  @inline(__always) public mutating func quickInterrupt(_ number: UInt32, of current: UInt64) -> UInt64? {
    guard number < InterruptNumber.none, number != InterruptNumber.timer else { return nil }
    let holder = interruptHolder(UInt64(number))
    guard holder > strayInterrupt else { return nil }
    let source = machine.pinned(holder, as: Interrupt.self)
    guard source.pointee.notification != 0 else { return nil }
    let n = notification(source.pointee.notification)
    let isBound = n.pointee.queue == 0
    let waiter = isBound ? n.pointee.boundThread : n.pointee.queue
    guard waiter != 0 else { return nil }
    let w = thread(waiter)
    guard w.pointee.next == waiter, w.pointee.isSuspended == 0 else { return nil }
    guard !isBound || w.pointee.state == ThreadState.receiving else { return nil }
    let c = thread(current)
    let priority = c.pointee.priority
    guard w.pointee.priority > priority, cpu.ready &>> priority & 1 == 0 else { return nil }
    machine.dropPriority(number)
    source.pointee.isActive = 1
    source.pointee.deliveries &+= 1
    w.pointee.label = 0
    w.pointee.handle = n.pointee.bits | source.pointee.bits | (isBound ? Badge.notification : 0)
    w.pointee.transfer = 0
    w.pointee.state = ThreadState.ready
    w.pointee.next = 0
    w.pointee.previous = 0
    n.pointee.bits = 0
    if isBound {
      let e = endpoint(w.pointee.queue)
      e.pointee.queue = 0
      e.pointee.receivers = 0
    } else {
      n.pointee.queue = 0
    }
    c.pointee.next = current
    c.pointee.previous = current
    store.pointee.ready[Int(truncatingIfNeeded: priority & 63)] = current
    cpu.ready |= 1 &<< priority
    switchTo(waiter)
    return waiter
  }

  /// `wait` without a bit that is set, by one whose registers have been saved: the thread that goes on meanwhile.
  /// - Parameter interrupt: the slot of the interrupt to acknowledge first, or 0.
  @inline(__always) public mutating func quickWait(
    _ caller: QuickCaller, slot: UInt64, acknowledging interrupt: UInt64
  ) -> UInt64? {
    guard let found = quickHandle(caller, slot, .notification, right: Rights.Notification.wait.rawValue) else {
      return nil
    }
    let address = found.pointee.word.object
    let n = machine.pinned(address, as: Notification.self)
    guard n.pointee.bits == 0, n.pointee.queue == 0, cpu.ready != 0 else { return nil }
    let index = 63 &- cpu.ready.leadingZeroBitCount
    let next = store.pointee.ready[index & 63]
    guard thread(next).pointee.next == next else { return nil }
    if interrupt != 0 {
      guard let named = quickHandle(caller, interrupt, .interrupt, right: Rights.Interrupt.handle.rawValue) else {
        return nil
      }
      let source = machine.pinned(named.pointee.word.object, as: Interrupt.self)
      if source.pointee.isActive != 0 {
        source.pointee.isActive = 0
        machine.deactivate(UInt32(truncatingIfNeeded: source.pointee.number))
      }
    }
    let t = thread(caller.address)
    t.pointee.next = caller.address
    t.pointee.previous = caller.address
    t.pointee.queue = address
    t.pointee.state = ThreadState.waiting
    n.pointee.queue = caller.address
    cpu.ready &= ~(1 &<< UInt64(truncatingIfNeeded: index))
    store.pointee.ready[index & 63] = 0
    thread(next).pointee.next = 0
    thread(next).pointee.previous = 0
    switchTo(next)
    return next
  }
}
