import ABI
import KernelCore
import Machine
import TestSupport
import Testing

@Suite("Regions that get another length")
struct ResizeTests {
  let space = Space()
  var system: SimulatedSystem { space.system }

  func resize(_ slot: UInt64, _ pages: UInt64, shown: UInt64 = 0) -> Message {
    system.call(system.memoryServer, .resize, Message(slot, pages, shown, handle: space.task.slot))
  }

  /// The refusal of a call that has changed nothing.
  func refused(_ slot: UInt64, _ pages: UInt64, shown: UInt64 = 0) -> Refusal? {
    system.refusal(of: Message(slot, pages, shown, handle: space.task.slot))
  }

  /// A region of which some pages are mapped.
  func region(_ page: UInt64, _ pages: UInt64, mapped: [UInt64] = [], flags: UInt64 = 0) -> UInt64 {
    space.nextSlot += 1
    system.must(
      system.memoryServer, .region, Message(space.nextSlot, page, pages, 3, 0, 0, flags, handle: space.task.slot))
    for page in mapped {
      let spares = (system.takeFrames(), system.takeFrames())
      #expect(space.map(space.nextSlot, page, frame: system.takeFrames(), spares: spares)[0] == 1)
    }
    return space.nextSlot
  }

  func area(_ slot: UInt64) -> RegionWord {
    system.kernel.machine.memory(space.task.task + 1280 + slot * 32, as: Handle.self).pointee.region
  }

  @Test("a longer region has its pages as before, room for more behind them, and what it was is still said of it")
  func grows() {
    let slot = region(0x1f0, 16, mapped: [0x1f0, 0x1ff], flags: RegionFlags.lazy(.run).raw)
    let before = system.pages(of: space.task)
    #expect(space.map(slot, 0x200, frame: system.takeFrames()).refusal == Refusal(.outsideRegion, 0x200, limit: 16))
    #expect(resize(slot, 1040)[0] == 1040)
    #expect(area(slot) == RegionWord(page: 0x1f0, pages: 1040, isPrivate: true, flags: .lazy(.run)))
    #expect(system.pages(of: space.task) == before)
    #expect(space.map(slot, 0x200, frame: system.takeFrames(), spares: (system.takeFrames(), 0))[0] == 1)
    #expect(space.map(slot, 0x600, frame: system.takeFrames()).refusal == Refusal(.outsideRegion, 0x600, limit: 1040))
    #expect(system.audit() == [])
  }

  @Test("a shorter region ends behind its last page that is mapped, wherever it was asked to end")
  func shrinks() {
    let slot = region(0x1f0, 2000, mapped: [0x1f0, 0x2ff, 0x500])
    #expect(resize(slot, 1)[0] == 0x500 + 1 - 0x1f0)
    #expect(system.audit() == [])
    #expect(space.unmap(slot, 0x500)[0] == 1)
    #expect(resize(slot, 1)[0] == 0x2ff + 1 - 0x1f0)
    #expect(space.unmap(slot, 0x2ff)[0] == 1)
    #expect(resize(slot, 1)[0] == 1)
    #expect(resize(slot, 1)[0] == 1)
    #expect(area(slot) == RegionWord(page: 0x1f0, pages: 1, isPrivate: true))
    // What it has left is another's to take.
    _ = region(0x1f1, 5)
    #expect(system.audit() == [])
  }

  @Test("a block that the end would cut keeps it")
  func blocks() {
    let slot = region(0x200, 1024)
    let spares = (system.takeFrames(), system.takeFrames())
    #expect(space.map(slot, 0x200, 512, frame: system.takeFrames(512, aligned: 512), spares: spares)[0] == 512)
    #expect(resize(slot, 100)[0] == 512)
    #expect(system.audit() == [])
  }

