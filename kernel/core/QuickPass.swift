internal import ABI
internal import Machine

// A call that passes a handle, in its plainest case: as in Quick.swift, and the receiver takes the handle.

extension Kernel where M: ~Copyable {
  /// `call` with the handle in slot `passed`, to a receiver that waits alone with an empty slot for one, while nobody as
  /// urgent as it is ready. That slot is what the receiver finds in its block's `transfer`.
  @inline(__always) public mutating func quickPass(
    _ caller: QuickCaller, slot: UInt64, passing number: UInt64
  ) -> QuickSwitch? {
    let rights = Rights.Endpoint.call.rawValue | Rights.Endpoint.pass.rawValue
    guard
      let found = quickHandle(caller, slot, .endpoint, right: rights), number < caller.slots,
      case let e = machine.pinned(found.pointee.word.plainObject, as: Endpoint.self),
      let receiver = quickReceiver(e),
      case let r = thread(receiver),
      case let wanted = Transfer(raw: r.pointee.transfer).receive,
      wanted != 0, wanted < r.pointee.slots,
      case let target = r.pointee.handles &+ wanted &* Task.handleBytes,
      handle(target).pointee.word == .empty,
      case let passed = handle(caller.handles &+ number &* Task.handleBytes),
      isListed(passed.pointee.word)
    else { return nil }
    let badge = found.pointee.value
    r.pointee.transfer = wanted
    handle(target).pointee = Handle(word: passed.pointee.word, value: passed.pointee.value)
    link(target)
    quickHand(caller.address, to: receiver, at: e)
    return QuickSwitch(thread: receiver, badge: badge)
  }
}
