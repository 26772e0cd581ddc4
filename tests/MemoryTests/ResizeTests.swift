import ABI
import Interfaces
import KernelCore
import Machine
import TestSupport
import Testing

@testable import MemoryCore

private let own = Client<MemoryInterface>.own
private let rw: Rights.Memory = [.read, .write]

@Suite("Regions that get longer or shorter") struct ResizeTests {
  /// Writes to pages as the task.
  private func write(_ lazy: LazySystem, _ pages: Range<UInt64>) {
    for page in pages { lazy[page] = page }
  }

  @Test(
    "grow by zeroed pages, paid with the tables they need, and keep what was written",
    arguments: [
      (0x1000, 1, 2), (0x1000, 5, 40), (0x11f0, 16, 17), (0x11f0, 30, 700), (0x1000, 300, 512), (0x1000, 300, 1300),
      (0x1200, 512, 1024), (0x7_fff0, 10, 900), (0x1007, 1, 1100),
    ] as [(UInt64, UInt64, UInt64)])
  func grow(page: UInt64, from: UInt64, to: UInt64) throws {
    let lazy = try LazySystem()
    var gate = lazy.system.client
    // Frames that were another's before.
    try own.allocate(slot: 40, page: 0x9_0000, pages: 1500, rights: rw, &gate)
    write(lazy, 0x9_0000..<0x9_0000 + 1500)
    try own.free(slot: 40, &gate)
    let before = lazy.words
    try own.allocate(slot: 30, page: page, pages: from, rights: rw, &gate)
    write(lazy, page..<page + from)
    try own.resize(slot: 30, from: from, to: to, &gate)
    for index in 0..<to { #expect(lazy[page + index] == (index < from ? page + index : 0)) }
    #expect(lazy[page + to] == nil)
    #expect(lazy.words.used - before.used == to + lazy.words.tables - before.tables)
    lazy.check()
    // What has the length has it.
    let whole = lazy.words.used
    try own.resize(slot: 30, from: to, to: to, &gate)
    try own.resize(slot: 30, from: from, to: to, &gate)
    #expect(lazy.words.used == whole)
    try own.free(slot: 30, &gate)
    #expect(lazy.words.used == before.used && lazy.words.tables == before.tables)
    lazy.check()
  }

  @Test(
    "shrink to what a region made so long takes, tables included, and give back the rest at once",
    arguments: [
      (0x1000, 2, 1), (0x1000, 40, 17), (0x11f0, 700, 30), (0x11f0, 700, 16), (0x1000, 1300, 512), (0x1000, 1300, 1),
      (0x1200, 1024, 512), (0x1200, 1024, 300), (0x7_fff0, 900, 10), (0x1007, 1100, 2),
    ] as [(UInt64, UInt64, UInt64)])
  func shrink(page: UInt64, from: UInt64, to: UInt64) throws {
    let lazy = try LazySystem()
    var gate = lazy.system.client
    try own.allocate(slot: 30, page: page, pages: to, rights: rw, &gate)
    let (wanted, free) = (lazy.words, lazy.system.frees)
    try own.free(slot: 30, &gate)
    try own.allocate(slot: 30, page: page, pages: from, rights: rw, &gate)
    write(lazy, page..<page + from)
    try own.resize(slot: 30, from: from, to: to, &gate)
    #expect(lazy.mapped(page..<page + from) == Array(page..<page + to))
    for index in 0..<to { #expect(lazy[page + index] == page + index) }
    #expect(lazy.words.used == wanted.used && lazy.words.tables == wanted.tables && lazy.system.frees == free)
    lazy.check()
    // The room is another's.
    try own.allocate(slot: 31, page: page + to, pages: 1, rights: rw, &gate)
    lazy.check()
  }

  @Test("that come with touches grow and shrink without a frame; what is gone comes back zeroed, or not at all")
  func reserved() throws {
    let lazy = try LazySystem()
    var gate = lazy.system.client
    try own.reserve(slot: 30, page: 0x1000, pages: 100, fit: .block, isGuarded: true, &gate)
    let empty = lazy.words
    try own.resize(slot: 30, from: 100, to: 1 << 20, &gate)
    #expect(lazy.words.used == empty.used)
    #expect(lazy.touchPage(0x1000) && lazy.touchPage(0x1_2345))
    #expect(lazy.words.mappedPages == empty.mappedPages + 1024)
    for page in [0x1000, 0x1031, 0x1032, 0x1_2345] as [UInt64] { lazy[page] = page }
    try own.resize(slot: 30, from: 1 << 20, to: 50, &gate)
    #expect(lazy.mapped(0x1000..<0x1200) == Array(0x1000..<0x1032) && lazy[0x1_2345] == nil)
    #expect(lazy[0x1031] == 0x1031)
    lazy.check()
    try own.resize(slot: 30, from: 50, to: 60, &gate)
    #expect(lazy.touchPage(0x1032) && lazy[0x1032] == 0)
    // The guard page above moves with the end.
    #expect(throws: MemoryRefusal(.kernel(.regionOverlap), 0x103c, limit: 30)) {
      try own.allocate(slot: 31, page: 0x103c, pages: 1, rights: rw, &gate)
    }
    try own.allocate(slot: 31, page: 0x103d, pages: 1, rights: rw, &gate)
    #expect(throws: MemoryRefusal(.kernel(.regionOverlap), 0x1000, limit: 31)) {
      try own.resize(slot: 30, from: 60, to: 61, &gate)
    }
    try own.resize(slot: 30, from: 60, to: 1, &gate)
    lazy.check()
    #expect(!lazy.touchPage(0x1001))
  }

