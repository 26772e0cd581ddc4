internal import ABI
internal import Machine

// The way of an interrupt or a signal to who waits for it and back, in its plainest case: the driver waits alone, is more
// urgent than who runs, and afterwards waits again. As in Quick.swift whatever is not plain bails out before the first
// write.

/// Who is woken at once.
private struct QuickWaiter {
  var thread: UInt64
  /// Whether it waits in a receive, for the notification that is bound to it.
  var isBound: Bool
  /// Of who ran.
  var priority: UInt64
}

extension Kernel where M: ~Copyable {
  /// An interrupt that was acknowledged, to a driver that waits for it in `wait` or in a receive: the driver, which
  /// goes on at once.
  @inline(__always) public mutating func quickInterrupt(_ number: UInt32, of current: UInt64) -> UInt64? {
    guard number < InterruptNumber.none, number != InterruptNumber.timer else { return nil }
    let holder = interruptHolder(UInt64(number))
    guard holder > strayInterrupt else { return nil }
    let source = machine.pinned(DirectMap.base | holder, as: Interrupt.self)
    guard source.pointee.notification != 0 else { return nil }
    let n = notification(source.pointee.notification)
    guard let waiter = quickWaiter(n, over: current) else { return nil }
    source.pointee.isActive = 1
    source.pointee.deliveries &+= 1
    quickWake(waiter, of: n, bits: source.pointee.bits, over: current)
    return waiter.thread
  }

  /// `signal` of a notification for whose bits one more urgent waits, by a caller whose registers have been saved: the
  /// waiter, which goes on at once.
  @inline(__always) public mutating func quickWake(_ caller: QuickCaller, slot: UInt64) -> UInt64? {
    guard let found = quickHandle(caller, slot, .notification, right: Rights.Notification.signal.rawValue) else {
      return nil
    }
    let n = machine.pinned(found.pointee.word.plainObject, as: Notification.self)
    guard let waiter = quickWaiter(n, over: caller.address) else { return nil }
    let badge = found.pointee.value
    let c = thread(caller.address)
    c.pointee[0] = 0
    c.pointee[1] = 0
    c.pointee[2] = 0
    c.pointee.label = 0
    quickWake(waiter, of: n, bits: badge == 0 ? 1 : badge, over: caller.address)
    return waiter.thread
  }

  /// Who waits alone for a notification, in `wait` or in a receive, and is more urgent than who runs, whose equals are not
  /// ready.
  @inline(__always) private func quickWaiter(_ n: Reference<Notification>, over current: UInt64) -> QuickWaiter? {
    let isBound = n.pointee.queue == 0
    let waiter = isBound ? n.pointee.boundThread : n.pointee.queue
    guard waiter != 0 else { return nil }
    let w = thread(waiter)
    guard w.pointee.next == waiter, w.pointee.isSuspended == 0 else { return nil }
    guard !isBound || w.pointee.state == ThreadState.receiving else { return nil }
    let priority = thread(current).pointee.priority
    guard w.pointee.priority > priority, cpu.ready &>> priority & 1 == 0 else { return nil }
    return QuickWaiter(thread: waiter, isBound: isBound, priority: priority)
  }

  /// The waiter takes the bits and goes on; who ran is the first of those that are ready.
  @inline(__always) private mutating func quickWake(
    _ waiter: QuickWaiter, of n: Reference<Notification>, bits: UInt64, over current: UInt64
  ) {
    let w = thread(waiter.thread)
    w.pointee.label = 0
    w.pointee.handle = n.pointee.bits | bits | (waiter.isBound ? Badge.notification : 0)
    w.pointee.transfer = 0
    w.pointee.state = ThreadState.ready
    n.pointee.bits = 0
    if waiter.isBound {
      let e = endpoint(w.pointee.queue)
      e.pointee.queue = 0
      e.pointee.receivers = 0
    } else {
      n.pointee.queue = 0
    }
    let c = thread(current)
    c.pointee.next = current
    c.pointee.previous = current
    store.pointee.ready[Int(truncatingIfNeeded: waiter.priority & 63)] = current
    cpu.ready |= 1 &<< waiter.priority
    quickSwitch(to: waiter.thread)
  }

  /// `wait` without a bit that is set, by one whose registers have been saved: the thread that goes on meanwhile.
  /// - Parameter interrupt: the slot of the interrupt to acknowledge first, or 0.
  @inline(__always) public mutating func quickWait(
    _ caller: QuickCaller, slot: UInt64, acknowledging interrupt: UInt64
  ) -> UInt64? {
    guard let found = quickHandle(caller, slot, .notification, right: Rights.Notification.wait.rawValue) else {
      return nil
    }
    let address = found.pointee.word.plainObject
    let n = machine.pinned(address, as: Notification.self)
    guard n.pointee.bits == 0, n.pointee.queue == 0, cpu.ready != 0 else { return nil }
    let index = 63 &- cpu.ready.leadingZeroBitCount
    let next = store.pointee.ready[index & 63]
    guard thread(next).pointee.next == next else { return nil }
    if interrupt != 0 {
      guard let named = quickHandle(caller, interrupt, .interrupt, right: Rights.Interrupt.handle.rawValue) else {
        return nil
      }
      let source = machine.pinned(named.pointee.word.plainObject, as: Interrupt.self)
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
    cpu.ready ^= 1 &<< UInt64(truncatingIfNeeded: index)
    store.pointee.ready[index & 63] = 0
    quickSwitch(to: next)
    return next
  }
}
