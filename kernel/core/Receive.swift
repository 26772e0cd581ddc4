internal import ABI
internal import Machine

extension Kernel where M: ~Copyable {
  /// `replyReceive`: answers the caller, then takes the next message or waits for it.
  mutating func replyReceive(_ server: UInt64) throws(Refusal) {
    let source = try receivable(server)
    let caller = thread(server).pointee.caller
    if caller != 0 {
      try checkPassed(server, rights: Rights.Endpoint.pass.rawValue)
      thread(server).pointee.caller = 0
      answer(caller, from: server)
    }
    receiveNext(server, from: source)
    if caller != 0, isAwake(caller) { run(caller) }
  }

  /// `receive`: the same without an answer; x0 names an interrupt to acknowledge first.
  mutating func receive(_ server: UInt64) throws(Refusal) {
    let source = try receivable(server)
    guard thread(server).pointee.caller == 0 else { throw Refusal(.replyState, 1) }
    try acknowledgeFirst(server)
    noteReceiving(server)
    receiveNext(server, from: source)
  }

  private func receivable(_ server: UInt64) throws(Refusal) -> UInt64 {
    try find(
      handleWord(server), of: thread(server).pointee.task, .endpoint, rights: Rights.Endpoint.receive.rawValue
    ).word.object
  }

  /// Takes what is there: bits of the bound notification, then the first caller; else waits.
  private mutating func receiveNext(_ server: UInt64, from endpointAddress: UInt64) {
    if takeBoundBits(server) { return }
    let e = endpoint(endpointAddress)
    if e.pointee.queue != 0, e.pointee.receivers == 0 {
      let sender = e.pointee.queue
      machine.remove(sender, from: &e.pointee.queue)
      hand(sender, to: server, badge: thread(sender).pointee.badge)
      return
    }
    e.pointee.receivers += 1
    machine.append(server, to: &e.pointee.queue)
    thread(server).pointee.queue = endpointAddress
    block(server, ThreadState.receiving)
  }

  /// Gives a waiting caller its reply. A fault's thread goes on where it stopped, or stays stopped.
  func answer(_ caller: UInt64, from server: UInt64) {
    let t = thread(caller)
    t.pointee.server = 0
    if t.pointee.isFault != 0 {
      t.pointee.isFault = 0
      t.pointee.state = word(server, 8) == FaultMessage.resume ? ThreadState.ready : ThreadState.idle
    } else {
      deliver(from: server, to: caller, badge: 0)
      t.pointee.state = ThreadState.ready
    }
  }

  /// Whether an answered caller goes on.
  func isAwake(_ caller: UInt64) -> Bool { thread(caller).pointee.state == ThreadState.ready }

  /// `reply`: answers a saved caller, or the one owed, without receiving.
  mutating func reply(_ server: UInt64) throws(Refusal) {
    let number = handleWord(server)
    var caller = thread(server).pointee.caller
    var saved: UInt64 = 0
    if number != 0 {
      caller = try find(number, of: thread(server).pointee.task, .reply, rights: 0).value
      saved = try slot(number, of: thread(server).pointee.task)
    }
    guard caller != 0 else { throw Refusal(.replyState, 0) }
    try checkPassed(server, rights: Rights.Endpoint.pass.rawValue)
    if saved != 0 { handle(saved).pointee = Handle() } else { thread(server).pointee.caller = 0 }
    answer(caller, from: server)
    if isAwake(caller) { makeReady(caller) }
    succeed(server)
  }

  /// `saveReply`: the reply owed moves into slot x0.
  mutating func saveReply(_ server: UInt64) throws(Refusal) {
    let caller = thread(server).pointee.caller
    guard caller != 0 else { throw Refusal(.replyState, 0) }
    let target = try emptySlot(word(server, 0), of: thread(server).pointee.task)
    handle(target).pointee = Handle(word: HandleWord(.reply, rights: 0, object: 0), value: caller)
    thread(server).pointee.caller = 0
    thread(caller).pointee.server = target | 1
    succeed(server)
  }
}