  @Test("fit as largely as frames allow: runs and blocks merge over what was the end, and keep to the new one")
  func fit() throws {
    let lazy = try LazySystem()
    var gate = lazy.system.client
    let actor = Actor(slot: 0, task: lazy.task)
    func has() -> LeastTables { LeastTables(of: actor, in: lazy.system.machine) }
    let before = has()
    try own.allocate(slot: 30, page: 0x1000, pages: 512, rights: rw, &gate)
    #expect(has().blocks == before.blocks + 1)
    for (from, to) in [(512, 300), (300, 41), (41, 3)] as [(UInt64, UInt64)] {
      try own.resize(slot: 30, from: from, to: to, &gate)
      #expect(has().blocks == before.blocks && has().groups == before.groups + Int(to) / 16, "\(to)")
    }
    for (from, to) in [(3, 20), (20, 40), (40, 300), (300, 512), (512, 1400)] as [(UInt64, UInt64)] {
      try own.resize(slot: 30, from: from, to: to, &gate)
      #expect(has().blocks == before.blocks + Int(to) / 512, "\(to)")
      #expect(has().groups - before.groups == Int(to) % 512 / 16, "\(to)")
    }
    lazy.check()
  }

  /// Slots of the child: 30 four pages from 0x2000 on, 31 a page at 0x2008, 32 lazy with guard pages, 33 open, 40 the name
  /// and 41 a view of what init shares; 42 gone, 80 its code. Slot 30 of init is that home, of eight pages.
  static let bad: [ReserveTests.Bad] = {
    func bad(_ slot: UInt64, _ from: UInt64, _ to: UInt64, _ refusal: MemoryRefusal) -> ReserveTests.Bad {
      ReserveTests.Bad(.resize(slot: slot, from: from, to: to), refusal)
    }
    let most: UInt64 = 1 << 27 - 0x2000
    return [
      bad(88, 4, 5, MemoryRefusal(.kernel(.slotOutside), 88, limit: 88)),
      bad(.max, 4, 5, MemoryRefusal(.kernel(.slotOutside), .max, limit: 88)),
      bad(0, 4, 5, MemoryRefusal(.notRegion, 0)),
      bad(1, 4, 5, MemoryRefusal(.notRegion, 1)),
      bad(50, 4, 5, MemoryRefusal(.notRegion, 50)),
      bad(40, 8, 9, MemoryRefusal(.notRegion, 40)),
      bad(41, 4, 3, MemoryRefusal(.notRegion, 41)),
      bad(41, 4, 5, MemoryRefusal(.notRegion, 41)),
      bad(42, 2, 1, MemoryRefusal(.notRegion, 42)),
      bad(80, 1, 2, MemoryRefusal(.notRegion, 80)),
      bad(30, 4, 0, MemoryRefusal(.rangeOutside, 0x2000, limit: 0)),
      bad(30, 0, 0, MemoryRefusal(.rangeOutside, 0x2000, limit: 0)),
      bad(30, 4, most + 1, MemoryRefusal(.rangeOutside, 0x2000, limit: most + 1)),
      bad(30, 4, 0 &- 0x2000, MemoryRefusal(.rangeOutside, 0x2000, limit: 0 &- 0x2000)),
      bad(30, 4, .max, MemoryRefusal(.rangeOutside, 0x2000, limit: .max)),
      bad(30, .max, .max, MemoryRefusal(.rangeOutside, 0x2000, limit: .max)),
      bad(30, 0, 4, MemoryRefusal(.lengthDiffers, 4, limit: 0)),
      bad(30, 3, 5, MemoryRefusal(.lengthDiffers, 4, limit: 3)),
      bad(30, 5, 3, MemoryRefusal(.lengthDiffers, 4, limit: 5)),
      bad(30, .max, 3, MemoryRefusal(.lengthDiffers, 4, limit: .max)),
      bad(32, 15, 20, MemoryRefusal(.lengthDiffers, 16, limit: 15)),
      bad(30, 4, 9, MemoryRefusal(.kernel(.regionOverlap), 0x2000, limit: 31)),
      bad(31, 1, 0x18, MemoryRefusal(.kernel(.regionOverlap), 0x2008, limit: 32)),
      bad(32, 16, 1 << 26, MemoryRefusal(.kernel(.regionOverlap), 0x2020, limit: 41)),
      bad(33, 1, 1 << 26, MemoryRefusal(.quotaExceeded, 1 << 26 - 1, limit: 100)),
    ]
  }()

