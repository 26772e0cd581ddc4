import ABI
import KernelCore
import Machine
import TestSupport
import Testing

@Suite("Ends of tasks")
struct DestroyTests {
  @Test("a task that pages or children keep is refused, names them, and goes on")
  func refusals() {
    let space = Space(quota: 64)
    let system = space.system
    let region = space.region(0x200, 2)
    let frames = system.takeFrames(8)
    _ = space.map(region, 0x200, 2, frame: frames, spares: (frames + 6, frames + 7))
    let kept = system.call(system.memoryServer, .destroy, Message(handle: 40))
    #expect(kept.refusal == Refusal(.regionMapped, region, limit: 2))
    _ = space.unmap(region, 0x200, 2)
    system.must(system.memoryServer, .create, Message(40, 3, frames, 41, 0, 10, 0, frames + 1, handle: 2))
    #expect(system.used(space.task) == 12)
    let parent = system.call(system.memoryServer, .destroy, Message(handle: 40))
    #expect(parent.refusal == Refusal(.busy, 1))
    #expect(system.audit() == [])
    system.destroy(Actor(slot: 41, task: DirectMap.address(frames)))
    #expect(system.used(space.task) == 2)
    system.destroy(space.task)
    #expect(system.audit() == [])
  }

  @Test("all frames come back, with objects, handles and further frames; the quota returns to the parent")
  func everything() {
    let space = Space()
    let system = space.system
    let server = system.memoryServer
    let free = system.freeFrames()
    let used = system.used(server)
    let task = system.spawn(slot: 41, quota: 64, extra: 2)
    // Three frames of objects: 31 a frame.
    for slot in 60..<130 as Range<UInt64> {
      system.must(server, .create, Message(41, slot % 2 + 1, system.takeFrames(), slot, 41, handle: 2))
    }
    system.must(server, .create, Message(41, 6, system.takeFrames(), 200, 41, 50, handle: HandOver.Slot.devices))
    #expect(system.used(task) == 7)
    for slot in 60..<70 as Range<UInt64> { system.must(server, .copy, Message(0, slot + 100, 7, handle: 40)) }
    system.must(task, .copy, Message(0, 300, 7, handle: 61))
    system.must(task, .interrupt, Message(0, 61, handle: 200))
    #expect(system.audit() == [])
    let freed = system.destroy(task)
    #expect(Set(freed).count == 7)
    #expect(freed.last == DirectMap.frame(task.task))
    #expect(system.freeFrames() == free)
    #expect(system.used(server) == used)
    #expect(system.handle(server, 41) == .empty)
    // The INTID is free again.
    system.must(server, .create, Message(0, 6, system.takeFrames(), 41, 0, 50, handle: HandOver.Slot.devices))
    #expect(system.audit() == [])
  }

