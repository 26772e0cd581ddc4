import ABI
import KernelCore
import TestSupport
import Testing

@Suite("Messages")
struct CallTests {
  static let words = Message(1, 2, 3, 4, 5, 6, 7, 8, label: 99)

  private func expectWords(_ message: Message) {
    for index in 0..<8 { #expect(message[index] == UInt64(index) + 1) }
    #expect(message.label == 99)
  }

  @Test("eight words, the label and the badge arrive and are answered", arguments: [true, false])
  func roundTrip(receiverFirst: Bool) {
    let meeting = Meeting()
    if receiverFirst { meeting.receive() }
    meeting.call(meeting.first, Self.words)
    if !receiverFirst {
      #expect(meeting.state(meeting.first) == ThreadState.calling)
      meeting.receive()
    }
    #expect(meeting.system.current == meeting.server.thread)
    expectWords(meeting.result(meeting.server))
    #expect(meeting.result(meeting.server).handle == 1)
    #expect(meeting.result(meeting.server).transfer == 0)
    #expect(meeting.state(meeting.first) == ThreadState.waitingForReply)
    #expect(meeting.system.audit() == [])

    var answer = Self.words
    answer.handle = 8
    meeting.system.call(meeting.server, .replyReceive, answer)
    #expect(meeting.system.current == meeting.first.thread)
    #expect(meeting.state(meeting.server) == ThreadState.receiving)
    expectWords(meeting.result(meeting.first))
    #expect(meeting.result(meeting.first).handle == 0)
    #expect(meeting.system.audit() == [])
  }

  @Test("bit 63 of a label does not reach the other side, so that no message looks like a refusal")
  func label() {
    let meeting = Meeting()
    meeting.receive()
    meeting.call(meeting.first, Message(label: .max))
    #expect(meeting.result(meeting.server).label == .max >> 1)
    meeting.system.call(meeting.server, .reply, Message(label: Outcome.refused | 18))
    #expect(meeting.result(meeting.first).label == 18)
  }

  @Test("callers are served in the order in which they came")
  func order() {
    let meeting = Meeting()
    meeting.call(meeting.second)
    meeting.call(meeting.first)
    #expect(meeting.receive().handle == 2)
    #expect(meeting.system.call(meeting.server, .replyReceive, Message(handle: 8)).handle == 1)
    #expect(meeting.state(meeting.second) == ThreadState.ready)
    #expect(meeting.system.audit() == [])
  }

  @Test(
    "a call switches to its receiver at once, unless somebody higher is ready",
    arguments: [(5, 10, false), (5, 4, true), (20, 10, true), (5, 5, true)] as [(UInt64, UInt64, Bool)])
  func directSwitch(server: UInt64, bystander: UInt64, runs: Bool) {
    let meeting = Meeting(server: server, first: 10, second: bystander)
    meeting.receive()
    meeting.call(meeting.first)
    #expect((meeting.system.current == meeting.server.thread) == runs)
    #expect(meeting.state(meeting.server) == ThreadState.ready)
    #expect(meeting.system.audit() == [])
  }

  @Test("an answered caller above the server runs before the server takes the next message")
  func replyPreempts() {
    let meeting = Meeting(server: 5, first: 10, second: 4)
    meeting.call(meeting.first)
    meeting.call(meeting.second)
    #expect(meeting.receive().handle == 1)
    meeting.system.call(meeting.server, .replyReceive, Message(handle: 8))
    #expect(meeting.system.current == meeting.first.thread)
    #expect(meeting.state(meeting.server) == ThreadState.ready)
    #expect(meeting.result(meeting.server).handle == 2)
    #expect(meeting.system.audit() == [])
  }

  @Test("a thread that owes a reply cannot receive, and saves it to do so")
  func saveReply() {
    let meeting = Meeting()
    meeting.call(meeting.first)
    meeting.call(meeting.second)
    meeting.receive()
    #expect(meeting.receive().refusal == Refusal(.replyState, 1))
    meeting.system.call(meeting.server, .saveReply, Message(20))
    #expect(meeting.system.handle(meeting.server, 20).kind == .reply)
    #expect(meeting.receive().handle == 2)
    #expect(meeting.system.audit() == [])
    meeting.system.call(meeting.server, .reply, Message(7, handle: 20))
    #expect(meeting.result(meeting.first)[0] == 7)
    #expect(meeting.system.handle(meeting.server, 20) == .empty)
    #expect(meeting.state(meeting.second) == ThreadState.waitingForReply)
    #expect(meeting.system.call(meeting.server, .saveReply, Message(8)).refusal == Refusal(.slotOccupied, 8))
    #expect(meeting.system.audit() == [])
  }

  @Test("a forwarded caller is answered by the one it was forwarded to")
  func forward() {
    let meeting = Meeting()
    meeting.system.kernel.setBits(1, of: meeting.system.handle(meeting.system.memoryServer, 52).object)
    meeting.system.make(.endpoint, slot: 53)
    meeting.system.give(53, to: meeting.server, 21, badge: 77)
    meeting.system.give(53, to: meeting.second, 21)
    meeting.quiet()
    meeting.call(meeting.first, Self.words)
    meeting.receive()
    meeting.system.call(meeting.server, .forward, Message(50, 51, label: 9, handle: 21))
    #expect(meeting.result(meeting.server).refusal == nil)
    #expect(meeting.state(meeting.first) == ThreadState.calling)
    let arrived = meeting.system.call(meeting.second, .receive, Message(handle: 21))
    #expect([arrived[0], arrived[1], arrived.label, arrived.handle] == [50, 51, 9, 77])
    meeting.system.call(meeting.second, .reply, Message(3))
    #expect(meeting.result(meeting.first)[0] == 3)
    #expect(meeting.system.audit() == [])
  }
}