  @Test("a bad argument is refused by name, whatever it is, and nothing has changed") func refusals() throws {
    let sharers = try Sharers()
    var gate = sharers.gate
    try own.allocate(slot: 35, page: 0x6000, pages: 2, rights: rw, &gate)
    try own.share(slot: 35, to: 36, &gate)
    try gate.copy(36, to: 43, task: Sharers.child)
    try sharers.share()
    sharers.asChild()
    gate = sharers.gate
    try own.allocate(slot: 30, page: 0x2000, pages: 4, rights: rw, &gate)
    try own.allocate(slot: 31, page: 0x2008, pages: 1, rights: rw, &gate)
    try own.reserve(slot: 32, page: 0x2020, pages: 16, isGuarded: true, &gate)
    try own.allocate(slot: 33, page: 0x8_0000, pages: 1, rights: rw, &gate)
    try own.show(memory: Sharers.name, slot: 41, page: 0x4000, pages: 4, offset: 2, rights: .read, &gate)
    try own.show(memory: 43, slot: 42, page: 0x4100, pages: 2, rights: .read, &gate)
    sharers.asInit()
    gate = sharers.gate
    try own.free(slot: 35, &gate)
    sharers.asChild()
    gate = sharers.gate
    sharers.system.leave(quota: 100, of: sharers.task(sharers.childThread))
    let before = try Books(sharers.system)
    for bad in Self.bad {
      #expect(throws: bad.refusal, "\(bad.request)") { _ = try own.call(bad.request, &gate) }
      #expect(try Books(sharers.system).differences(before) == [], "\(bad.request)")
    }
    // Of what init has it says nothing: the slots are its own.
    sharers.asInit()
    gate = sharers.gate
    let view = MemoryRefusal(.kernel(.regionMapped), DirectMap.frame(sharers.task(sharers.childThread)), limit: 41)
    for to in [5, 1] as [UInt64] {
      #expect(throws: view) { try own.resize(slot: 30, from: 8, to: to, &gate) }
      #expect(try Books(sharers.system).differences(before) == [])
    }
    try own.resize(slot: 30, from: 8, to: 6, &gate)
    sharers.check()
  }

  @Test("a device's registers, its memory, the log and the bundle keep their length") func devices() throws {
    let supervised = try Supervised(5)
    var gate = supervised.gate
    _ = try own.lease("all", index: 0, slot: 30, page: 0x180, &gate)
    _ = try own.allocateDMA(lease: 30, slot: 31, page: 0x4000, pages: 3, &gate)
    let before = try Books(supervised.system)
    for to in [1, 2, 5] as [UInt64] {
      #expect(throws: MemoryRefusal(.notRegion, 30)) { try own.resize(slot: 30, from: 1, to: to, &gate) }
      #expect(throws: MemoryRefusal(.leaseHeld, 31, limit: 30)) { try own.resize(slot: 31, from: 3, to: to, &gate) }
    }
    #expect(try Books(supervised.system).differences(before) == [])
    // Memory that was a device's is as any other.
    try own.releaseLease(slot: 30, &gate)
    try own.resize(slot: 31, from: 3, to: 700, &gate)
    try own.resize(slot: 31, from: 700, to: 2, &gate)
    #expect(supervised.system.machine.audit() == [])
    let boot = try TestSystem()
    gate = boot.client
    try own.mapLog(slot: 32, page: 0x5000, &gate)
    _ = try own.mapBundle(slot: 33, page: 0x6000, &gate)
    for slot: UInt64 in [32, 33] {
      #expect(throws: MemoryRefusal(.notRegion, slot)) { try own.resize(slot: slot, from: 1, to: 2, &gate) }
    }
  }

  @Test("what a task does with its own it does with those of a task whose handle it passes, on that account")
  func passed() throws {
    let system = try TestSystem()
    var gate = system.client
    try system.load(3, slot: 20)
    let task = system.task(inSlot: 20)
    try own.allocate(slot: 30, page: 0x4000, pages: 3, rights: rw, task: 20, &gate)
    let (mine, its) = (
      system.machine.kernel.task(system.running).pointee.used, system.machine.kernel.task(task).pointee
    )
    try own.resize(slot: 30, from: 3, to: 300, task: 20, &gate)
    #expect(system.machine.kernel.task(task).pointee.used == its.used + 297)
    #expect(system.machine.kernel.task(system.running).pointee.used == mine)
    try gate.copy(20, to: 21, rights: Rights.Task.control.rawValue)
    #expect(throws: MemoryRefusal(.kernel(.missingRight), 2, limit: 3)) {
      try own.resize(slot: 30, from: 300, to: 3, task: 21, &gate)
    }
    #expect(system.machine.audit() == [])
  }
}
