internal import ABI
internal import Machine

// The hottest paths in their plainest case: a message of eight words, without a handle, straight into a thread that
// waits; a fault to its pager, and back; a signal that wakes nobody. Whatever is not plain bails out before the first
// write, and the general path does it all. The words never leave x0–x7. The host tests run every exchange with these and
// without, and compare all state.

/// Who makes a quick call: what its thread's block passes on the stack.
public struct QuickCaller {
  /// Address of its thread.
  var address: UInt64
  /// Address of its task's handles.
  var handles: UInt64
  /// How many there are.
  var slots: UInt64

  /// What a thread's block holds.
  @inline(__always) public init(_ address: UInt64, handles: UInt64, slots: UInt64) {
    self.address = address
    self.handles = handles
    self.slots = slots
  }
}

/// Where a quick call goes on.
public struct QuickSwitch: Sendable {
  /// Address of the thread that runs next, with the sender's words.
  public var thread: UInt64
  /// The badge that it finds in x9.
  public var badge: UInt64

  /// A thread and its badge.
  @inline(__always) public init(thread: UInt64, badge: UInt64) {
    self.thread = thread
    self.badge = badge
  }
}

/// Where a quick reply goes on.
public enum QuickReply {
  /// In the thread with this address, which called and finds the words.
  case caller(UInt64)
  /// In the thread with this address, which faulted and finds its own registers.
  case faulter(UInt64)
}

/// Where a quick fault goes on, and in which region it was.
public struct QuickFault {
  /// The pager.
  public var pager: QuickSwitch
  /// Slot of the region.
  public var region: UInt64
  /// Kind and rights of that slot.
  public var handle: UInt64
  /// Its `RegionWord`.
  public var area: UInt64
}

extension Kernel where M: ~Copyable {
  /// `call` to a receiver that waits alone, while nobody as urgent as it is ready.
  @inline(__always) public mutating func quickCall(_ caller: QuickCaller, slot: UInt64) -> QuickSwitch? {
    guard
      let found = quickHandle(caller, slot, .endpoint, right: Rights.Endpoint.call.rawValue),
      case let e = machine.pinned(found.pointee.word.plainObject, as: Endpoint.self),
      let receiver = quickReceiver(e)
    else { return nil }
    let badge = found.pointee.value
    quickHand(caller.address, to: receiver, at: e)
    return QuickSwitch(thread: receiver, badge: badge)
  }

  /// `replyReceive` to a caller that waits for it, by a server for whom nothing else waits.
  /// - Parameters:
  ///   - caller: to whom the server owes the reply, 0 for nobody.
  ///   - bound: the notification that is bound to the server, or 0.
  @inline(__always) public mutating func quickReplyReceive(
    _ server: QuickCaller, slot: UInt64, label: UInt64, caller: UInt64, bound: UInt64
  ) -> QuickReply? {
    guard let found = quickHandle(server, slot, .endpoint, right: Rights.Endpoint.receive.rawValue) else { return nil }
    let address = found.pointee.word.plainObject
    let e = endpoint(address)
    guard caller != 0, e.pointee.queue == 0 else { return nil }
    guard bound == 0 || notification(bound).pointee.bits == 0 else { return nil }
    let c = thread(caller)
    guard cpu.ready &>> c.pointee.priority | c.pointee.isSuspended == 0 else { return nil }
    let isFault = c.pointee.isFault != 0
    guard !isFault || label == FaultMessage.resume else { return nil }
    let s = thread(server.address)
    s.pointee.caller = 0
    s.pointee.next = server.address
    s.pointee.previous = server.address
    s.pointee.queue = address
    s.pointee.state = ThreadState.receiving
    e.pointee.queue = server.address
    e.pointee.receivers = 1
    c.pointee.state = ThreadState.ready
    c.pointee.server = 0
    quickSwitch(to: caller)
    guard isFault else { return .caller(caller) }
    c.pointee.isFault = 0
    return .faulter(caller)
  }

