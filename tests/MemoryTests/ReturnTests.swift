import ABI
import Interfaces
import KernelCore
import MemoryCore
import Testing

private let own = Client<MemoryInterface>.own

@Suite("Giving back, and refusing without a trace") struct ReturnTests {
  @Test(
    "pages come zeroed and mapped, and giving them back leaves nothing behind",
    arguments: [(0x1000, 1), (0x11ff, 2), (0x1000, 511), (0x1200, 512), (0x1001, 1024), (0x3_ffff, 3), (0x1200, 2048)])
  func roundTrip(page: UInt64, pages: UInt64) throws {
    let system = try TestSystem()
    var gate = system.client
    let before = Snapshot(system)
    try own.allocate(slot: 20, page: page, pages: pages, rights: [.read, .write], &gate)
    let task = system.machine.kernel.thread(system.machine.current).pointee.task
    let window = Window(system.machine, task: task)
    for page in page..<page + pages { #expect(window.load(page << 12, as: UInt64.self) == 0) }
    #expect(window.find((page + pages) << 12) == nil)
    #expect(system.frees == UInt64(system.machine.freeFrames()))
    try own.free(slot: 20, &gate)
    #expect(Snapshot(system) == before)
    #expect(system.frees == UInt64(system.machine.freeFrames()))
    #expect(system.machine.kernel.machine.violations.isEmpty)
  }

  @Test("an account that cannot pay the pages, or the tables besides, is told both numbers; nothing has changed")
  func quota() throws {
    let system = try TestSystem()
    var gate = system.client
    let task = system.machine.kernel.thread(system.machine.current).pointee.task
    let words = system.machine.kernel.task(task).pointee
    let left = words.quota - words.used
    let before = Snapshot(system)
    for (pages, needed) in [(left + 1, left + 1), (left, left + 1), (left - 1, left + 1)] {
      let refusal = try #require(throws: MemoryRefusal.self) {
        // Across two leaf tables and more, none of which is there yet.
        try own.allocate(slot: 20, page: 0x7_ffff, pages: pages, rights: [.read, .write], &gate)
      }
      #expect(refusal.cause == .service(.quotaExceeded))
      #expect(refusal.value >= needed)
      #expect(refusal.limit == left)
      #expect(Snapshot(system) == before)
    }
  }
  @Test("a region that is on its way out is not taken for one on its way in, and still goes")
  func onItsWayOut() throws {
    let system = try TestSystem()
    var gate = system.client
    let before = Snapshot(system)
    try own.allocate(slot: 20, page: 0x11ff, pages: 3, rights: [.read, .write], &gate)
    var unmaps = 0
    system.meddling.answers = { operation, _ in
      if operation == .unmap { unmaps += 1 }
      return unmaps == 2 ? Message(label: Outcome.refused | Status.busy.rawValue) : nil
    }
    #expect(throws: MemoryRefusal(.kernel(.busy))) { try own.free(slot: 20, &gate) }
    system.meddling.answers = nil
    let half = Snapshot(system)
    #expect(throws: MemoryRefusal(.slotOccupied, 20, limit: ObjectKind.region.rawValue)) {
      try own.allocate(slot: 20, page: 0x11ff, pages: 3, rights: [.read, .write], &gate)
    }
    #expect(Snapshot(system) == half)
    try own.free(slot: 20, &gate)
    #expect(Snapshot(system) == before)
    #expect(system.frees == UInt64(system.machine.freeFrames()))
  }
}
