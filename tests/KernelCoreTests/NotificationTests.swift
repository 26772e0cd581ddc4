import ABI
import KernelCore
import TestSupport
import Testing

@Suite("Notifications and faults")
struct NotificationTests {
  @Test("bits gather until somebody takes them, all at once; without a badge bit 0 is set")
  func gather() {
    let meeting = Meeting(second: 9)
    let system = meeting.system
    system.call(meeting.first, .signal, Message(handle: 9))
    system.call(meeting.second, .signal, Message(handle: 9))
    system.call(meeting.server, .signal, Message(handle: 9))
    let taken = system.call(meeting.server, .wait, Message(handle: 9))
    #expect([taken.handle, taken.label, taken.transfer] == [16 | 32 | 1, 0, 0])
    system.call(meeting.server, .wait, Message(handle: 9))
    #expect(meeting.state(meeting.server) == ThreadState.waiting)
    let before = system.quickSwitches
    system.call(meeting.first, .signal, Message(handle: 9))
    #expect(system.quickSwitches == before + 1)
    #expect(meeting.result(meeting.server).handle == 16)
    #expect(system.current == meeting.server.thread)
    #expect(system.audit() == [])
  }

  @Test("a signal wakes one waiter, in order")
  func oneWaiter() {
    let meeting = Meeting()
    let system = meeting.system
    system.call(meeting.first, .wait, Message(handle: 9))
    system.call(meeting.second, .wait, Message(handle: 9))
    system.call(meeting.server, .signal, Message(handle: 9))
    #expect(meeting.state(meeting.first) == ThreadState.ready)
    #expect(meeting.state(meeting.second) == ThreadState.waiting)
    #expect(system.audit() == [])
  }

  @Test("bits of the bound notification end a receive, before and after it began", arguments: [true, false])
  func bound(signalFirst: Bool) {
    let meeting = Meeting()
    let system = meeting.system
    system.must(meeting.server, .thread, Message(3, 9))
    if signalFirst { system.call(meeting.second, .signal, Message(handle: 9)) }
    system.call(meeting.server, .receive, Message(0, 11, 12, handle: 8))
    if !signalFirst { system.call(meeting.second, .signal, Message(handle: 9)) }
    let result = meeting.result(meeting.server)
    #expect([result.handle, result.label, result.transfer] == [Badge.notification | 32, 0, 0])
    #expect([result[1], result[2]] == [11, 12])
    #expect(meeting.state(meeting.server) == ThreadState.ready)
    #expect(system.audit() == [])
    meeting.call(meeting.first)
    #expect(meeting.receive().handle == 1)
    #expect(system.audit() == [])
  }

  @Test("a notification is bound to one thread")
  func boundOnce() {
    let meeting = Meeting()
    meeting.system.must(meeting.server, .thread, Message(3, 9))
    meeting.system.must(meeting.server, .thread, Message(3, 9))
    #expect(meeting.system.call(meeting.first, .thread, Message(3, 9)).refusal == Refusal(.busy, 9))
    #expect(meeting.system.audit() == [])
  }

  @Test(
    "a fault is a call to the pager; label 0 resumes where it stopped, another label stops",
    arguments: [0, 1, 1 << 62] as [UInt64])
  func fault(label: UInt64) {
    let meeting = Meeting()
    let system = meeting.system
    meeting.receive()
    system.makeCurrent(meeting.first.thread)
    system.kernel.thread(meeting.first.thread).pointee.registers.kept[11] = 0x77
    for index in 0..<8 { system.kernel.thread(meeting.first.thread).pointee[index] = 1000 + UInt64(index) }
    let before = system.message(of: meeting.first.thread)
    system.fault(syndrome: 0x1_9200_0047, address: 0xdead_0000)
    #expect(system.current == meeting.server.thread)
    let report = meeting.result(meeting.server)
    #expect(
      [report[0], report[1], report[2], report[3], report[4]] == [0x1_9200_0047, 0xdead_0000, 0x1000, 0x8000, 0x77])
    #expect([report[5], report[6], report[7]] == [0, 0, 0])
    #expect([report.label, report.handle, report.transfer] == [0x24, Badge.fault | 65, 0])
    #expect(system.call(meeting.server, .forward, Message(handle: 8)).refusal == Refusal(.replyState, 0))
    system.call(meeting.server, .replyReceive, Message(5, label: label, handle: 8))
    #expect(meeting.state(meeting.first) == (label == 0 ? ThreadState.ready : ThreadState.idle))
    #expect(system.message(of: meeting.first.thread) == before)
    #expect(system.audit() == [])
  }

  @Test("a fault nobody takes stops the task: no pager, a pager that goes, and the memory server's halts the machine")
  func nobody() {
    let meeting = Meeting()
    let system = meeting.system
    system.must(meeting.first, .drop, Message(handle: WellKnownSlot.memory))
    system.makeCurrent(meeting.first.thread)
    system.fault(syndrome: 0x9200_0007, address: 0)
    #expect(meeting.state(meeting.first) == ThreadState.idle)
    system.makeCurrent(meeting.second.thread)
    system.fault(syndrome: 0x9200_0007, address: 0)
    #expect(meeting.state(meeting.second) == ThreadState.calling)
    PeerGoneTests.destroy(meeting, meeting.server)
    meeting.asMemoryServer {
      system.must(system.memoryServer, .revoke, Message(handle: 50))
      system.must(system.memoryServer, .drop, Message(handle: 50))
    }
    #expect(meeting.state(meeting.second) == ThreadState.idle)
    #expect(system.audit() == [])
    system.kernel.setBits(1, of: system.handle(system.memoryServer, 52).object)
    system.makeCurrent(system.memoryServer.thread)
    // It begins anew, but not for ever.
    for _ in 0..<4 {
      #expect(system.kernel.machine.halted == nil)
      system.fault(syndrome: 0x9200_0007, address: 0x10)
    }
    #expect(system.kernel.machine.halted?.contains("syndrome 2449473543") == true)
  }
}