  /// A fault, not of FP/SIMD, to a pager that waits alone, while nobody as urgent as it is ready, in one of the two regions
  /// in which the last ones were. The badge has `Badge.fault`.
  @inline(__always) public mutating func quickFault(
    _ faulted: QuickCaller, syndrome: UInt64, address: UInt64
  ) -> QuickFault? {
    guard
      let found = quickHandle(
        in: faulted.handles &+ WellKnownSlot.memory &* Task.handleBytes, .endpoint,
        right: Rights.Endpoint.call.rawValue),
      case let e = machine.pinned(found.pointee.word.plainObject, as: Endpoint.self),
      let receiver = quickReceiver(e),
      case let owner = task(faulted.handles &- Task.handlesOffset),
      let number = hintedRegion(owner, faulted.handles, page: FaultMessage.page(of: address)),
      case let region = handle(faulted.handles &+ number &* Task.handleBytes)
    else { return nil }
    let t = thread(faulted.address)
    t.pointee.faultSyndrome = syndrome
    t.pointee.faultAddress = address
    t.pointee.isFault = 1
    owner.pointee.faults &+= 1
    let badge = found.pointee.value | Badge.fault
    quickHand(faulted.address, to: receiver, at: e)
    return QuickFault(
      pager: QuickSwitch(thread: receiver, badge: badge), region: number,
      handle: region.pointee.word.withoutObject.raw, area: region.pointee.value)
  }

  /// `signal` of a notification for whose bits nobody waits.
  @inline(__always) public func quickSignal(_ caller: QuickCaller, slot: UInt64) -> Bool {
    guard let found = quickHandle(caller, slot, .notification, right: Rights.Notification.signal.rawValue) else {
      return false
    }
    let n = machine.pinned(found.pointee.word.plainObject, as: Notification.self)
    guard n.pointee.queue == 0 else { return false }
    let bound = n.pointee.boundThread
    guard bound == 0 || thread(bound).pointee.state != ThreadState.receiving else { return false }
    let badge = found.pointee.value
    n.pointee.bits |= badge == 0 ? 1 : badge
    return true
  }

  /// `yield`, whose results the caller has already: the thread that goes on, itself or the first of its equals.
  @inline(__always) public mutating func quickYield(_ caller: UInt64) -> UInt64? {
    let t = thread(caller)
    let priority = t.pointee.priority
    guard cpu.ready &>> priority & 1 != 0 else { return caller }
    guard cpu.sliceIsArmed || !devices.isAttached else { return nil }
    let first = store.pointee.ready[Int(truncatingIfNeeded: priority & 63)]
    let (second, last) = (thread(first).pointee.next, thread(first).pointee.previous)
    let isAlone = second == first
    let head = isAlone ? caller : second
    t.pointee.next = head
    t.pointee.previous = isAlone ? caller : last
    thread(isAlone ? caller : last).pointee.next = caller
    thread(head).pointee.previous = caller
    store.pointee.ready[Int(truncatingIfNeeded: priority & 63)] = head
    thread(first).pointee.next = head
    thread(first).pointee.previous = caller
    quickSwitch(to: first)
    return first
  }

  /// The handle in a slot, if it is of a kind and the right is there: kind and right are one comparison.
  @inline(__always) func quickHandle(
    _ caller: QuickCaller, _ slot: UInt64, _ kind: ObjectKind, right: UInt64
  ) -> Reference<Handle>? {
    guard slot < caller.slots else { return nil }
    return quickHandle(in: caller.handles &+ slot &* Task.handleBytes, kind, right: right)
  }

  /// The same by the slot's address.
  @inline(__always) private func quickHandle(
    in slot: UInt64, _ kind: ObjectKind, right: UInt64
  ) -> Reference<Handle>? {
    let found = handle(slot)
    guard found.pointee.word.raw & (15 | right << 4) == kind.rawValue | right << 4 else { return nil }
    return found
  }

  /// The receiver that waits alone at an endpoint and would run at once.
  @inline(__always) func quickReceiver(_ e: Reference<Endpoint>) -> UInt64? {
    guard e.pointee.receivers == 1 else { return nil }
    let receiver = e.pointee.queue
    let r = thread(receiver)
    guard cpu.ready &>> r.pointee.priority | r.pointee.isSuspended == 0 else { return nil }
    return receiver
  }

  /// The receiver leaves the endpoint and owes the sender a reply.
  @inline(__always) mutating func quickHand(_ sender: UInt64, to receiver: UInt64, at e: Reference<Endpoint>) {
    e.pointee.queue = 0
    e.pointee.receivers = 0
    let r = thread(receiver)
    r.pointee.state = ThreadState.ready
    r.pointee.caller = sender
    let s = thread(sender)
    s.pointee.state = ThreadState.waitingForReply
    s.pointee.server = receiver
    quickSwitch(to: receiver)
  }
}
