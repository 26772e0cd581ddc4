import ABI
import KernelCore
import TestSupport
import Testing

/// What a quick form must leave to the general one: each case would be plain but for one thing.
enum NotPlain: String, CaseIterable, Sendable {
  case noCallRight = "a call without the right"
  case suspendedReceiver = "a call to a receiver that is suspended"
  case lessUrgentReceiver = "a call to a receiver less urgent than who is ready"
  case manyReceivers = "a call to one of two receivers"
  case noPassRight = "a handle that goes without the right to pass one"
  case fullSlot = "a handle to a receiver whose slot for it is taken"
  case noSlot = "a handle to a receiver that takes none"
  case noHandle = "an empty slot that is passed"
  case suspendedCaller = "a reply to a caller that is suspended"
  case lessUrgentCaller = "a reply to a caller whose equal is ready"
  case nobodyToReplyTo = "a reply to nobody"
  case callerWaits = "a reply while another caller waits"
  case boundBits = "a reply by a server whose bound notification has bits"
  case faultStops = "an answer to a fault that leaves it stopped"
  case unknownRegion = "a fault in a region that was not found before"
  case suspendedPager = "a fault whose pager is suspended"
  case noSignalRight = "a signal without the right"
  case suspendedWaiter = "a signal to a waiter that is suspended"
  case twoWaiters = "a signal where two wait"
  case equalWaiter = "a signal to an equal"
  case bitsThere = "a wait for what was signalled"
  case noWaitRight = "a wait without the right"

  /// The quick forms that must not carry it out.
  var forms: [QuickForm] {
    switch self {
    case .noCallRight, .suspendedReceiver, .lessUrgentReceiver, .manyReceivers: [.call]
    case .noPassRight, .fullSlot, .noSlot, .noHandle: [.pass]
    case .suspendedCaller, .lessUrgentCaller, .nobodyToReplyTo, .callerWaits, .boundBits: [.replyReceive]
    case .faultStops: [.replyReceive, .resume]
    case .unknownRegion, .suspendedPager: [.fault]
    case .noSignalRight, .suspendedWaiter, .twoWaiters, .equalWaiter: [.signal, .wake]
    case .bitsThere, .noWaitRight: [.wait]
    }
  }
}

extension BothFormsTests {
  @Test("what is not plain takes the general form", arguments: NotPlain.allCases)
  func notPlain(what: NotPlain) {
    let isEqual = what == .lessUrgentCaller || what == .equalWaiter
    let meeting = Meeting(server: what == .lessUrgentReceiver ? 5 : 20, second: isEqual ? 10 : 9)
    let act = prepare(what, meeting)
    let before = what.forms.map { meeting.system.carriedOut[$0] ?? 0 }
    act()
    #expect(what.forms.map { meeting.system.carriedOut[$0] ?? 0 } == before)
    #expect(meeting.system.audit() == [])
  }

  private func prepare(_ what: NotPlain, _ meeting: Meeting) -> () -> Void {
    switch what.forms[0] {
    case .call, .pass: return prepareCall(what, meeting)
    case .replyReceive: return prepareReply(what, meeting)
    case .fault: return prepareFault(what, meeting)
    default: return prepareSignal(what, meeting)
    }
  }

  private func suspend(_ actor: Actor, _ meeting: Meeting) {
    meeting.asMemoryServer { meeting.system.must(meeting.system.memoryServer, .thread, Message(1, handle: actor.slot)) }
  }

  /// A handle of a client to the endpoint or to the notification, with some rights only.
  private func give(_ slot: UInt64, rights: UInt64, _ meeting: Meeting) {
    meeting.asMemoryServer { meeting.system.give(slot, to: meeting.first, 12, rights: rights) }
  }