  @Test("an empty end of any length goes in a few calls, each of which passes 512 entries and no more")
  func large() {
    let slot = region(0x3_0001, Geometry.taskPages - 0x3_0001, mapped: [0x3_0001])
    var calls = 0
    // 511 entries of the root, 127 of the table below, 510 of the leaf.
    while resize(slot, 1)[0] > 1, calls < 10 { calls += 1 }
    #expect(calls == 2 && area(slot).pages == 1)
    // Where an interrupt waits a call passes at least one.
    #expect(resize(slot, 100)[0] == 100)
    var lengths: [UInt64] = []
    repeat {
      system.kernel.machine.pending.append(40)
      lengths.append(resize(slot, 97)[0])
    } while lengths.last! > 97 && lengths.count < 10
    #expect(lengths == [99, 98, 97])
    #expect(system.audit() == [])
  }

  @Test("a region does not grow over another, nor over a guard page, nor out of the task's half; nothing has changed")
  func room() {
    let slot = region(0x100, 4, mapped: [0x100])
    let behind = region(0x110, 1)
    #expect(refused(slot, 0x11) == Refusal(.regionOverlap, 0x100, limit: behind))
    #expect(refused(slot, 1 << 26) == Refusal(.regionOverlap, 0x100, limit: behind))
    #expect(refused(slot, 0) == Refusal(.outOfRange, 0, limit: 1 << 27 - 0x100))
    #expect(refused(slot, 1 << 27 - 0xff) == Refusal(.outOfRange, 1 << 27 - 0xff, limit: 1 << 27 - 0x100))
    #expect(refused(slot, .max) == Refusal(.outOfRange, .max, limit: 1 << 27 - 0x100))
    #expect(refused(slot, 4, shown: 5) == Refusal(.outOfRange, 5, limit: 4))
    #expect(refused(slot, 4, shown: .max) == Refusal(.outOfRange, .max, limit: 4))
    #expect(resize(slot, 0x10)[0] == 0x10)
    let guarded = region(0x200, 4, flags: RegionFlags.lazy(.page).guarded.raw)
    let far = region(0x210, 1)
    #expect(refused(guarded, 0x10) == Refusal(.regionOverlap, 0x200, limit: far))
    #expect(resize(guarded, 0xf)[0] == 0xf)
    #expect(resize(far, 2)[0] == 2)
    #expect(refused(behind, 0xef + 1) == Refusal(.regionOverlap, 0x110, limit: guarded))
    #expect(resize(behind, 0xef)[0] == 0xef)
    #expect(resize(far, Geometry.taskPages - 0x210)[0] == Geometry.taskPages - 0x210)
    #expect(system.audit() == [])
  }

  @Test("runs merge over what was an end, and come apart at what becomes one")
  func fit() {
    let slot = region(0x200, 40)
    let frames = system.takeFrames(512, aligned: 512)
    let spares = (system.takeFrames(), system.takeFrames())
    #expect(space.map(slot, 0x200, 40, frame: frames, spares: spares)[0] == 40)
    let leaf = spares.1
    #expect(space.hinted(leaf) == Array(0..<32))
    #expect(resize(slot, 48)[0] == 48)
    #expect(space.map(slot, 0x228, 8, frame: frames + 40)[0] == 8)
    #expect(space.hinted(leaf) == Array(0..<48))
    #expect(resize(slot, 512)[0] == 512)
    let merged = space.map(slot, 0x230, 464, frame: frames + 48)
    #expect(merged[0] == 464 && merged[2] == leaf)
    #expect(system.pages(of: space.task)[0x200] == SeenPage(frame: frames, rights: 3, level: 2))
    let spare = system.takeFrames()
    #expect(space.unmap(slot, 0x20a, 502, spare: spare)[5] == spare)
    #expect(resize(slot, 10)[0] == 10)
    #expect(space.hinted(spare) == [])
    #expect(system.audit() == [])
  }
}

/// Homes of shared Memory: see `SharedTests`.
@Suite("Shared memory that gets another length")
struct SharedResizeTests {
  let shared = SharedTests()
  var system: SimulatedSystem { shared.system }

  func resize(_ pages: UInt64, shown: UInt64, _ slot: UInt64? = nil) -> Message {
    system.call(shared.server, .resize, Message(slot ?? shared.home, pages, shown, handle: 40))
  }

