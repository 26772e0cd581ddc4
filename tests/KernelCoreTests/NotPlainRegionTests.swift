import ABI
import KernelCore
import TestSupport
import Testing

/// What the quick forms of `region`, `drop` and `inspect` must leave to the general ones.
@Suite("Regions that are not plain")
struct NotPlainRegionTests {
  /// Makes a region of two pages and says whether the quick form did.
  private func isQuick(_ space: Space, _ slot: UInt64, _ page: UInt64, rights: UInt64 = 3, flags: UInt64 = 0) -> Bool {
    let before = space.system.carriedOut[.region] ?? 0
    let message = Message(slot, page, 2, rights, 0, 0, flags, handle: space.task.slot)
    space.system.call(space.system.memoryServer, .region, message)
    return space.system.carriedOut[.region] ?? 0 > before
  }

  @Test("a region that is refused, or a device's memory, takes the general form, others the quick one")
  func regions() {
    let space = Space()
    let guarded = RegionFlags.lazy(.run).guarded.raw
    #expect(isQuick(space, 20, 0x100) && isQuick(space, 21, 0x102, rights: 5) && isQuick(space, 22, 0xfe, rights: 1))
    #expect(isQuick(space, 23, 0x200, flags: guarded))
    for page in [0xfd, 0xff, 0x101, 0x103, 0x1fe, 0x202] as [UInt64] { #expect(!isQuick(space, 24, page)) }
    for rights in [0, 2, 4, 6, 7, 8, 1 << 32 | 1] as [UInt64] { #expect(!isQuick(space, 24, 0x300, rights: rights)) }
    for flags in [1, 1 << 56, 3 << 55 | 1 << 57, 1 << 58, 1 << 59, RegionFlags.dma.raw] as [UInt64] {
      #expect(!isQuick(space, 25, 0x300, flags: flags))
    }
    for page in [0, Geometry.taskPages - 1, Geometry.taskPages, .max] { #expect(!isQuick(space, 26, page)) }
    for slot in [0, 20, 1 << 20, .max] as [UInt64] { #expect(!isQuick(space, slot, 0x400)) }
    #expect(space.system.audit() == [])
  }

  @Test("the tables that a region's first page lacks are told by both forms")
  func tables() {
    let space = Space()
    func lacking(_ slot: UInt64, _ page: UInt64) -> UInt64 {
      let message = Message(slot, page, 2, 3, handle: space.task.slot)
      return space.system.must(space.system.memoryServer, .region, message)[0]
    }
    #expect(lacking(20, 0x100) == 2)
    let frames = space.system.takeFrames(3)
    #expect(space.map(20, 0x100, frame: frames, spares: (frames + 1, frames + 2)).refusal == nil)
    #expect(lacking(21, 0x110) == 0 && lacking(22, 0x1fe) == 0 && lacking(23, 0x200) == 1 && lacking(24, 1 << 18) == 2)
  }

  @Test("a region with pages or a name, what is none, and one's own are dropped by the general form")
  func drops() {
    let space = Space()
    let (system, server) = (space.system, space.system.memoryServer)
    func isQuick(_ task: UInt64, _ slot: UInt64, leavesGone: UInt64 = 0) -> Bool {
      let before = system.carriedOut[.drop] ?? 0
      system.call(server, .drop, Message(task, leavesGone, handle: slot))
      return system.carriedOut[.drop] ?? 0 > before
    }
    let region = space.region(0x100, 4)
    let frames = system.takeFrames(3)
    _ = space.map(region, 0x100, frame: frames, spares: (frames + 1, frames + 2))
    let shown = space.region(0x300, 4, rights: 1, memory: 4, offset: 5)
    let gone = space.region(0x400, 4)
    let plain = space.region(0x500, 4)
    #expect(!isQuick(space.task.slot, region) && !isQuick(space.task.slot, shown))
    #expect(!isQuick(space.task.slot, gone, leavesGone: 1) && !isQuick(space.task.slot, gone))
    #expect(!isQuick(space.task.slot, 87) && !isQuick(space.task.slot, 1 << 40) && !isQuick(0, 90))
    #expect(isQuick(space.task.slot, plain))
    #expect(system.audit() == [])
  }

  @Test("a handle outside the table, of what is no task, and other facts are told or refused by the general form")
  func facts() {
    let space = Space()
    let (system, server) = (space.system, space.system.memoryServer)
    func isQuick(_ task: UInt64, _ slot: UInt64, _ what: Inspection = .handle) -> Bool {
      let before = system.carriedOut[.inspect] ?? 0
      system.call(server, .inspect, Message(what.rawValue, slot, handle: task))
      return system.carriedOut[.inspect] ?? 0 > before
    }
    #expect(isQuick(0, 4) && isQuick(space.task.slot, 20) && isQuick(space.task.slot, 0))
    #expect(!isQuick(0, 1 << 40) && !isQuick(space.task.slot, 1000) && !isQuick(4, 1) && !isQuick(.max, 1))
    #expect(!isQuick(space.task.slot, 0x100, .region))
  }
}
