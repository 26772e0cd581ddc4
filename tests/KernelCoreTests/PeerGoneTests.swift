import ABI
import KernelCore
import TestSupport
import Testing

@Suite("Peers that go")
struct PeerGoneTests {
  /// Ends a task in steps by the memory server; returns the frames that came free.
  @discardableResult
  static func destroy(_ meeting: Meeting, _ actor: Actor) -> [UInt64] {
    var frames: [UInt64] = []
    meeting.asMemoryServer { frames = meeting.system.destroy(actor) }
    return frames
  }

  @Test("a server that dies owing replies, one of them saved, tells both callers")
  func serverDies() {
    let meeting = Meeting()
    meeting.call(meeting.first)
    meeting.call(meeting.second)
    meeting.receive()
    meeting.system.call(meeting.server, .saveReply, Message(20))
    meeting.receive()
    Self.destroy(meeting, meeting.server)
    for caller in [meeting.first, meeting.second] {
      #expect(meeting.result(caller).refusal == Refusal(.peerGone))
      #expect(meeting.state(caller) == ThreadState.ready)
    }
    #expect(meeting.system.audit() == [])
  }

  enum CallerState: CaseIterable { case calling, waitingForReply, saved, receiving, waiting, ready, suspended, faulted }

  @Test("a task can end in every state, and nobody refers to it afterwards", arguments: CallerState.allCases)
  func callerDies(state: CallerState) {
    let meeting = Meeting()
    let (system, caller) = (meeting.system, meeting.first)
    switch state {
    case .calling: meeting.call(caller)
    case .waitingForReply, .saved:
      meeting.call(caller)
      meeting.receive()
      if state == .saved { system.call(meeting.server, .saveReply, Message(20)) }
    case .receiving:
      system.call(caller, .thread, Message(3, 9))
      system.call(caller, .receive, Message(handle: 8))
    case .waiting: system.call(caller, .wait, Message(handle: 9))
    case .ready: break
    case .suspended: meeting.asMemoryServer { system.must(system.memoryServer, .thread, Message(1, handle: 41)) }
    case .faulted:
      system.makeCurrent(caller.thread)
      system.fault(syndrome: 0x9200_0007, address: 0x1234)
      meeting.receive()
    }
    #expect(system.audit() == [])
    let free = system.freeFrames()
    let freed = Self.destroy(meeting, caller)
    #expect(freed.count == 2)
    #expect(system.freeFrames() == free + 2)
    #expect(system.audit() == [])
    // The other client is served as if nothing had been.
    if system.handle(meeting.server, 20).kind != .none { Issue.record("a saved reply outlived its caller") }
    meeting.call(meeting.second)
    if meeting.state(meeting.server) == ThreadState.ready {
      system.call(meeting.server, .replyReceive, Message(handle: 8))
    }
    #expect(meeting.result(meeting.server).handle == 2)
    #expect(system.audit() == [])
  }

  @Test("callers and receivers who wait at an endpoint that ends are told")
  func endpointEnds() {
    for receivers in [true, false] {
      let meeting = Meeting()
      let system = meeting.system
      meeting.asMemoryServer {
        system.make(.endpoint, slot: 60)
        system.give(60, to: meeting.first, 30)
      }
      system.call(meeting.first, receivers ? .receive : .call, Message(handle: 30))
      meeting.asMemoryServer {
        system.must(system.memoryServer, .revoke, Message(handle: 60))
        system.must(system.memoryServer, .drop, Message(handle: 60))
      }
      #expect(meeting.result(meeting.first).refusal == Refusal(.peerGone))
      #expect(meeting.state(meeting.first) == ThreadState.ready)
      #expect(system.audit() == [])
    }
  }

  @Test("dropping a saved reply tells its caller")
  func dropReply() {
    let meeting = Meeting()
    meeting.call(meeting.first)
    meeting.receive()
    meeting.system.call(meeting.server, .saveReply, Message(20))
    meeting.system.must(meeting.server, .drop, Message(handle: 20))
    #expect(meeting.result(meeting.first).refusal == Refusal(.peerGone))
    #expect(meeting.system.audit() == [])
  }

  @Test("a notification that ends frees who waits for it and the thread bound to it")
  func notificationEnds() {
    let meeting = Meeting()
    let system = meeting.system
    meeting.asMemoryServer {
      system.make(.notification, slot: 60)
      system.give(60, to: meeting.first, 30)
      system.give(60, to: meeting.second, 30)
    }
    system.must(meeting.second, .thread, Message(3, 30))
    system.call(meeting.first, .wait, Message(handle: 30))
    meeting.asMemoryServer {
      system.must(system.memoryServer, .revoke, Message(handle: 60))
      system.must(system.memoryServer, .drop, Message(handle: 60))
    }
    #expect(meeting.result(meeting.first).refusal == Refusal(.peerGone))
    #expect(system.kernel.thread(meeting.second.thread).pointee.boundNotification == 0)
    #expect(system.audit() == [])
  }
}
