import ABI
import KernelCore
import TestSupport
import Testing

@Suite("Handles that travel")
struct TransferTests {
  @Test("a handle arrives in the slot that the receiver named, with its rights and badge", arguments: [true, false])
  func passes(receiverFirst: Bool) {
    let meeting = Meeting()
    let system = meeting.system
    let take = Message(handle: 8, transfer: Transfer(receive: 30).raw)
    if receiverFirst { system.call(meeting.server, .receive, take) }
    let before = system.quickSwitches
    meeting.call(meeting.first, Message(handle: 8, transfer: Transfer(pass: 9).raw))
    #expect(system.quickSwitches == before + (receiverFirst ? 1 : 0), "the quick form, to who waits")
    if !receiverFirst { system.call(meeting.server, .receive, take) }
    #expect(meeting.result(meeting.server).transfer == 30)
    #expect(system.handle(meeting.server, 30) == system.handle(meeting.first, 9))
    system.call(meeting.server, .signal, Message(handle: 30))
    #expect(system.call(meeting.server, .wait, Message(handle: 9)).handle == 16)
    #expect(system.audit() == [])
  }

  @Test(
    "a receiver that takes none, or whose slot is taken or outside, gets the words and slot 0",
    arguments: [0, 8, 88, .max] as [UInt32])
  func refuses(slot: UInt32) {
    let meeting = Meeting()
    meeting.system.call(meeting.server, .receive, Message(handle: 8, transfer: Transfer(receive: slot).raw))
    let before = meeting.system.handle(meeting.server, 8)
    meeting.call(meeting.first, Message(5, handle: 8, transfer: Transfer(pass: 9).raw))
    #expect(meeting.result(meeting.server)[0] == 5)
    #expect(meeting.result(meeting.server).transfer == 0)
    #expect(meeting.system.handle(meeting.server, 8) == before)
    #expect(meeting.system.audit() == [])
  }

  @Test("a handle travels back with the reply", arguments: [Operation.reply, .replyReceive])
  func reply(operation: Operation) {
    let meeting = Meeting()
    meeting.receive()
    meeting.call(meeting.first, Message(handle: 8, transfer: Transfer(receive: 30).raw))
    let slot: UInt64 = operation == .reply ? 0 : 8
    meeting.system.call(meeting.server, operation, Message(handle: slot, transfer: Transfer(pass: 9).raw))
    #expect(meeting.result(meeting.first).transfer == 30)
    #expect(meeting.system.handle(meeting.first, 30) == meeting.system.handle(meeting.server, 9))
    #expect(meeting.system.audit() == [])
  }

  @Test("a handle that went before the message was received does not arrive")
  func wentMeanwhile() {
    let meeting = Meeting()
    let system = meeting.system
    meeting.call(meeting.first, Message(handle: 8, transfer: Transfer(pass: 9).raw))
    system.call(meeting.server, .revoke, Message(handle: 9))
    #expect(system.handle(meeting.first, 9).kind == .gone)
    system.call(meeting.server, .receive, Message(handle: 8, transfer: Transfer(receive: 30).raw))
    #expect(meeting.result(meeting.server).transfer == 0)
    #expect(system.handle(meeting.server, 30) == .empty)
    #expect(system.audit() == [])
  }

  @Test("a reply that names a handle which may not travel is refused and still owed")
  func refusedReply() {
    let meeting = Meeting()
    meeting.receive()
    meeting.call(meeting.first, Message(handle: 8, transfer: Transfer(receive: 30).raw))
    let before = meeting.system.digest(except: meeting.server.thread)
    for slot in [20, 88] as [UInt32] {
      let message = Message(handle: 8, transfer: Transfer(pass: slot).raw)
      #expect(meeting.system.call(meeting.server, .replyReceive, message).refusal != nil)
    }
    #expect(meeting.state(meeting.first) == ThreadState.waitingForReply)
    #expect(before != 0)
    meeting.system.call(meeting.server, .reply)
    #expect(meeting.state(meeting.first) == ThreadState.ready)
    #expect(meeting.system.audit() == [])
  }
}

