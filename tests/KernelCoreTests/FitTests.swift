import ABI
import KernelCore
import Simulated
import TestSupport
import Testing

/// Runs of 16 pages and blocks: mapped whole, merged when they become whole, taken apart when a part goes.
@Suite("Largest fit")
struct FitTests {
  let space = Space()
  var system: SimulatedSystem { space.system }
  /// A region over pages 0x400 to 0x7ff, 512 frames that lie as blocks do, and frames for tables.
  let region: UInt64
  let block: UInt64
  let spares: UInt64

  init() {
    region = space.region(0x400, 1024)
    block = space.system.takeFrames(512, aligned: 512)
    spares = space.system.takeFrames(4)
  }

  /// The leaf table of page 0x400, grown by `map`.
  private var leaf: UInt64 { spares + 1 }
  private func map(_ page: UInt64, _ count: UInt64, frame: UInt64? = nil) -> Message {
    space.map(region, page, count, frame: frame ?? block + page & 511, spares: (spares, leaf))
  }
  private func told(_ message: Message) -> [UInt64] { (0..<6).map { message[$0] } }
  private func invalidations(_ pages: Range<UInt64>) -> [Event] {
    pages.map { .invalidatePage($0, space.identifier) }
  }

  @Test("each aligned group of 16 on frames that lie so has the hint, the pages around it have it not")
  func groups() {
    _ = map(0x40a, 40)
    #expect(space.hinted(leaf) == Array(0x10..<0x30))
    // Pages and frames that lie differently.
    _ = map(0x440, 32, frame: block + 0x48)
    #expect(space.hinted(leaf) == Array(0x10..<0x30))
    let seen = system.pages(of: space.task)
    #expect(seen[0x41f] == SeenPage(frame: block + 0x1f, rights: 3))
    #expect(seen[0x45f] == SeenPage(frame: block + 0x67, rights: 3))
    #expect(system.audit() == [])
  }

  @Test("a device's pages and the image's have it too")
  func shown() {
    system.must(system.memoryServer, .create, Message(0, 4, spares + 2, 60, 0, 0x9010, 20, handle: 3))
    let device = space.region(0x800, 20, memory: 60)
    _ = space.map(device, 0x800, 20, spares: (spares, leaf))
    #expect(space.hinted(leaf) == Array(0..<16))
    let image = space.region(0x910 + system.bundle.first & 15, 16, rights: 5, memory: HandOver.Slot.bundle)
    _ = space.map(image, 0x910 + system.bundle.first & 15, 16)
    #expect(space.hinted(leaf).count == (system.bundle.first & 15 == 0 ? 32 : 16))
    #expect(system.audit() == [])
  }

