import ABI
import Interfaces
import KernelCore
import MemoryCore
import TestSupport
import Testing

private let own = Client<MemoryInterface>.own

@Suite("Reserving, bringing and giving back") struct ReserveTests {
  struct Bad: Sendable, CustomTestStringConvertible {
    let request: MemoryInterface.Request
    let refusal: MemoryRefusal
    var testDescription: String { "\(request)" }
    init(_ request: MemoryInterface.Request, _ refusal: MemoryRefusal) {
      (self.request, self.refusal) = (request, refusal)
    }
  }

  private static func reserve(
    _ slot: UInt64 = 40, _ page: UInt64 = 0x9000, _ pages: UInt64 = 1, rights: UInt64 = 3, fit: UInt64 = 0,
    isGuarded: Bool = false
  ) -> MemoryInterface.Request {
    .reserve(slot: slot, page: page, pages: pages, rights: rights, fit: fit, isGuarded: Flag(isGuarded))
  }

  /// Slot 30: lazy, 16 pages from 0x2000 on, guarded. Slot 31: not lazy, 2 pages from 0x3000 on.
  static let reservations: [Bad] = [
    Bad(reserve(40, 0x9000, 0), MemoryRefusal(.rangeOutside, 0x9000, limit: 0)),
    Bad(reserve(40, 0x9000, .max), MemoryRefusal(.rangeOutside, 0x9000, limit: .max)),
    Bad(reserve(40, .max), MemoryRefusal(.rangeOutside, .max, limit: 1)),
    Bad(reserve(40, 1 << 27 - 1, 2), MemoryRefusal(.rangeOutside, 1 << 27 - 1, limit: 2)),
    Bad(reserve(40, 0, 1 << 27 - 1), MemoryRefusal(.rangeOutside, 1 << 20, limit: 1 << 27 - 1)),
    Bad(reserve(rights: 0), MemoryRefusal(.invalidRights, 0)),
    Bad(reserve(rights: 6), MemoryRefusal(.invalidRights, 6)),
    Bad(reserve(rights: 7), MemoryRefusal(.invalidRights, 7)),
    Bad(reserve(rights: .max), MemoryRefusal(.invalidRights, .max)),
    Bad(reserve(fit: 3), MemoryRefusal(.kernel(.outOfRange), 3, limit: 2)),
    Bad(reserve(fit: .max), MemoryRefusal(.kernel(.outOfRange), .max, limit: 2)),
    Bad(reserve(1), MemoryRefusal(.slotOccupied, 1, limit: 1)),
    Bad(reserve(30), MemoryRefusal(.slotOccupied, 30, limit: 5)),
    Bad(reserve(30, 0x2000, 16), MemoryRefusal(.slotOccupied, 30, limit: 5)),
    Bad(reserve(30, 0x2000, 16, fit: 1, isGuarded: true), MemoryRefusal(.slotOccupied, 30, limit: 5)),
    Bad(reserve(31, 0x3000, 2), MemoryRefusal(.slotOccupied, 31, limit: 5)),
    Bad(reserve(88), MemoryRefusal(.kernel(.slotOutside), 88, limit: 88)),
    Bad(reserve(40, 0x2010), MemoryRefusal(.kernel(.regionOverlap), 0x2010, limit: 30)),
    Bad(reserve(40, 0x1f00, 0x100), MemoryRefusal(.kernel(.regionOverlap), 0x1f00, limit: 30)),
    Bad(reserve(40, 0x3002, isGuarded: true), MemoryRefusal(.kernel(.regionOverlap), 0x3002, limit: 31)),
    Bad(
      .allocate(slot: 40, page: 0x1fff, pages: 1, rights: 3),
      MemoryRefusal(.kernel(.regionOverlap), 0x1fff, limit: 30)),
  ]

