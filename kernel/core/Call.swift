internal import ABI
internal import Machine

extension Kernel where M: ~Copyable {
  /// `call`: to a receiver that waits, at once and directly; else the caller queues.
  mutating func call(_ caller: UInt64) throws(Refusal) {
    let target = try find(
      handleWord(caller), of: thread(caller).pointee.task, .endpoint, rights: Rights.Endpoint.call.rawValue)
    try checkPassed(caller, rights: target.word.rights)
    send(caller, to: target.word.object, badge: target.value)
  }

  /// Sends the message, or the fault, of a thread that stops running.
  mutating func send(_ sender: UInt64, to endpointAddress: UInt64, badge: UInt64) {
    if cpu.current == sender { cpu.current = 0 }
    let e = endpoint(endpointAddress)
    if e.pointee.receivers != 0 {
      let receiver = e.pointee.queue
      machine.remove(receiver, from: &e.pointee.queue)
      e.pointee.receivers -= 1
      hand(sender, to: receiver, badge: badge)
      run(receiver)
    } else {
      machine.append(sender, to: &e.pointee.queue)
      thread(sender).pointee.queue = endpointAddress
      thread(sender).pointee.badge = badge
      thread(sender).pointee.state = ThreadState.calling
    }
  }

  /// The receiver takes the sender's message and owes it the reply.
  func hand(_ sender: UInt64, to receiver: UInt64, badge: UInt64) {
    let source = thread(sender)
    if source.pointee.isFault != 0 {
      deliverFault(of: sender, to: receiver, badge: badge)
    } else {
      deliver(from: sender, to: receiver, badge: badge)
    }
    source.pointee.state = ThreadState.waitingForReply
    source.pointee.server = receiver
    thread(receiver).pointee.caller = sender
  }

  /// Lets a thread run now if nobody ready stands above it and nobody runs; else it becomes ready.
  mutating func run(_ address: UInt64) {
    let t = thread(address)
    let above = ~1 &<< t.pointee.priority
    if cpu.current == 0, cpu.ready & above == 0, t.pointee.isSuspended == 0 {
      t.pointee.state = ThreadState.ready
      switchTo(address)
      if cpu.ready >> t.pointee.priority & 1 != 0 { armSlice() }
    } else {
      makeReady(address)
    }
  }

  /// `forward`: the caller that this thread owes a reply waits for another endpoint's server instead.
  mutating func forward(_ server: UInt64) throws(Refusal) {
    let target = try find(
      handleWord(server), of: thread(server).pointee.task, .endpoint, rights: Rights.Endpoint.call.rawValue)
    let forwarded = thread(server).pointee.caller
    guard forwarded != 0, thread(forwarded).pointee.isFault == 0 else { throw Refusal(.replyState, 0) }
    thread(server).pointee.caller = 0
    thread(forwarded).pointee.registers.words = thread(server).pointee.registers.words
    thread(forwarded).pointee.label = thread(server).pointee.label
    let receive = Transfer(raw: word(forwarded, 10)).receive
    setWord(forwarded, 10, receive << 32)
    succeed(server)
    send(forwarded, to: target.word.object, badge: target.value)
  }
}
