import ABI
import Interfaces
import KernelCore
import MemoryCore
import TestSupport
import Testing

private let own = Client<MemoryInterface>.own

@Suite("Memory on demand") struct LazyTests {
  @Test("a touch brings one zeroed page, paid for when it comes, and the task goes on")
  func touch() throws {
    let lazy = try LazySystem()
    var gate = lazy.system.client
    let before = lazy.words
    try own.reserve(slot: 30, page: 0x1000, pages: 700, &gate)
    #expect(lazy.words.used == before.used)
    #expect(lazy.touch(0x1000 << 12 + 700 * 4096 - 1))
    #expect(lazy.mapped(0x0fff..<0x1300) == [0x1000 + 699])
    #expect(lazy[0x1000 + 699] == 0)
    // One page, and one table: the table above it was there for the image.
    #expect(lazy.words.used == before.used + 2)
    #expect(lazy.touch(0x1000 << 12, .read) && lazy.touch(0x1001 << 12, .maintenance))
    #expect(lazy.touch(0xab << 56 | 0x1002 << 12), "the tag of an address is not a part of it")
    #expect(lazy.words.mappedPages == before.mappedPages + 4)
    #expect(lazy.words.faults == 4)
    lazy.check()
  }

  @Test("a fault on a page that came meanwhile just goes on")
  func meanwhile() throws {
    let lazy = try LazySystem()
    var gate = lazy.system.client
    try own.reserve(slot: 30, page: 0x1000, pages: 512, fit: .block, &gate)
    #expect(lazy.touchPage(0x1005))
    lazy[0x1005] = 7
    let before = lazy.words
    #expect(lazy.touchPage(0x1005) && lazy.touchPage(0x11ff))
    #expect(lazy[0x1005] == 7 && lazy.words.used == before.used)
    lazy.check()
  }

  struct Fit: Sendable, CustomTestStringConvertible {
    let fit: RegionFit
    let region: Range<UInt64>
    let touched: UInt64
    let come: Range<UInt64>
    var testDescription: String { "\(fit) in \(region) at \(touched)" }
  }

  static let fits: [Fit] = [
    Fit(fit: .page, region: 0x1000..<0x1200, touched: 0x1010, come: 0x1010..<0x1011),
    Fit(fit: .run, region: 0x1000..<0x1200, touched: 0x101f, come: 0x1010..<0x1020),
    Fit(fit: .run, region: 0x1008..<0x1030, touched: 0x1009, come: 0x1009..<0x100a),
    Fit(fit: .run, region: 0x1008..<0x1030, touched: 0x102f, come: 0x1020..<0x1030),
    Fit(fit: .run, region: 0x1000..<0x102f, touched: 0x102e, come: 0x102e..<0x102f),
    Fit(fit: .block, region: 0x1100..<0x1700, touched: 0x1250, come: 0x1200..<0x1400),
    Fit(fit: .block, region: 0x1100..<0x1700, touched: 0x115f, come: 0x1150..<0x1160),
    Fit(fit: .block, region: 0x1100..<0x1608, touched: 0x1607, come: 0x1607..<0x1608),
  ]

  @Test("as much comes as the fit allows and the region holds", arguments: fits)
  func fit(_ row: Fit) throws {
    let lazy = try LazySystem()
    var gate = lazy.system.client
    let tables = lazy.words.tables
    try own.reserve(slot: 30, page: row.region.lowerBound, pages: UInt64(row.region.count), fit: row.fit, &gate)
    #expect(lazy.touchPage(row.touched))
    #expect(lazy.mapped(0x0f00..<0x1800) == Array(row.come))
    #expect(lazy.words.tables == tables + (row.come.count == 512 ? 0 : 1))
    lazy.check()
  }

  @Test("where something is there already, a smaller run comes, and at last the page alone")
  func partlyThere() throws {
    let lazy = try LazySystem()
    var gate = lazy.system.client
    try own.reserve(slot: 30, page: 0x1000, pages: 1024, fit: .block, &gate)
    try own.prefault(slot: 30, page: 0x1205, pages: 1, &gate)
    #expect(lazy.touchPage(0x1300))
    #expect(lazy.mapped(0x1000..<0x1400) == [0x1205] + Array(0x1300..<0x1310))
    #expect(lazy.touchPage(0x1206))
    #expect(lazy.mapped(0x1000..<0x1300) == [0x1205, 0x1206])
    lazy.check()
  }