  @Test("the page that completes 16 gives them the hint: what was there is broken and forgotten first, nothing else")
  func mergeGroup() {
    _ = map(0x400, 7)
    _ = map(0x408, 8)
    #expect(space.hinted(leaf) == [])
    let events = space.events { #expect(map(0x407, 1)[0] == 1) }
    let old = (0..<16 as Range<UInt64>).filter { $0 != 7 }
    let breaks: [Event] = old.map { .store(leaf, $0, Entry.page(block + $0, rights: 3) & ~1) }
    let makes: [Event] = (0..<16).map { .store(leaf, $0, Entry.hinted(block + $0)) }
    let wanted: [Event] =
      breaks + [.publish] + invalidations(0x400..<0x407) + invalidations(0x408..<0x410) + [.complete] + makes
      + [.publish]
    #expect(events == wanted)
    #expect(system.audit() == [])
  }

  @Test("a run over both ends completes two groups; with more than 16 pages to forget, all are forgotten at once")
  func mergeBothEnds() {
    _ = map(0x400, 9)
    _ = map(0x417, 9)
    let events = space.events { _ = map(0x409, 14) }
    #expect(space.hinted(leaf) == Array(0..<32))
    #expect(events.filter { $0 == .invalidateIdentifier(space.identifier) }.count == 1)
    #expect(events.count == 18 + 3 + 32 + 1)
    #expect(system.audit() == [])
  }

  @Test("pages of other rights, of another region, on other frames complete nothing")
  func unlike() {
    let neighbour = space.region(0x3f8, 8)
    _ = space.map(neighbour, 0x3f8, 8, frame: block + 0x1f8, spares: (spares, spares + 2))
    _ = map(0x400, 8)
    // The region's rights change where nothing is mapped: the next pages are like those no more.
    _ = space.protect(region, 0x600, 1, rights: 1)
    _ = map(0x408, 8)
    _ = map(0x410, 15)
    _ = map(0x41f, 1, frame: block + 0x5f)
    #expect(space.hinted(leaf) == [])
    // 16 pages that two regions share.
    let (one, two) = (space.region(0x840, 8), space.region(0x848, 8))
    _ = space.map(one, 0x840, 8, frame: block + 0x140, spares: (spares + 3, 0))
    _ = space.map(two, 0x848, 8, frame: block + 0x148)
    #expect(space.hinted(spares + 3) == [])
    #expect(system.audit() == [])
  }

  @Test("a page that goes out of 16 takes the hint from the others, which are broken, forgotten and made again")
  func splitGroup() {
    _ = map(0x400, 32)
    let events = space.events { #expect(told(space.unmap(region, 0x403, 1)) == [1, 0, 0, block + 3, 1, 0]) }
    let others = (0..<16 as Range<UInt64>).filter { $0 != 3 }
    let breaks: [Event] = others.map { .store(leaf, $0, Entry.hinted(block + $0) & ~1) }
    let makes: [Event] = others.map { .store(leaf, $0, Entry.page(block + $0, rights: 3)) }
    let wanted: [Event] =
      [.store(leaf, 3, 0)] + breaks + [.publish] + invalidations(0x400..<0x410) + [.complete] + makes + [.publish]
    #expect(events == wanted)
    #expect(space.hinted(leaf) == Array(16..<32))
    // Two groups cut at once.
    _ = map(0x403, 1)
    _ = space.unmap(region, 0x40f, 2)
    #expect(space.hinted(leaf) == [])
    #expect(system.audit() == [])
  }

  @Test("16 pages that get other rights are broken first, and keep the hint; a part of them takes all along")
  func protectGroup() {
    _ = map(0x400, 20)
    let events = space.events { _ = space.protect(region, 0x405, 20, rights: 1) }
    let breaks: [Event] = (0..<16).map { .store(leaf, $0, Entry.hinted(block + $0, rights: 1) & ~1) }
    let plain: [Event] = (16..<20).map { .store(leaf, $0, Entry.page(block + $0, rights: 1)) }
    let makes: [Event] = (0..<16).map { .store(leaf, $0, Entry.hinted(block + $0, rights: 1)) }
    let wanted: [Event] =
      breaks + plain + [.publish, .invalidateIdentifier(space.identifier), .complete] + makes + [.publish]
    #expect(events == wanted)
    _ = space.protect(region, 0x400, 3, rights: 3)
    #expect((0x400..<0x410).allSatisfy { system.pages(of: space.task)[$0]?.rights == 3 })
    #expect(system.pages(of: space.task)[0x410]?.rights == 1)
    #expect(space.hinted(leaf) == Array(0..<16))
    _ = space.protect(region, 0x400, 1024, rights: 3)
    #expect(system.audit() == [])
  }

  @Test("the page that completes 512 makes a block of them, and the leaf table comes back")
  func mergeBlock() {
    _ = map(0x400, 500)
    _ = map(0x5f5, 11)
    let used = system.used(space.task)
    let events = space.events { #expect(told(map(0x5f4, 1)).prefix(3) == [1, 0, leaf]) }
    let wanted: [Event] = [
      .store(spares, 2, 0), .publish, .invalidateIdentifier(space.identifier), .complete,
      .store(spares, 2, Entry.block(block, rights: 3)), .publish,
    ]
    #expect(events == wanted)
    #expect(system.used(space.task) == used, "a page more, a table less")
    #expect(system.kernel.ledger(leaf).pointee.isFree)
    #expect(system.pages(of: space.task)[0x5f4] == SeenPage(frame: block + 0x1f4, rights: 3, level: 2))
    #expect(system.audit() == [])
  }

  @Test("512 pages become no block where one lies elsewhere, or the region is smaller")
  func noBlock() {
    _ = map(0x400, 511)
    #expect(map(0x5ff, 1, frame: spares + 2)[2] == 0)
    #expect(system.kernel.ledger(leaf).pointee.used == 512)
    #expect(system.audit() == [])
  }

  @Test("a part of a block goes by a leaf table on the spare frame, with the hint on what stays whole; it merges again")
  func splitBlock() {
    _ = map(0x400, 512)
    let free = system.freeFrames()
    let events = space.events {
      #expect(told(space.unmap(region, 0x412, 3, spare: leaf)) == [3, 0, 0, block + 0x12, 3, leaf])
    }
    let tail: [Event] = [
      .store(spares, 2, 0), .publish, .invalidatePage(0x412, space.identifier), .complete,
      .store(spares, 2, Entry.table(leaf)), .publish,
    ]
    #expect(Array(events.suffix(6)) == tail)
    #expect(events.count == 509 + 6)
    #expect(space.hinted(leaf) == Array(0..<16) + Array(32..<512))
    #expect(system.freeFrames() == free + 3 - 1)
    #expect(system.audit() == [])
    #expect(map(0x412, 3)[2] == leaf)
    #expect(system.pages(of: space.task)[0x412]?.level == 2)
    #expect(system.audit() == [])
    // To the end of the block alone, whatever is asked for.
    _ = space.map(region, 0x600, 1, frame: spares + 2, spares: (spares + 3, 0))
    #expect(told(space.unmap(region, 0x5f0, 0x20, spare: leaf)) == [16, 0, 0, block + 0x1f0, 16, leaf])
    #expect(system.audit() == [])
  }

  @Test("a whole block, and a whole region, go without a frame")
  func whole() {
    _ = map(0x400, 512)
    #expect(told(space.unmap(region, 0x400, 1024)) == [512, 0, spares, block, 512, 0])
    #expect(system.audit() == [])
  }
}
