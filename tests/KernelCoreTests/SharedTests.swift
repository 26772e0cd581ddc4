import ABI
import KernelCore
import Machine
import TestSupport
import Testing

@Suite("Memory that tasks share")
struct SharedTests {
  let space = Space()
  let other: Actor
  let home: UInt64
  let frames: UInt64
  var system: SimulatedSystem { space.system }
  var server: Actor { system.memoryServer }
  /// The server's slot of the Memory.
  let name: UInt64 = 60

  /// Eight pages of a task's on frames in a row, with a name, and another task.
  init() {
    home = space.region(0x200, 8)
    frames = space.system.takeFrames(10)
    _ = space.map(home, 0x200, 8, frame: frames, spares: (frames + 8, frames + 9))
    other = space.system.spawn(slot: 41)
    share()
  }

  @discardableResult func share(_ slot: UInt64 = 60, region: UInt64? = nil) -> Message {
    let message = Message(40, 4, system.takeFrames(), slot, 0, region ?? home, handle: 2)
    return system.call(server, .create, message)
  }

  /// A region of the other task that shows pages of the Memory.
  func show(
    _ slot: UInt64, page: UInt64 = 0x400, pages: UInt64 = 4, rights: UInt64 = 1, offset: UInt64 = 2,
    memory: UInt64 = 60, flags: UInt64 = 0
  ) -> Message {
    system.call(server, .region, Message(slot, page, pages, rights, memory, offset, flags, handle: 41))
  }

  func map(_ slot: UInt64, _ page: UInt64, _ count: UInt64, tables: Bool = true) -> Message {
    let spares = tables ? (system.takeFrames(), system.takeFrames()) : (0, 0)
    return system.call(server, .map, Message(slot, page, count, 0, spares.0, spares.1, 2, handle: 41))
  }

  @Test("another task sees the very pages, with the rights of its region, and pays only its tables")
  func shows() {
    #expect(show(30).refusal == nil)
    let used = system.used(other)
    #expect(map(30, 0x400, 4)[0] == 4)
    #expect(system.used(other) == used + 2)
    for page in 0..<4 as Range<UInt64> {
      #expect(system.pages(of: other)[0x400 + page] == SeenPage(frame: frames + 2 + page, rights: 1))
      #expect(system.pages(of: space.task)[0x202 + page] == SeenPage(frame: frames + 2 + page, rights: 3))
    }
    #expect(system.audit() == [])
    #expect(system.must(server, .unmap, Message(30, 0x400, 4, handle: 41))[4] == 0)
    #expect(system.used(other) == used)
    #expect(system.audit() == [])
  }

  @Test("a region has one name, however often it is asked for one")
  func once() {
    let used = system.used(space.task)
    share(61)
    #expect(system.handle(server, 61).object == system.handle(server, 60).object)
    #expect(system.used(space.task) == used)
    system.must(server, .drop, Message(handle: 60))
    system.must(server, .drop, Message(handle: 61))
    // The home keeps it, though nobody holds a handle.
    #expect(show(30).refusal == Refusal(.slotEmpty, 60))
    share()
    #expect(show(30).refusal == nil)
    #expect(system.audit() == [])
  }

  @Test("a name with fewer rights shows with fewer")
  func rights() {
    system.must(server, .copy, Message(0, 62, 1, handle: 60))
    #expect(show(30, rights: 3, memory: 62).refusal == Refusal(.missingRight, 1, limit: 3))
    #expect(show(30, rights: 5).refusal == Refusal(.missingRight, 3, limit: 5))
    #expect(show(30, rights: 1, memory: 62).refusal == nil)
  }

  @Test("a region beyond the home, or over what is no home, is refused by name")
  func refusals() {
    #expect(show(30, pages: 7, offset: 2).refusal == Refusal(.outOfRange, 2, limit: 8))
    #expect(show(30, pages: 1, offset: 8).refusal == Refusal(.outOfRange, 8, limit: 8))
    #expect(share(61, region: 70).refusal == Refusal(.wrongKind, 0, limit: 5))
    #expect(share(61, region: 88).refusal == Refusal(.slotOutside, 88, limit: 88))
    #expect(system.call(server, .revoke, Message(handle: 60)).refusal == Refusal(.wrongKind, 6))
    let device = system.call(server, .create, Message(40, 4, 0, 61, 0, home, handle: HandOver.Slot.bundle))
    #expect(device.refusal == Refusal(.wrongKind, 3, limit: 2))
    #expect(system.audit() == [])
  }

  @Test("pages that the home has not are not there; a call maps as far as frames lie together")
  func runs() {
    _ = space.unmap(home, 0x205)
    #expect(show(30, pages: 8, offset: 0).refusal == nil)
    #expect(map(30, 0x400, 8)[0] == 5)
    #expect(map(30, 0x405, 1).refusal == Refusal(.notMapped, 5))
    #expect(map(30, 0x406, 2, tables: false)[0] == 2)
    // The missing page comes on another frame.
    #expect(system.call(server, .unmap, Message(home, 0x205, 1, handle: 40)).refusal?.status == .regionMapped)
    #expect(space.map(home, 0x205, 1, frame: system.takeFrames())[0] == 1)
    #expect(map(30, 0x405, 1, tables: false)[0] == 1)
    #expect(system.audit() == [])
  }

