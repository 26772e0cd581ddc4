import ABI
import KernelCore
import TestSupport
import Testing

@Suite("Hand-over")
struct HandOverTests {
  @Test("the memory server starts as the current thread with all authority and nothing left free in the kernel")
  func start() {
    let system = SimulatedSystem()
    #expect(system.current != 0)
    let facts = system.invoke(.inspect, Message(Inspection.task.rawValue))
    #expect(facts.refusal == nil)
    #expect(facts[0] == 0x79_726f_6d65_6d)
    #expect(facts[2] <= facts[1])
    #expect(system.kernel.machine.violations.isEmpty)
  }

  @Test("a private page is mapped on frames that the server brings and comes back on unmap")
  func mapAndUnmap() {
    let system = SimulatedSystem()
    let free = system.freeFrames()
    let page: UInt64 = 0x4_0000
    let frame = system.firstFrame + 4096
    #expect(system.invoke(.region, Message(20, page, 4, 3, 0, 0, handle: 0)).refusal == nil)
    let refused = system.invoke(.map, Message(20, page, 4, frame, 0, 0, 2))
    #expect(refused.refusal == Refusal(.tablesNeeded, 2, limit: 0))
    #expect(system.freeFrames() == free)
    let mapped = system.invoke(.map, Message(20, page, 4, frame, frame + 10, frame + 11, 2))
    #expect(mapped.refusal == nil)
    #expect(mapped[0] == 4)
    #expect(mapped[1] == 3)
    #expect(system.freeFrames() == free - 6)
    let unmapped = system.invoke(.unmap, Message(20, page, 4))
    #expect(unmapped.refusal == nil)
    #expect([unmapped[1], unmapped[2]] == [frame + 11, frame + 10])
    #expect(system.freeFrames() == free)
    #expect(system.kernel.machine.violations.isEmpty)
  }
}
