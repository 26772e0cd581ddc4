import ABI
import Interfaces
import KernelCore
import Testing

@testable import MemoryCore

private let own = Client<MemoryInterface>.own

@Suite("What the server tells") struct FactsTests {
  @Test("the frames by kind add up to all of RAM", arguments: [1, 2, 3]) func sums(sections: UInt64) throws {
    let frames = sections * Geometry.sectionFrames - 512
    let system = try TestSystem(frames: frames)
    var gate = system.client
    let c = try own.memoryCounts(&gate)
    #expect(c.free + c.privatePages + c.tables + c.objects + c.fixed + c.unclaimed == frames)
    #expect(c.free == UInt64(system.machine.freeFrames()))
    #expect(c.heldBack == 2)
    for (order, told) in [(9, c.freeBlocks), (4, c.freeGroups)] {
      var isUsed = Set(system.machine.usedFrames.map(\.frame))
      for held in 0..<system.server.reserve.count { isUsed.insert(system.server.reserve[held]) }
      let claimed = frames - c.unclaimed
      let runs = stride(from: system.machine.firstFrame, to: system.machine.firstFrame + claimed, by: 1 << order)
      #expect(told == UInt64(runs.count { first in !(first..<first + 1 << order).contains { isUsed.contains($0) } }))
    }
  }

  /// The frames by kind are those of the ledger.
  private func compare(_ system: TestSystem, _ location: SourceLocation = #_sourceLocation) throws {
    var gate = system.client
    let told = try own.memoryCounts(&gate)
    var found: [FrameKind: UInt64] = [:]
    for used in system.machine.usedFrames { found[used.word.kind, default: 0] += 1 }
    for (kind, count) in [
      (FrameKind.privatePage, told.privatePages), (.table, told.tables), (.objects, told.objects),
      (.fixed, told.fixed),
    ] { #expect(count == found[kind, default: 0], "\(kind)", sourceLocation: location) }
    #expect(told.free == UInt64(system.machine.freeFrames()), sourceLocation: location)
  }

  @Test("the frames by kind are those of the ledger, whatever there is")
  func byLedger() throws {
    let system = try TestSystem()
    var gate = system.client
    try compare(system)
    let initThread = system.machine.current
    try system.load(2, slot: 20)
    try system.load(3, slot: 23)
    try system.start(slot: 20)
    gate = system.client
    _ = try own.lease("uart", index: 0, slot: 30, page: 0x7_ffff, &gate)
    _ = try own.lease("gic", index: 0, slot: 31, page: 0x4_0000, &gate)
    try own.attach(&gate)
    try own.interrupt("uart", index: 0, slot: 32, &gate)
    for slot in 33..<60 as Range<UInt64> { try own.createNotification(slot: slot, &gate) }
    try compare(system)
    system.machine.makeCurrent(initThread)
    gate = system.client
    try gate.suspend(task: 20)
    try own.reserve(slot: 40, page: 0x8_0000, pages: 1 << 20, fit: .block, &gate)
    try own.prefault(slot: 40, page: 0x8_0000, pages: 600, &gate)
    try own.share(slot: 40, to: 41, &gate)
    try own.show(memory: 41, slot: 42, page: 0x20_0000, pages: 100, rights: .read, &gate)
    try own.createThread(slot: 43, task: 23, &gate)
    try own.allocate(slot: 60, page: 0x7_fff0, pages: 700, rights: .read, task: 23, &gate)
    try compare(system)
    system.killer.arm(0, system.meddling)
    try own.createNotification(slot: 44, &gate)
    #expect(system.restarts == 1)
    try compare(system)
    try own.destroyTask(20, &gate)
    try compare(system)
    try own.destroyTask(23, &gate)
    try compare(system)
    #expect(system.machine.audit() == [])
  }

  @Test("each task's tables, pages and objects are the frames that its account uses") func accounts() throws {
    let system = try TestSystem()
    var gate = system.client
    try system.load(3, slot: 20)
    try own.createEndpoint(slot: 21, task: 20, &gate)
    // Regions that had other lengths before, too.
    try own.allocate(slot: 40, page: 0x4000, pages: 300, rights: [.read, .write], task: 20, &gate)
    try own.resize(slot: 40, from: 300, to: 900, task: 20, &gate)
    try own.reserve(slot: 41, page: 0x6000, pages: 2000, fit: .block, task: 20, &gate)
    try own.prefault(slot: 41, page: 0x6000, pages: 600, task: 20, &gate)
    try own.resize(slot: 41, from: 2000, to: 100, task: 20, &gate)
    var lengths: [[UInt64]] = []
    var session: UInt64 = 2
    var names: [Name] = []
    while let facts = try? own.task(at: session, &gate) {
      names.append(facts.name)
      let counts = try own.tableCounts(session: facts.session, &gate)
      #expect(counts.level1 + counts.level2 + counts.level3 == facts.tables)
      #expect(counts.pages + 512 * counts.blocks == facts.mappedPages)
      var privatePages: UInt64 = 0
      var slot: UInt64 = 1
      while let region = try? own.region(session: facts.session, at: slot, &gate) {
        if region.kind == RegionFacts.Kind.privatePages.rawValue { privatePages += region.mapped }
        if region.slot == 40 || region.slot == 41 { lengths.append([region.pages, region.mapped]) }
        slot = region.slot + 1
      }
      #expect(facts.tables + counts.objects + privatePages == facts.own)
      session = facts.session + 1
    }
    #expect(names == ["init", "clock"] && lengths == [[900, 900], [100, 100]])
    #expect(try own.task(at: 0, &gate).name == "memory")
  }

  @Test("a session that does not exist is refused") func noTask() throws {
    let system = try TestSystem()
    var gate = system.client
    #expect(throws: MemoryRefusal(.noSuchTask, 999)) { _ = try own.tableCounts(session: 999, &gate) }
    #expect(throws: MemoryRefusal(.noSuchTask, 2)) { _ = try own.region(session: 2, at: 0, &gate) }
    #expect(throws: MemoryRefusal(.endOfList, 999)) { _ = try own.task(at: 999, &gate) }
  }
}