  @Test("a block is shown as a block where the pages lie alike, and by pages elsewhere")
  func blocks() {
    let region = space.region(0x800, 1024)
    let block = system.takeFrames(512, aligned: 512)
    #expect(space.map(region, 0x800, 512, frame: block, spares: (system.takeFrames(), system.takeFrames()))[0] == 512)
    share(61, region: region)
    #expect(show(30, page: 0xa00, pages: 512, offset: 0, memory: 61).refusal == nil)
    #expect(map(30, 0xa00, 512)[0] == 512)
    #expect(system.pages(of: other)[0xa00] == SeenPage(frame: block, rights: 1, level: 2))
    #expect(show(31, page: 0xd00, pages: 64, offset: 100, memory: 61).refusal == nil)
    #expect(map(31, 0xd00, 64)[0] == 64)
    #expect(system.pages(of: other)[0xd00] == SeenPage(frame: block + 100, rights: 1))
    #expect(system.audit() == [])
  }

  @Test("a home keeps its pages while others show some; the refusal names one who does")
  func keeps() {
    #expect(show(30).refusal == nil)
    _ = map(30, 0x400, 4)
    let refused = system.call(server, .unmap, Message(home, 0x204, 1, handle: 40))
    #expect(refused.refusal == Refusal(.regionMapped, DirectMap.frame(other.task), limit: 30))
    #expect(system.pages(of: space.task).count == 8 && system.pages(of: other).count == 4)
    system.must(server, .unmap, Message(30, 0x400, 4, handle: 41))
    #expect(space.unmap(home, 0x200, 8)[4] == 8)
    #expect(system.audit() == [])
  }

  @Test("with its home a Memory goes from all who hold it, in steps", arguments: [1, 63, 64, 200] as [UInt64])
  func gone(handles: UInt64) {
    #expect(show(30).refusal == nil)
    for slot in 0..<handles { system.must(server, .copy, Message(0, 100 + slot, 1, handle: 60)) }
    _ = space.unmap(home, 0x200, 8)
    system.must(server, .drop, Message(40, handle: home))
    #expect(system.handle(server, 60).kind == .gone)
    #expect(system.handle(server, 99 + handles).kind == .gone)
    #expect(system.handle(other, 30).kind == .gone)
    // Its pages are known by what was there, until another region takes them.
    #expect(system.kernel.regionSlot(of: other.task, page: 0x401) == 30)
    system.must(server, .region, Message(31, 0x400, 1, 3, handle: 41))
    #expect(system.kernel.regionSlot(of: other.task, page: 0x400) == 31)
    #expect(system.kernel.regionSlot(of: other.task, page: 0x401) == 30)
    #expect(system.audit() == [])
  }

  @Test("a region that is taken from a task can leave its slot gone, with its pages")
  func taken() {
    #expect(show(30).refusal == nil)
    system.must(server, .drop, Message(41, 1, handle: 30))
    #expect(system.handle(other, 30).kind == .gone)
    #expect(system.kernel.regionSlot(of: other.task, page: 0x402) == 30)
    #expect(show(32).refusal == nil)
    system.must(other, .drop, Message(handle: 30))
    #expect(system.handle(other, 30) == .empty)
    #expect(system.audit() == [])
  }

  @Test("the end of the task that pays makes the Memory gone; the end of one that shows it does not")
  func ends() {
    let free = system.freeFrames()
    #expect(show(30).refusal == nil)
    _ = map(30, 0x400, 4)
    system.must(server, .unmap, Message(30, 0x400, 4, handle: 41))
    system.destroy(other)
    #expect(system.freeFrames() == free + 2)
    #expect(system.audit() == [])
    _ = space.unmap(home, 0x200, 8)
    system.destroy(space.task)
    #expect(system.handle(server, 60).kind == .gone)
    #expect(system.audit() == [])
  }

  @Test("the server learns where a shared page has its home; nobody else does")
  func inspected() {
    #expect(show(30).refusal == nil)
    _ = map(30, 0x400, 4)
    let told = system.must(server, .inspect, Message(7, 30, handle: 41))
    #expect(told == Message(6, 8, DirectMap.frame(space.task.task), home, 0x200, 4, label: 0, handle: 41))
    #expect(system.must(server, .inspect, Message(7, HandOver.Slot.bundle))[0] == 3)
    system.give(60, to: other, 31)
    #expect(system.call(other, .inspect, Message(7, 31)).refusal == Refusal(.missingRight, 0, limit: 1))
    #expect(system.call(server, .inspect, Message(7, 1)).refusal == Refusal(.wrongKind, 3, limit: 4))
  }
}
