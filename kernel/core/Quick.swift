internal import ABI
internal import Machine

// The hottest two calls in their plainest case: a message of eight words, without a handle, straight into a
// thread that waits. Whatever is not plain bails out before the first write, and the general call does it all.
// The words never leave x0–x7. The host tests run every exchange with these and without, and compare all state.

/// Where a quick call goes on.
public struct QuickSwitch: Sendable {
  /// Physical address of the thread that runs next, with the sender's words.
  public var thread: UInt64
  /// The badge that it finds in x9.
  public var badge: UInt64
}

extension Kernel where M: ~Copyable {
  /// `call` to a receiver that waits alone, while nobody as urgent as it is ready.
  @inline(__always) public mutating func quickCall(_ caller: UInt64, slot: UInt64) -> QuickSwitch? {
    guard let target = quickEndpoint(caller, slot, right: Rights.Endpoint.call) else { return nil }
    let e = endpoint(target.word.object)
    let receiver = e.pointee.queue
    guard receiver != 0, e.pointee.holdsReceivers != 0 else { return nil }
    let r = thread(receiver)
    guard r.pointee.next == receiver, r.pointee.isSuspended == 0, cpu.ready &>> r.pointee.priority == 0 else {
      return nil
    }
    e.pointee.queue = 0
    r.pointee.next = 0
    r.pointee.previous = 0
    r.pointee.queue = 0
    r.pointee.state = ThreadState.ready
    r.pointee.caller = caller
    let c = thread(caller)
    c.pointee.badge = target.value
    c.pointee.state = ThreadState.waitingForReply
    c.pointee.server = receiver
    quickSwitch(receiver)
    return QuickSwitch(thread: receiver, badge: target.value)
  }

  /// `replyReceive` to a caller that waits for it, by a server for whom nothing else waits.
  @inline(__always) public mutating func quickReplyReceive(_ server: UInt64, slot: UInt64) -> QuickSwitch? {
    guard let source = quickEndpoint(server, slot, right: Rights.Endpoint.receive) else { return nil }
    let s = thread(server)
    let caller = s.pointee.caller
    let e = endpoint(source.word.object)
    guard caller != 0, e.pointee.queue == 0 else { return nil }
    let bound = s.pointee.boundNotification
    guard bound == 0 || notification(bound).pointee.bits == 0 else { return nil }
    let c = thread(caller)
    guard c.pointee.isFault | c.pointee.isSuspended == 0, cpu.ready &>> c.pointee.priority == 0 else { return nil }
    s.pointee.caller = 0
    s.pointee.next = server
    s.pointee.previous = server
    s.pointee.queue = source.word.object
    s.pointee.state = ThreadState.receiving
    e.pointee.queue = server
    e.pointee.holdsReceivers = 1
    c.pointee.server = 0
    c.pointee.queue = 0
    c.pointee.state = ThreadState.ready
    quickSwitch(caller)
    return QuickSwitch(thread: caller, badge: 0)
  }

  /// The endpoint in a slot, if it is one and the right is there: kind and right are one comparison.
  @inline(__always)
  private func quickEndpoint(_ caller: UInt64, _ slot: UInt64, right: Rights.Endpoint) -> Handle? {
    let owner = thread(caller).pointee.task
    guard slot < task(owner).pointee.slots else { return nil }
    let table = owner &+ Task.handlesOffset
    let found = handle(table &+ slot &* Task.handleBytes)
    let wanted = ObjectKind.endpoint.rawValue | right.rawValue << 4
    guard found.pointee.word.raw & (15 | right.rawValue << 4) == wanted else { return nil }
    return Handle(word: found.pointee.word, value: found.pointee.value)
  }

  /// The other address space, without a look: two tasks are at the two ends, but for threads that call their own.
  @inline(__always) private mutating func quickSwitch(_ next: UInt64) {
    cpu.current = next
    let translation = thread(next).pointee.translation
    cpu.translation = translation
    machine.activate(translation: translation)
    machine.allowFloatingPoint(cpu.floatingPointOwner == next)
  }
}