  private func prepareCall(_ what: NotPlain, _ meeting: Meeting) -> () -> Void {
    let (system, server, first) = (meeting.system, meeting.server, meeting.first)
    let slots: [NotPlain: UInt64] = [.noSlot: 0, .fullSlot: 9]
    let withoutCall = Rights.Endpoint.receive.rawValue | Rights.Endpoint.pass.rawValue
    if what == .noCallRight { give(50, rights: withoutCall, meeting) }
    if what == .noPassRight { give(50, rights: Rights.Endpoint.call.rawValue, meeting) }
    system.call(server, .receive, Message(handle: 8, transfer: Transfer(receive: UInt32(slots[what] ?? 30)).raw))
    if what == .manyReceivers { system.call(meeting.second, .receive, Message(handle: 8)) }
    if what == .suspendedReceiver { suspend(server, meeting) }
    let passed: UInt32 = what.forms == [.call] ? 0 : what == .noHandle ? 11 : 9
    let slot: UInt64 = what == .noCallRight || what == .noPassRight ? 12 : 8
    return { system.call(first, .call, Message(handle: slot, transfer: Transfer(pass: passed).raw)) }
  }

  private func prepareReply(_ what: NotPlain, _ meeting: Meeting) -> () -> Void {
    let (system, server, first) = (meeting.system, meeting.server, meeting.first)
    if what == .boundBits { system.must(server, .thread, Message(3, 9)) }
    let reply = { _ = system.call(server, .replyReceive, Message(label: 1, handle: 8)) }
    if what == .nobodyToReplyTo { return reply }
    meeting.receive()
    if what == .faultStops {
      region(first, meeting)
      system.makeCurrent(first.thread)
      system.fault(syndrome: 0x9200_0007, address: 0x100_000)
      return reply
    }
    meeting.call(first)
    if what == .suspendedCaller { suspend(first, meeting) }
    if what == .callerWaits { meeting.call(meeting.second) }
    if what == .boundBits { system.call(meeting.second, .signal, Message(handle: 9)) }
    return reply
  }

  private func region(_ actor: Actor, _ meeting: Meeting) {
    let system = meeting.system
    meeting.asMemoryServer { system.must(system.memoryServer, .region, Message(20, 0x100, 8, 3, handle: actor.slot)) }
  }

  private func prepareFault(_ what: NotPlain, _ meeting: Meeting) -> () -> Void {
    let (system, server, first) = (meeting.system, meeting.server, meeting.first)
    region(first, meeting)
    meeting.receive()
    if what == .suspendedPager {
      system.makeCurrent(first.thread)
      system.fault(syndrome: 0x9200_0007, address: 0x100_000)
      system.call(server, .replyReceive, Message(handle: 8))
      suspend(server, meeting)
    }
    return {
      system.makeCurrent(first.thread)
      system.fault(syndrome: 0x9200_0047, address: 0x101_000)
    }
  }

  private func prepareSignal(_ what: NotPlain, _ meeting: Meeting) -> () -> Void {
    let (system, server, first) = (meeting.system, meeting.server, meeting.first)
    if what == .noSignalRight { give(51, rights: Rights.Notification.wait.rawValue, meeting) }
    if what == .noWaitRight { give(51, rights: Rights.Notification.signal.rawValue, meeting) }
    switch what {
    case .suspendedWaiter, .twoWaiters:
      system.call(server, .wait, Message(handle: 9))
      if what == .twoWaiters { system.call(meeting.second, .wait, Message(handle: 9)) }
      if what == .suspendedWaiter { suspend(server, meeting) }
    case .equalWaiter:
      meeting.receive()
      system.call(meeting.second, .wait, Message(handle: 9))
    case .bitsThere: system.call(meeting.second, .signal, Message(handle: 9))
    default: meeting.receive()
    }
    let isRight = what != .noSignalRight && what != .noWaitRight
    let operation: Operation = what.forms == [.wait] ? .wait : .signal
    return { system.call(first, operation, Message(handle: isRight ? 9 : 12)) }
  }
}