  /// Pages of the Memory as `inspect` tells them.
  var told: UInt64 { system.must(shared.server, .inspect, Message(7, 60, handle: 0))[1] }

  @Test("of a longer home as much may be shown as it is said, by those who have its name already")
  func grows() {
    #expect(told == 8)
    #expect(resize(20, shown: 8)[0] == 20)
    #expect(told == 8)
    #expect(shared.show(30, pages: 9, offset: 0).refusal == Refusal(.outOfRange, 0, limit: 8))
    #expect(resize(20, shown: 20)[0] == 20)
    #expect(told == 20 && shared.show(30, pages: 20, offset: 0).refusal == nil)
    #expect(shared.map(30, 0x400, 20)[0] == 8)
    #expect(shared.map(30, 0x408, 12).refusal == Refusal(.notMapped, 8))
    #expect(system.audit() == [])
  }

  @Test(
    "it gets no shorter than what somebody shows or copies of it, mapped or not; the refusal names one who does",
    arguments: [false, true], [false, true])
  func refused(copies: Bool, isMapped: Bool) {
    if copies {
      system.must(shared.server, .protect, Message(shared.home, 0x200, 8, 1, 1, handle: 40))
    }
    #expect(shared.show(30, flags: copies ? RegionFlags.copyOnWrite.raw : 0).refusal == nil)
    if isMapped { #expect(shared.map(30, 0x400, 4)[0] == 4) }
    for (pages, shown) in [(5, 5), (8, 5), (20, 0), (1, 1)] as [(UInt64, UInt64)] {
      let refusal = system.refusal(of: Message(shared.home, pages, shown, handle: 40))
      #expect(refusal == Refusal(.regionMapped, DirectMap.frame(shared.other.task), limit: 30))
    }
    // Up to there it may.
    #expect(resize(8, shown: 6)[0] == 8)
    #expect(shared.space.unmap(shared.home, 0x206, 2)[4] == 2)
    #expect(resize(6, shown: 6)[0] == 6)
    #expect(shared.show(31, page: 0x500, pages: 1, offset: 6).refusal == Refusal(.outOfRange, 6, limit: 6))
    #expect(system.audit() == [])
  }

  @Test("pages that nobody's region reaches may be taken from a home, though others show the rest")
  func part() {
    #expect(shared.show(30).refusal == nil)
    #expect(shared.map(30, 0x400, 4)[0] == 4)
    let named = Refusal(.regionMapped, DirectMap.frame(shared.other.task), limit: 30)
    #expect(shared.space.unmap(shared.home, 0x205, 3).refusal == named)
    #expect(shared.space.unmap(shared.home, 0x200, 3).refusal == named)
    #expect(shared.space.unmap(shared.home, 0x206, 2)[4] == 2)
    #expect(shared.space.unmap(shared.home, 0x200, 2)[4] == 2)
    #expect(system.audit() == [])
  }

  @Test("what shows a Memory, or a device, or the image has the length of what it shows")
  func views() {
    #expect(shared.show(30).refusal == nil)
    let view = system.call(shared.server, .resize, Message(30, 2, 2, handle: 41))
    #expect(view.refusal == Refusal(.wrongKind, ObjectKind.memory.rawValue, limit: ObjectKind.region.rawValue))
    let bundle = shared.space.region(0x900, 4, rights: 1, memory: HandOver.Slot.bundle)
    #expect(resize(2, shown: 2, bundle).refusal == Refusal(.wrongKind, 4, limit: 5))
  }
}

extension SimulatedSystem {
  /// The refusal of a `resize` by the memory server, which has changed nothing but told of it.
  fileprivate func refusal(of message: Message) -> Refusal? {
    let thread = memoryServer.thread
    setMessage(message, of: thread)
    let before = digest(except: thread)
    let result = call(memoryServer, .resize, message)
    kernel.thread(thread).pointee.registers.instruction &-= 4
    #expect(digest(except: thread) == before, "changed by a refused \(message)")
    return result.refusal
  }
}
