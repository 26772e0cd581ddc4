import ABI
import KernelCore
import Machine
import Simulated
import TestSupport
import Testing

@Suite("Mapping")
struct MapTests {
  @Test("pages arrive zeroed, and what EL0 sees is what was asked", arguments: [1, 3, 5] as [UInt64])
  func zeroed(rights: UInt64) {
    let space = Space()
    let region = space.region(0x1fd, 6, rights: rights)
    let frames = space.system.takeFrames(9)
    #expect(space.map(region, 0x1fd, 3, frame: frames, spares: (frames + 6, frames + 7)).refusal == nil)
    #expect(space.map(region, 0x200, 3, frame: frames + 3, spares: (frames + 8, 0)).refusal == nil)
    let seen = space.system.pages(of: space.task)
    #expect(seen.count == 6)
    for index in 0..<6 as Range<UInt64> {
      #expect(seen[0x1fd + index] == SeenPage(frame: frames + index, rights: rights))
      #expect(
        space.system.kernel.machine.memory(DirectMap.address(frames + index) + 4088, as: UInt64.self).pointee == 0)
      #expect(space.system.kernel.machine.synchronizedFrames.contains(frames + index) == (rights == 5))
    }
    #expect(space.system.audit() == [])
  }

  @Test("copied code is made visible to instruction fetch after the copy")
  func copyPage() {
    let space = Space()
    let (system, bundle) = (space.system, space.system.bundle.first)
    let region = space.region(0x200, 2, rights: 5)
    let frames = system.takeFrames(4)
    _ = space.map(region, 0x200, 2, frame: frames, spares: (frames + 2, frames + 3))
    system.kernel.machine.forgetSynchronized()
    system.kernel.machine.memory(DirectMap.address(bundle + 1), as: UInt64.self).pointee = 0xd65f03c0
    system.must(system.memoryServer, .copyPage, Message(0x201, 4, 1, handle: 40))
    #expect(system.kernel.machine.memory(DirectMap.address(frames + 1), as: UInt64.self).pointee == 0xd65f03c0)
    #expect(system.kernel.machine.synchronizedFrames == [frames + 1])
    let fixed = space.region(0x300, 1, rights: 1, memory: 4)
    _ = space.map(fixed, 0x300)
    let refused = system.call(system.memoryServer, .copyPage, Message(0x300, 4, 1, handle: 40))
    #expect(refused.refusal == Refusal(.notPermitted, 0x300))
  }

  struct BadSpare: Sendable, CustomStringConvertible {
    let description: String
    let offsets: (UInt64, UInt64)
    let status: Status
  }

  @Test(
    "spare frames for tables are free, two, and none of the pages",
    arguments: [
      BadSpare(description: "the same twice", offsets: (10, 10), status: .frameNotFree),
      BadSpare(description: "the first page", offsets: (0, 10), status: .frameNotFree),
      BadSpare(description: "the last page", offsets: (10, 3), status: .frameNotFree),
      BadSpare(description: "a task's frame", offsets: (10, 20), status: .frameNotFree),
      BadSpare(description: "only the second given", offsets: (.max, 10), status: .tablesNeeded),
      BadSpare(description: "only the first given", offsets: (10, .max), status: .tablesNeeded),
    ])
  func spares(bad: BadSpare) {
    let space = Space()
    let system = space.system
    let region = space.region(0x200, 4)
    let frames = system.takeFrames(12)
    func frame(_ offset: UInt64) -> UInt64 {
      offset == .max ? 0 : offset == 20 ? DirectMap.frame(space.task.task) : frames + offset
    }
    let message = Message(region, 0x200, 4, frames, frame(bad.offsets.0), frame(bad.offsets.1), 2, handle: 40)
    system.setMessage(message, of: system.memoryServer.thread)
    let before = system.digest(except: system.memoryServer.thread)
    let result = system.call(system.memoryServer, .map, message)
    #expect(result.refusal?.status == bad.status)
    system.kernel.thread(system.memoryServer.thread).pointee.registers.instruction &-= 4
    #expect(system.digest(except: system.memoryServer.thread) == before)
  }

  @Test("an account pays for pages and tables, or is told what it lacks")
  func quota() {
    let space = Space(quota: 8)
    let region = space.region(0x200, 16)
    let frames = space.system.takeFrames(16)
    let spares = (frames + 10, frames + 11)
    #expect(space.map(region, 0x200, 5, frame: frames, spares: spares).refusal == Refusal(.quotaExceeded, 7, limit: 6))
    #expect(space.map(region, 0x200, 4, frame: frames, spares: spares).refusal == nil)
    #expect(space.system.used(space.task) == 8)
    #expect(space.map(region, 0x204, 1, frame: frames + 4).refusal == Refusal(.quotaExceeded, 1, limit: 0))
    #expect(space.unmap(region, 0x200, 4).refusal == nil)
    #expect(space.system.used(space.task) == 2)
    #expect(space.system.audit() == [])
  }

  @Test("a block is not mapped over a table, and a table is not put over a block")
  func blockAndTable() {
    let space = Space()
    let region = space.region(0x800, 1024)
    let frames = space.system.takeFrames(1024, aligned: 512)
    let spares = space.system.takeFrames(4)
    _ = space.map(region, 0x805, frame: frames + 5, spares: (spares, spares + 1))
    #expect(space.map(region, 0x800, 512, frame: frames + 512).refusal == Refusal(.alreadyMapped, 0x805, limit: 3))
    #expect(space.map(region, 0xa00, 512, frame: frames + 512).refusal == nil)
    let over = space.map(region, 0xa07, frame: frames + 6, spares: (spares + 2, 0))
    #expect(over.refusal == Refusal(.alreadyMapped, 0xa07, limit: 2))
    #expect(space.unmap(region, 0xa00, 256).refusal == Refusal(.tablesNeeded, 1, limit: 0))
    #expect(space.system.audit() == [])
    #expect(space.unmap(region, 0xa00, 512)[1] == 0)
    #expect(space.unmap(region, 0x800, 512)[1] == spares + 1)
    #expect(space.system.audit() == [])
  }

  @Test("512 pages that are not aligned come as pages, one leaf at a time")
  func unaligned() {
    let space = Space()
    let region = space.region(0x800, 512)
    let frames = space.system.takeFrames(513, aligned: 512) + 1
    let spares = space.system.takeFrames(2)
    #expect(space.map(region, 0x800, 512, frame: frames, spares: (spares, spares + 1)).refusal == nil)
    #expect(space.system.pages(of: space.task).values.allSatisfy { $0.level == 3 })
    #expect(space.system.kernel.ledger(spares + 1).pointee.used == 512)
    #expect(space.system.audit() == [])
    #expect(space.unmap(region, 0x800, 512)[0] == 512)
    #expect(space.system.audit() == [])
  }
}