  static let parts: [Bad] = [true, false].flatMap { isPrefault -> [Bad] in
    func part(_ slot: UInt64, _ page: UInt64, _ pages: UInt64) -> MemoryInterface.Request {
      isPrefault ? .prefault(slot: slot, page: page, pages: pages) : .decommit(slot: slot, page: page, pages: pages)
    }
    return [
      Bad(part(31, 0x3000, 1), MemoryRefusal(.notRegion, 31)),
      Bad(part(1, 0x2000, 1), MemoryRefusal(.notRegion, 1)),
      Bad(part(40, 0x2000, 1), MemoryRefusal(.notRegion, 40)),
      Bad(part(88, 0x2000, 1), MemoryRefusal(.kernel(.slotOutside), 88, limit: 88)),
      Bad(part(30, 0x2000, 0), MemoryRefusal(.rangeOutside, 0x2000, limit: 0)),
      Bad(part(30, 0x1fff, 2), MemoryRefusal(.rangeOutside, 0x1fff, limit: 2)),
      Bad(part(30, 0x2000, 17), MemoryRefusal(.rangeOutside, 0x2000, limit: 17)),
      Bad(part(30, 0x200f, 2), MemoryRefusal(.rangeOutside, 0x200f, limit: 2)),
      Bad(part(30, 0x2010, 1), MemoryRefusal(.rangeOutside, 0x2010, limit: 1)),
      Bad(part(30, 0x2001, .max), MemoryRefusal(.rangeOutside, 0x2001, limit: .max)),
      Bad(part(30, .max, 1), MemoryRefusal(.rangeOutside, .max, limit: 1)),
    ]
  }

  @Test("a bad argument of a reserved region is refused by name, and nothing has changed")
  func refusal() throws {
    let lazy = try LazySystem()
    var gate = lazy.system.client
    try own.reserve(slot: 30, page: 0x2000, pages: 16, isGuarded: true, &gate)
    try own.allocate(slot: 31, page: 0x3000, pages: 2, rights: [.read, .write], &gate)
    let (before, frees) = (Snapshot(lazy.system), lazy.system.frees)
    for bad in Self.reservations + Self.parts {
      #expect(throws: bad.refusal, "\(bad.request)") { _ = try own.call(bad.request, &gate) }
      #expect(Snapshot(lazy.system) == before && lazy.system.frees == frees, "\(bad.request)")
    }
    lazy.check()
  }

  @Test("a repeated reservation finds what it made, whatever came meanwhile; the server chooses free places")
  func again() throws {
    let lazy = try LazySystem()
    var gate = lazy.system.client
    let page = try own.reserve(slot: 30, pages: 1000, fit: .run, isGuarded: true, &gate)
    #expect(page != 0 && lazy.touchPage(page + 999))
    #expect(try own.reserve(slot: 30, pages: 1000, fit: .run, isGuarded: true, &gate) == page)
    let next = try own.reserve(slot: 31, pages: 1000, isGuarded: true, &gate)
    #expect(next > page + 1000 || next + 1000 < page)
    lazy.check()
  }

  @Test("prefault brings a part whole, whatever of it was there; again, and it changes nothing")
  func prefault() throws {
    let lazy = try LazySystem()
    var gate = lazy.system.client
    try own.reserve(slot: 30, page: 0x1000, pages: 2000, &gate)
    for page in [0x1001, 0x1010, 0x11ff, 0x1300] as [UInt64] {
      #expect(lazy.touchPage(page))
      lazy[page] = page
    }
    try own.prefault(slot: 30, page: 0x1001, pages: 1300, &gate)
    #expect(lazy.mapped(0x1000..<0x1800) == Array(0x1001..<0x1001 + 1300))
    #expect(lazy[0x1001] == 0x1001 && lazy[0x1300] == 0x1300 && lazy[0x1002] == 0)
    let before = Snapshot(lazy.system)
    try own.prefault(slot: 30, page: 0x1001, pages: 1300, &gate)
    #expect(Snapshot(lazy.system) == before)
    lazy.check()
    // More than the account has: what came stays, as after touches.
    let refusal = #expect(throws: MemoryRefusal.self) { try own.prefault(slot: 30, page: 0x1515, pages: 699, &gate) }
    #expect(refusal?.cause == .service(.quotaExceeded) && refusal?.limit == lazy.left)
    lazy.check()
  }

