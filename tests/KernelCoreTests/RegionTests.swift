import ABI
import KernelCore
import TestSupport
import Testing

private typealias Seeds = ClosedRange<UInt64>

@Suite("Regions")
struct RegionTests {
  /// A region as its handle tells it.
  private func make(_ space: Space, _ slot: UInt64, _ page: UInt64, _ pages: UInt64, _ flags: RegionFlags) -> Refusal? {
    let message = Message(slot, page, pages, 3, 0, 0, flags.raw, handle: space.task.slot)
    return space.system.call(space.system.memoryServer, .region, message).refusal
  }

  /// The region of a page, or the first one behind it.
  private func find(_ space: Space, _ page: UInt64) -> Message {
    let message = Message(Inspection.region.rawValue, page, handle: space.task.slot)
    return space.system.must(space.system.memoryServer, .inspect, message)
  }

  @Test("flags are kept in the region's word, and say nothing about its pages")
  func flags() {
    let space = Space()
    for (slot, fit) in [(20, .page), (21, .run), (22, .block)] as [(UInt64, RegionFit)] {
      let flags = RegionFlags.lazy(fit).guarded
      #expect(make(space, slot, slot << 10, 600, flags) == nil)
      let found = RegionWord(raw: find(space, slot << 10 + 599)[2])
      #expect(found == RegionWord(page: slot << 10, pages: 600, isPrivate: true, flags: flags))
      #expect(found.pages == 600 && found.isPrivate && found.flags.isLazy && found.flags.isGuarded)
      #expect(found.flags.fit == fit)
    }
    #expect([RegionFit.page, .run, .block].map(\.pages) == [1, 16, 512])
    #expect(space.system.audit() == [])
  }

  @Test("a guard page is nobody's, whichever region was there first; two regions may share one")
  func guards() {
    let space = Space()
    let guarded = RegionFlags.lazy(.page).guarded
    #expect(make(space, 20, 0x100, 16, guarded) == nil)
    for (page, pages) in [(0xff, 1), (0x110, 1), (0xf0, 16), (0xf0, 64)] as [(UInt64, UInt64)] {
      #expect(make(space, 21, page, pages, .none) == Refusal(.regionOverlap, page, limit: 20))
      #expect(make(space, 21, page, pages, guarded) == Refusal(.regionOverlap, page, limit: 20))
    }
    #expect(make(space, 21, 0xfe, 1, .none) == nil)
    #expect(make(space, 22, 0x111, 16, guarded) == nil)
    #expect(make(space, 23, 0x121, 1, .none) == Refusal(.regionOverlap, 0x121, limit: 22))
    // Without guards two regions may touch.
    #expect(make(space, 23, 0xfd, 1, .none) == nil)
  }

  @Test("a page leads to its region or the next one in one call, whatever came and went", arguments: 1...4 as Seeds)
  func lookUp(seed: UInt64) {
    let space = Space()
    var random = Seeded(state: seed)
    var model: [UInt64: Range<UInt64>] = [:]
    for _ in 0..<400 {
      let slot = 20 + random.next(below: 12)
      if model[slot] != nil, random.next(below: 3) == 0 {
        space.system.must(space.system.memoryServer, .drop, Message(space.task.slot, handle: slot))
        model[slot] = nil
      } else if model[slot] == nil {
        let page = 1 + random.next(below: 200)
        let pages = 1 + random.next(below: 20)
        let isFree = !model.values.contains { $0.overlaps(page..<page + pages) }
        #expect((make(space, slot, page, pages, .lazy(.page)) == nil) == isFree)
        if isFree { model[slot] = page..<page + pages }
      }
      let page = random.next(below: 230)
      let wanted = model.filter { page < $0.value.upperBound }.min { $0.value.lowerBound < $1.value.lowerBound }
      let found = find(space, page)
      #expect(found[0] == wanted?.key ?? 0)
      #expect(RegionWord(raw: found[2]).page == wanted?.value.lowerBound ?? 0)
      if wanted == nil { #expect((1...4).allSatisfy { found[$0] == 0 }) }
      #expect(space.system.audit() == [])
    }
  }

  @Test("the root of a task's regions lies where the tree's links look for it")
  func root() { #expect(MemoryLayout<KernelCore.Task>.offset(of: \.regions) == 160) }

  @Test("a region that shows a Memory is found with its offset and the pages mapped")
  func shown() {
    let space = Space()
    let region = space.region(0x300, 4, rights: 1, memory: 4, offset: 5)
    let frames = space.system.takeFrames(2)
    #expect(space.map(region, 0x301, 2, spares: (frames, frames + 1)).refusal == nil)
    let found = find(space, 0x303)
    #expect(found[0] == region && HandleWord(raw: found[1]).kind == .region)
    #expect(found[3] == 2 && found[4] == 5)
  }

  @Test("a task's faults are counted")
  func faults() {
    let meeting = Meeting()
    let system = meeting.system
    for expected in 1...3 as ClosedRange<UInt64> {
      meeting.receive()
      system.makeCurrent(meeting.first.thread)
      system.fault(syndrome: 0x9200_0007, address: 0x5000)
      system.must(meeting.server, .reply, Message())
      var facts = Message()
      meeting.asMemoryServer {
        let asked = Message(Inspection.task.rawValue, handle: meeting.first.slot)
        facts = system.must(system.memoryServer, .inspect, asked)
      }
      #expect(facts[7] == expected << 8 | 10)
    }
  }
}
