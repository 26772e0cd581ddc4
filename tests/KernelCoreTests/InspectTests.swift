import ABI
import KernelCore
import TestSupport
import Testing

@Suite("Inspection")
struct InspectTests {
  @Test("a task does not learn which frames back its own pages, the memory server does")
  func translation() {
    let meeting = Meeting()
    let page = Message(Inspection.translation.rawValue, 0x1000)
    let own = meeting.system.call(meeting.first, .inspect, page)
    #expect(own.refusal == Refusal(.missingRight, 0, limit: Rights.Task.memory.rawValue))
    meeting.asMemoryServer {
      var asked = page
      asked[1] = HandOver.Address.facts >> 12
      let found = meeting.system.call(meeting.system.memoryServer, .inspect, asked)
      #expect(found.refusal == nil)
      #expect(found[0] == 3)
      asked.handle = 41
      #expect(meeting.system.call(meeting.system.memoryServer, .inspect, asked)[0] == 0)
    }
  }
}