  @Test("decommit gives frames and tables of a part back; a later touch brings zeroes")
  func decommit() throws {
    let lazy = try LazySystem()
    var gate = lazy.system.client
    try own.reserve(slot: 30, page: 0x1000, pages: 1500, &gate)
    let (empty, frees) = (lazy.words, lazy.system.frees)
    for page in stride(from: 0x1000 as UInt64, to: 0x1000 + 1500, by: 7) {
      #expect(lazy.touchPage(page))
      lazy[page] = 0xdead
    }
    try own.decommit(slot: 30, page: 0x1001, pages: 1400, &gate)
    #expect(lazy.mapped(0x1001..<0x1001 + 1400) == [] && lazy[0x1000] == 0xdead)
    lazy.check()
    #expect(lazy.touchPage(0x1007) && lazy[0x1007] == 0)
    try own.decommit(slot: 30, page: 0x1000, pages: 1500, &gate)
    #expect(lazy.words.used == empty.used && lazy.words.tables == empty.tables && lazy.system.frees == frees)
    try own.decommit(slot: 30, page: 0x1000, pages: 1500, &gate)
    lazy.check()
  }

  @Test("decommit of a part of a block leaves the rest as it was, under a table")
  func decommitInBlock() throws {
    let lazy = try LazySystem()
    var gate = lazy.system.client
    try own.reserve(slot: 30, page: 0x1000, pages: 512, fit: .block, &gate)
    let empty = lazy.words
    #expect(lazy.touchPage(0x1000))
    for page in 0x1000..<0x1200 as Range<UInt64> { lazy[page] = page }
    try own.decommit(slot: 30, page: 0x1011, pages: 2, &gate)
    #expect(lazy.mapped(0x1000..<0x1200) == Array(0x1000..<0x1011) + Array(0x1013..<0x1200))
    #expect(lazy[0x1010] == 0x1010 && lazy[0x1013] == 0x1013 && lazy.words.used == empty.used + 511)
    #expect(lazy.touchPage(0x1011) && lazy[0x1011] == 0)
    lazy.check()
    try own.decommit(slot: 30, page: 0x1000, pages: 512, &gate)
    #expect(lazy.words.used == empty.used)
    lazy.check()
  }

  @Test("a region with holes is given back whole, and so it is at the task's end", arguments: [true, false])
  func giveBack(frees: Bool) throws {
    let lazy = try LazySystem()
    var gate = lazy.system.client
    let before = lazy.words
    try own.reserve(slot: 30, page: 0x1000, pages: 1 << 20, fit: .block, &gate)
    try own.reserve(slot: 31, page: 0x400_0000, pages: 1 << 24, &gate)
    try own.prefault(slot: 30, page: 0x1401, pages: 3, &gate)
    for page in [0x1000, 0x1400, 0x5_0000, 0x10_0fff, 0x400_0000, 0x4ff_ffff, 0x480_1234] as [UInt64] {
      #expect(lazy.touchPage(page))
    }
    lazy.check()
    if frees {
      try own.free(slot: 30, &gate)
      try own.free(slot: 31, &gate)
      #expect(lazy.words.used == before.used && lazy.words.mappedPages == before.mappedPages)
      #expect(lazy.words.tables == before.tables)
    } else {
      #expect(!lazy.touch(8, .read))
      try own.destroyTask(LazySystem.slot, &gate)
    }
    #expect(lazy.system.machine.audit() == [])
    #expect(lazy.system.frees == UInt64(lazy.system.machine.freeFrames()))
  }
}