  @Test(
    "objects that others hold end with their account: handles go, in steps",
    arguments: [1, 63, 64, 65, 130] as [UInt64])
  func handlesElsewhere(copies: UInt64) {
    let space = Space()
    let system = space.system
    let server = system.memoryServer
    let holder = system.spawn(slot: 42, extra: 1)
    system.must(server, .create, Message(40, 1, system.takeFrames(), 60, 0, handle: 2))
    for slot in 0..<copies { system.give(60, to: holder, 20 + slot) }
    system.must(server, .drop, Message(handle: 60))
    system.call(holder, .call, Message(handle: 20))
    system.destroy(space.task)
    #expect(system.message(of: holder.thread).refusal == Refusal(.peerGone))
    for slot in 0..<copies { #expect(system.handle(holder, 20 + slot).kind == .gone) }
    #expect(system.audit() == [])
  }

  @Test("handles go in short steps while an interrupt waits, in long ones else", arguments: [true, false])
  func steps(waits: Bool) {
    let space = Space()
    let system = space.system
    system.make(.notification, slot: 60)
    for slot in 10..<70 as Range<UInt64> { system.give(60, to: space.task, slot) }
    func left() -> Int { (1..<88 as Range<UInt64>).filter { system.handle(space.task, $0) != .empty }.count }
    var most = 0
    while left() > 0 {
      let before = left()
      if waits { system.kernel.machine.pending = [40] }
      system.must(system.memoryServer, .destroy, Message(handle: space.task.slot))
      most = max(most, before - left())
    }
    #expect(waits ? most == 16 : most > 32)
    system.kernel.machine.pending = []
    system.destroy(space.task)
    #expect(system.audit() == [])
  }

  @Test("a lease that another task still maps keeps the account from ending, and changes nothing meanwhile")
  func lease() {
    let space = Space()
    let system = space.system
    let server = system.memoryServer
    let account = system.spawn(slot: 41)
    system.must(server, .create, Message(41, 4, system.takeFrames(), 60, 0, 0x9000, 1, handle: HandOver.Slot.devices))
    let region = space.region(0x700, 1, memory: 60)
    system.must(server, .copy, Message(0, 61, 7, handle: 60))
    let tables = system.takeFrames(2)
    _ = space.map(region, 0x700, spares: (tables, tables + 1))
    var refusal: Refusal?
    var before = 0
    for _ in 0..<20 where refusal == nil {
      system.setMessage(Message(handle: 41), of: server.thread)
      before = system.digest(except: server.thread)
      refusal = system.call(server, .destroy, Message(handle: 41)).refusal
    }
    #expect(refusal == Refusal(.regionMapped, DirectMap.frame(space.task.task), limit: region))
    system.kernel.thread(server.thread).pointee.registers.instruction &-= 4
    #expect(system.digest(except: server.thread) == before, "the step that is refused has changed something")
    #expect(system.handle(server, 61).kind == .gone, "an earlier step took the handle that was no obstacle")
    _ = space.unmap(region, 0x700)
    system.destroy(account)
    #expect(system.handle(space.task, region).kind == .gone)
    #expect(system.audit() == [])
  }

  @Test("revoke of a Memory that is mapped refuses before any handle is gone")
  func revokeMapped() {
    let space = Space()
    let system = space.system
    let server = system.memoryServer
    system.must(server, .create, Message(0, 4, system.takeFrames(), 60, 0, 0x9000, 1, handle: HandOver.Slot.devices))
    let region = space.region(0x700, 1, memory: 60)
    system.must(server, .copy, Message(0, 61, 7, handle: 60))
    let tables = system.takeFrames(2)
    _ = space.map(region, 0x700, spares: (tables, tables + 1))
    let result = system.call(server, .revoke, Message(handle: 60))
    #expect(result.refusal == Refusal(.regionMapped, DirectMap.frame(space.task.task), limit: 1))
    #expect(system.handle(server, 61).kind == .memory)
    _ = space.unmap(region, 0x700)
    system.must(server, .revoke, Message(handle: 60))
    #expect(system.handle(server, 61).kind == .gone)
    #expect(system.handle(space.task, region).kind == .gone)
    #expect(system.audit() == [])
  }

  @Test("the memory server cannot be ended, and what boot handed over stays when its handles go")
  func bootObjects() {
    let space = Space()
    let system = space.system
    let server = system.memoryServer
    system.give(1, to: space.task, 30)
    #expect(system.call(space.task, .destroy, Message(handle: 30)).refusal == Refusal(.notPermitted, 30))
    for slot in [4, 5] as [UInt64] { system.must(server, .drop, Message(handle: slot)) }
    for slot in 60..<90 as Range<UInt64> {
      system.must(server, .create, Message(0, 1, system.takeFrames(), slot, 0, handle: 2))
      #expect(system.handle(server, slot).object != system.kernel.log.memory)
    }
    #expect(system.audit() == [])
  }

  @Test("identifiers come back, and one more task than there are is refused")
  func identifiers() {
    let space = Space()
    let system = space.system
    system.kernel.limitIdentifiers()
    // The memory server, this task, and 253 more.
    let frames = system.takeFrames(2 * 254)
    let server = system.memoryServer
    func create(_ number: UInt64) -> Message {
      system.call(
        server, .create, Message(0, 3, frames + 2 * number, 60 + number, 0, 2, 0, frames + 2 * number + 1, handle: 2))
    }
    for number in 0..<253 as Range<UInt64> { #expect(create(number).refusal == nil) }
    #expect(create(253).refusal == Refusal(.identifiersExhausted, 255, limit: 255))
    let identifiers = (0..<253).map { system.kernel.task(DirectMap.address(frames + 2 * $0)).pointee.translation >> 48 }
    #expect(Set(identifiers).count == 253)
    #expect(identifiers.allSatisfy { $0 > 0 && $0 < 256 })
    system.destroy(Actor(slot: 100, task: DirectMap.address(frames + 80)))
    #expect(create(253).refusal == nil)
    #expect(system.audit() == [])
  }
}