  @Test("an account that cannot pay a run gets a page, to its last frame; then the fault is reported with both numbers")
  func account() throws {
    let lazy = try LazySystem(quota: 64)
    var gate = lazy.system.client
    try own.reserve(slot: 30, page: 0x1000, pages: 1024, fit: .block, &gate)
    // A table, then runs while they can be paid, then pages.
    var left = lazy.left - 1
    var page: UInt64 = 0x1000
    while left > 0 {
      #expect(lazy.touchPage(page))
      let come: UInt64 = left >= 16 ? 16 : 1
      #expect(lazy.mapped(0x1000..<0x1100) == Array(0x1000..<page + come))
      left -= come
      page += come
      #expect(lazy.left == left)
    }
    #expect(!lazy.touchPage(page))
    #expect(lazy.left == 0 && lazy[page] == nil)
    let report = lazy.log.suffix(4)
    #expect(report.first?.hasSuffix(", for which its account has no frame left") == true)
    #expect(
      report.dropFirst(2).first?.contains("likely the account cannot pay: frames needed, frames left 1, 0; nearest")
        == true)
    lazy.check()
  }

  @Test("an account with a frame left but none for the table is told that two are needed")
  func accountForTable() throws {
    let lazy = try LazySystem(quota: 64)
    var gate = lazy.system.client
    try own.reserve(slot: 30, page: 0x1000, pages: 1024, &gate)
    try own.prefault(slot: 30, page: 0x1000, pages: lazy.left - 2, &gate)
    #expect(lazy.left == 1)
    #expect(!lazy.touchPage(0x1200))
    #expect(lazy.log.suffix(2).first?.contains("frames needed, frames left 2, 1") == true)
    lazy.check()
  }

  @Test("without a free frame the fault is reported with both numbers, and nothing is lost")
  func outOfMemory() throws {
    let lazy = try LazySystem(frames: 4096, quota: 3900)
    var gate = lazy.system.client
    try own.reserve(slot: 30, page: 0x1000, pages: 1024, fit: .block, &gate)
    try own.reserve(slot: 31, page: 0x10_0000, pages: 10_000, &gate)
    #expect(lazy.touchPage(0x10_0000))
    var page: UInt64 = 0x10_0001
    func fill(to free: UInt64) throws {
      while lazy.system.server.freeFrames > free {
        try own.prefault(slot: 31, page: page, pages: 1, &gate)
        page += 1
      }
    }
    try fill(to: 300)
    #expect(lazy.touchPage(0x1055))
    #expect(lazy.mapped(0x1000..<0x1400) == Array(0x1050..<0x1060), "no block is free, but a run is")
    try fill(to: 3)
    #expect(lazy.touchPage(0x1005))
    #expect(lazy.mapped(0x1000..<0x1010) == [0x1005], "no run is free, but a page is")
    try fill(to: 1)
    // The last frame has no other to be its table.
    #expect(!lazy.touchPage(0x1200))
    #expect(lazy.log.suffix(4).first?.hasSuffix(", for which no frame is free") == true)
    #expect(lazy.log.suffix(2).first?.contains("needed, free 2, 1; nearest region") == true)
    lazy.check()
    try own.destroyTask(LazySystem.slot, &gate)
    #expect(lazy.system.frees == UInt64(lazy.system.machine.freeFrames()))
  }

  @Test("the last frame comes; behind it the fault and a prefault say that one is needed and none is free")
  func lastFrame() throws {
    let lazy = try LazySystem(frames: 4096, quota: 3900)
    var gate = lazy.system.client
    try own.reserve(slot: 31, page: 0x10_0000, pages: 10_000, &gate)
    var page: UInt64 = 0x10_0000
    while lazy.system.server.freeFrames > 0 {
      #expect(lazy.touchPage(page))
      page += 1
    }
    #expect(throws: MemoryRefusal(.outOfMemory, 1, limit: 0)) {
      try own.prefault(slot: 31, page: page, pages: 1, &gate)
    }
    lazy.check()
    #expect(!lazy.touchPage(page))
    #expect(lazy.log.suffix(2).first?.contains("needed, free 1, 0; nearest region") == true)
    lazy.check()
  }
}
