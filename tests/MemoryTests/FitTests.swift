import ABI
import Interfaces
import KernelCore
import MemoryCore
import TestSupport
import Testing

private let own = Client<MemoryInterface>.own

@Suite("Frames and pages that fit") struct FitTests {
  private func task(_ system: TestSystem) -> Actor {
    Actor(slot: 0, task: system.machine.kernel.thread(system.machine.current).pointee.task)
  }

  private func regions(_ system: TestSystem) -> [Range<UInt64>] {
    (1..<88 as Range<UInt64>).compactMap { slot in
      let handle = system.machine.kernel.machine.memory(task(system).task + 1280 + slot * 32, as: Handle.self).pointee
      guard handle.word.kind == .region else { return nil }
      return handle.region.page..<handle.region.page + handle.region.pages
    }
  }

  private func tables(_ system: TestSystem) -> (has: LeastTables, least: LeastTables) {
    let actor = task(system)
    return (
      LeastTables(of: actor, in: system.machine),
      LeastTables(system.machine.pages(of: actor), regions: regions(system))
    )
  }

  /// Gives a region another length, where there is room and the account can pay; whether it has another.
  private func resize(_ slot: UInt64, _ system: TestSystem, _ random: inout Seeded) throws -> Bool {
    var gate = system.client
    let before = system.machine.kernel.handle(task(system).task + 1280 + slot * 32).pointee.region.pages
    let pages = random.pick([1, 7, 16, 100, 512, 700, 1100] as [UInt64])
    do {
      try own.resize(slot: slot, from: before, to: pages, &gate)
      return pages != before
    } catch {
      #expect(error.cause == .kernel(.regionOverlap) || error.cause == .service(.quotaExceeded), "\(error)")
      return false
    }
  }

  @Test("regions of any size at any page take the fewest tables", arguments: 1...4 as ClosedRange<UInt64>)
  func random(seed: UInt64) throws {
    let system = try TestSystem()
    var gate = system.client
    var (random, lengths) = (Seeded(state: seed), Seeded(state: seed + 10))
    var held: [UInt64] = []
    var resized = 0
    for slot in 20..<40 as Range<UInt64> {
      let pages = random.pick([1, 5, 16, 17, 40, 200, 512, 600] as [UInt64])
      let page = random.next(below: 2) == 0 ? 0 : 0x1_0000 + (slot << 12) + random.next(below: 1024)
      if (try? own.callUntilDone(.allocate(slot: slot, page: page, pages: pages, rights: 3), &gate)) != nil {
        held.append(slot)
      }
      let counted = tables(system)
      #expect(counted.has == counted.least)
      for _ in 0..<2 where !held.isEmpty {
        if try resize(held[Int(lengths.next(below: UInt64(held.count)))], system, &lengths) { resized += 1 }
        let counted = tables(system)
        #expect(counted.has == counted.least)
      }
      if held.count > 2, random.next(below: 2) == 0 {
        try own.free(slot: held.remove(at: Int(random.next(below: UInt64(held.count)))), &gate)
        let counted = tables(system)
        #expect(counted.has == counted.least)
      }
    }
    #expect(resized > 5)
    #expect(system.machine.audit() == [])
  }

  @Test(
    "16 pages that could be one entry of the MMU are one, wherever a region begins",
    arguments: [(0, 16), (0, 31), (0x1000, 16), (0x1007, 40), (0x11f9, 600), (0x100f, 17)] as [(UInt64, UInt64)])
  func groups(page: UInt64, pages: UInt64) throws {
    let system = try TestSystem()
    var gate = system.client
    // Something odd before it, so that the lowest free frame is no multiple of 16.
    try own.allocate(slot: 21, page: 0x9000, pages: 3, rights: .read, &gate)
    let before = tables(system).has
    let first = try own.callUntilDone(.allocate(slot: 20, page: page, pages: pages, rights: 3), &gate)[0]
    let whole = (first + 15) / 16 * 16
    let inside = (first + pages) / 16 * 16
    let after = tables(system).has
    #expect(after.groups - before.groups + (after.blocks - before.blocks) * 32 == Int(inside - whole) / 16)
    try own.free(slot: 20, &gate)
    #expect(system.frees == UInt64(system.machine.freeFrames()))
  }

  @Test("the bundle lies in a task as its frames do")
  func bundle() throws {
    let system = try TestSystem()
    var gate = system.client
    let words = try own.callUntilDone(.mapBundle(slot: 20, page: 0), &gate)
    let pages = words[0] >> 12
    let alignment: UInt64 = pages >= 512 ? 512 : pages >= 16 ? 16 : 1
    #expect((words[1] ^ system.machine.bundle.first) & (alignment - 1) == 0)
    let counted = tables(system)
    #expect(counted.has == counted.least)
  }
}
