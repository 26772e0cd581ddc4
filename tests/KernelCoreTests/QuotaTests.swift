import ABI
import KernelCore
import Machine
import TestSupport
import Testing

@Suite("A quota that goes from task to task")
struct QuotaTests {
  private func account(_ system: SimulatedSystem, _ actor: Actor) -> [UInt64] {
    let words = system.kernel.task(actor.task).pointee
    return [words.quota, words.used, words.children, words.given]
  }

  private func set(_ system: SimulatedSystem, _ quota: UInt64, _ child: Actor, _ parent: Actor) -> Message {
    system.call(system.memoryServer, .quota, Message(quota, parent.slot, 0, 0, 0, 0, 2, handle: child.slot))
  }

  @Test("comes out of the account of the task that starts another, and goes back to it with that one's end")
  func tree() {
    let system = SimulatedSystem(frames: 4096)
    let before = account(system, system.memoryServer)
    let parent = system.spawn(slot: 40, quota: 64)
    let child = system.spawn(slot: 41, quota: 40, account: 40)
    let grandchild = system.spawn(slot: 42, quota: 38, account: 41)
    #expect(account(system, parent) == [64, 42, 1, 40])
    #expect(account(system, child) == [40, 40, 1, 38])
    #expect(account(system, grandchild) == [38, 2, 0, 0])
    #expect(account(system, system.memoryServer) == [before[0], before[1] + 64, before[2] + 1, before[3] + 64])
    #expect(system.audit() == [])
    let told = system.must(system.memoryServer, .inspect, Message(9, handle: 41))
    #expect((0..<5).map { told[$0] } == [40, 40, DirectMap.frame(parent.task), 1, 38])
    // Not before those that hold a part of it.
    let refused = system.call(system.memoryServer, .destroy, Message(handle: 40)).refusal
    #expect(refused == Refusal(.busy, 1))
    for actor in [grandchild, child, parent] {
      system.destroy(actor)
      #expect(system.audit() == [])
    }
    #expect(account(system, system.memoryServer) == before)
  }

  @Test("is set to whatever both sides can bear, to the frame, and to nothing else")
  func edges() {
    let system = SimulatedSystem(frames: 4096)
    let parent = system.spawn(slot: 40, quota: 64)
    let child = system.spawn(slot: 41, quota: 10, account: 40)
    #expect(account(system, parent) == [64, 12, 1, 10])
    for (quota, left) in [(62, 0), (2, 60), (2, 60), (30, 32), (31, 31), (62, 0)] as [(UInt64, UInt64)] {
      let done = set(system, quota, child, parent)
      #expect(done.refusal == nil && done[0] == left && done[1] == 2)
      #expect(account(system, child) == [quota, 2, 0, 0])
      #expect(account(system, parent) == [64, 2 + quota, 1, quota])
      #expect(system.audit() == [])
    }
    #expect(set(system, 63, child, parent).refusal == Refusal(.quotaExceeded, 1, limit: 0))
    #expect(set(system, 1 << 63, child, parent).refusal == Refusal(.quotaExceeded, 1 << 63 - 62, limit: 0))
    #expect(set(system, .max, child, parent).refusal == Refusal(.quotaExceeded, .max - 62, limit: 0))
    #expect(set(system, 1, child, parent).refusal == Refusal(.busy, 2, limit: 1))
    #expect(set(system, 62, parent, child).refusal == Refusal(.notPermitted, 41))
    #expect(account(system, child) == [62, 2, 0, 0] && account(system, parent) == [64, 64, 1, 62])
    // The memory server's own child.
    let rich = system.must(system.memoryServer, .quota, Message(100, 0, 0, 0, 0, 0, 2, handle: 40))
    let server = system.kernel.task(system.server).pointee
    #expect(rich[0] == server.quota - server.used && rich[1] == 64 && account(system, parent) == [100, 64, 1, 62])
    #expect(system.audit() == [])
  }
}
