import ABI
import KernelCore
import Simulated
import TestSupport
import Testing

@Suite("Protecting")
struct ProtectTests {
  @Test("each page is one store, which needs no break, then one order, one invalidation a page, one end")
  func pages() {
    let space = Space()
    let region = space.region(0x200, 64)
    let frames = space.system.takeFrames(8)
    let leaf = frames + 5
    _ = space.map(region, 0x203, 3, frame: frames, spares: (frames + 4, leaf))
    let events = space.events { #expect(told(space.protect(region, 0x200, 64, rights: 1)) == [64, 3]) }
    let wanted: [Event] =
      (0..<3).map { .store(leaf, 3 + $0, Entry.page(frames + $0, rights: 1)) } + [.publish]
      + (0..<3).map { .invalidatePage(0x203 + $0, space.identifier) } + [.complete]
    #expect(events == wanted)
    #expect(space.system.pages(of: space.task)[0x204] == SeenPage(frame: frames + 1, rights: 1))
    #expect(space.system.audit() == [])
  }

  @Test("17 pages are forgotten with the whole address space, a block by one page of it")
  func manyAndBlocks() {
    let space = Space()
    let region = space.region(0x400, 1024)
    let frames = space.system.takeFrames(512, aligned: 512)
    let others = space.system.takeFrames(20)
    _ = space.map(region, 0x401, 17, frame: others, spares: (others + 18, others + 19))
    _ = space.map(region, 0x600, 512, frame: frames)
    let many = space.events { #expect(told(space.protect(region, 0x400, 1024, rights: 1)) == [512, 17]) }
    let whole: [Event] = [.publish, .invalidateIdentifier(space.identifier), .complete]
    #expect(Array(many.dropFirst(17)) == whole)
    let block = space.events { #expect(told(space.protect(region, 0x600, 512, rights: 1)) == [512, 512]) }
    let one: [Event] = [
      .store(others + 18, 3, Entry.block(frames, rights: 1)), .publish, .invalidatePage(0x600, space.identifier),
      .complete,
    ]
    #expect(block == one)
    #expect(space.system.audit() == [])
  }

  @Test("what has the rights is passed over: the second time nothing is stored and nothing forgotten")
  func twice() {
    let space = Space()
    let region = space.region(0x200, 600)
    let frames = space.system.takeFrames(8)
    _ = space.map(region, 0x210, 2, frame: frames, spares: (frames + 4, frames + 5))
    _ = space.map(region, 0x401, 1, frame: frames + 2, spares: (frames + 6, 0))
    #expect(told(space.protect(region, 0x200, 600, rights: 1)) == [512, 2])
    // What comes later has the rights already, and does not stop the way to what comes behind.
    _ = space.map(region, 0x212, 1, frame: frames + 3)
    #expect(space.system.pages(of: space.task)[0x212]?.rights == 1)
    #expect(told(space.protect(region, 0x200, 512, rights: 1)) == [512, 0])
    #expect(told(space.protect(region, 0x400, 88, rights: 1)) == [88, 1])
    #expect(space.events { _ = space.protect(region, 0x400, 88, rights: 1) } == [])
    #expect(space.system.audit() == [])
  }

  @Test("what becomes executable is visible to instruction fetch, once")
  func executable() {
    let space = Space()
    let region = space.region(0x200, 4)
    let frames = space.system.takeFrames(4)
    _ = space.map(region, 0x200, 2, frame: frames, spares: (frames + 2, frames + 3))
    #expect(space.system.kernel.machine.synchronizedFrames == [])
    _ = space.protect(region, 0x200, 4, rights: 5)
    #expect(space.system.kernel.machine.synchronizedFrames == [frames, frames + 1])
    #expect(space.system.pages(of: space.task)[0x200]?.rights == 5)
    space.system.kernel.machine.forgetSynchronized()
    for rights in [5, 1, 3] as [UInt64] { _ = space.protect(region, 0x200, 4, rights: rights) }
    #expect(space.system.kernel.machine.synchronizedFrames == [])
    #expect(space.system.pages(of: space.task)[0x201]?.rights == 3)
    #expect(space.system.audit() == [])
  }

  @Test("a region over a Memory gets fewer rights, and never the lost ones back; a device stays a device")
  func shown() {
    let space = Space()
    let system = space.system
    let region = space.region(0x200, 4, rights: 5, memory: HandOver.Slot.bundle)
    let frames = system.takeFrames(3)
    _ = space.map(region, 0x200, 4, spares: (frames, frames + 1))
    #expect(space.protect(region, 0x200, 4, rights: 3).refusal == Refusal(.invalidRights, 3, limit: 5))
    #expect(told(space.protect(region, 0x200, 4, rights: 1)) == [4, 4])
    #expect(space.protect(region, 0x200, 4, rights: 5).refusal == Refusal(.invalidRights, 5, limit: 1))
    system.must(
      system.memoryServer, .create, Message(0, 4, frames + 2, 60, 0, 0x9000, 2, handle: HandOver.Slot.devices))
    let device = space.region(0x300, 2, memory: 60)
    _ = space.map(device, 0x300, 2)
    #expect(told(space.protect(device, 0x300, 2, rights: 1)) == [2, 2])
    #expect(system.pages(of: space.task)[0x301] == SeenPage(frame: 0x9001, rights: 1, isDevice: true))
    #expect(system.audit() == [])
  }

  @Test("a region without pages has its new rights when pages come")
  func empty() {
    let space = Space()
    let region = space.region(1, Geometry.taskPages - 1)
    #expect(told(space.protect(region, 1, Geometry.taskPages - 1, rights: 1)) == [Geometry.taskPages - 1, 0])
    let frames = space.system.takeFrames(3)
    _ = space.map(region, 0x200, frame: frames, spares: (frames + 1, frames + 2))
    #expect(space.system.pages(of: space.task)[0x200]?.rights == 1)
    #expect(space.system.audit() == [])
  }

  private func told(_ message: Message) -> [UInt64] { [message[0], message[1]] }
}