@Suite("Handles")
struct HandleTests {
  @Test("a copy has the rights that both sides name, and takes a badge once", arguments: 0..<8 as Range<UInt64>)
  func rights(mask: UInt64) {
    let meeting = Meeting()
    let system = meeting.system
    system.must(meeting.server, .copy, Message(0, 30, 5, handle: 8))
    system.must(meeting.server, .copy, Message(0, 31, mask, 9, handle: 30))
    #expect(system.handle(meeting.server, 31).rights == mask & 5)
    let again = system.call(meeting.server, .copy, Message(0, 32, 7, 9, handle: 31))
    #expect(again.refusal == Refusal(.notPermitted, 9, limit: 9))
    system.must(meeting.server, .copy, Message(0, 32, 7, 0, handle: 31))
    #expect(system.handle(meeting.server, 32).rights == mask & 5)
    #expect(system.audit() == [])
  }

  @Test("revoke by a badge takes that badge's handles only, wherever they lie on the list")
  func revokeBadge() {
    let meeting = Meeting()
    let system = meeting.system
    system.must(meeting.server, .copy, Message(0, 30, 7, 1, handle: 8))
    system.must(meeting.server, .revoke, Message(handle: 30))
    #expect(system.handle(meeting.first, 8).kind == .gone)
    #expect(system.handle(meeting.second, 8).kind == .endpoint)
    #expect(system.handle(meeting.server, 8).kind == .endpoint)
    #expect(system.handle(meeting.server, 30).kind == .endpoint)
    #expect(meeting.call(meeting.first).refusal == Refusal(.peerGone, 8))
    system.must(meeting.first, .drop, Message(handle: 8))
    #expect(system.handle(meeting.first, 8) == .empty)
    #expect(system.audit() == [])
  }

  @Test("revoke goes on where it stopped when an interrupt came, with all handles gone in the end")
  func restart() {
    let meeting = Meeting()
    let system = meeting.system
    for slot in 20..<80 as Range<UInt64> { system.must(meeting.server, .copy, Message(0, slot, 7, 0, handle: 8)) }
    system.kernel.machine.pending = [40, 41, 42]
    let pc = system.kernel.thread(meeting.server.thread).pointee.registers.instruction
    system.must(meeting.server, .revoke, Message(handle: 8))
    #expect(system.kernel.thread(meeting.server.thread).pointee.registers.instruction == pc + 4)
    // One interrupt is taken at each restart; a call that never stopped would have taken none.
    #expect(system.kernel.machine.active.count >= 1)
    for slot in 20..<80 as Range<UInt64> { #expect(system.handle(meeting.server, slot).kind == .gone) }
    #expect(system.audit() == [])
  }

  @Test("an object ends with its last handle, and its slot serves the next one")
  func lastHandle() {
    let meeting = Meeting()
    let system = meeting.system
    meeting.asMemoryServer {
      system.make(.notification, slot: 60)
      let object = system.handle(system.memoryServer, 60).object
      system.must(system.memoryServer, .copy, Message(0, 61, 7, handle: 60))
      system.must(system.memoryServer, .drop, Message(handle: 60))
      let again = system.must(system.memoryServer, .create, Message(0, 2, 0, 60, 0, handle: 2))
      #expect(again[0] == 0)
      #expect(system.handle(system.memoryServer, 60).object != object)
      system.must(system.memoryServer, .drop, Message(handle: 61))
      system.must(system.memoryServer, .create, Message(0, 2, 0, 62, 0, handle: 2))
      #expect(system.handle(system.memoryServer, 62).object == object)
    }
    #expect(system.audit() == [])
  }

  @Test("the last handle of a task cannot be dropped, another one can")
  func lastTaskHandle() {
    let meeting = Meeting()
    let system = meeting.system
    meeting.asMemoryServer {
      let server = system.memoryServer
      #expect(system.call(server, .drop, Message(handle: 41)).refusal == Refusal(.busy, 41))
      system.must(server, .copy, Message(0, 60, 7, handle: 41))
      system.must(server, .drop, Message(handle: 41))
      #expect(system.call(server, .drop, Message(handle: 60)).refusal == Refusal(.busy, 60))
    }
    #expect(system.audit() == [])
  }
}
