import ABI
import Interfaces
import KernelCore
import TestSupport
import Testing

@testable import MemoryCore

private let own = Client<MemoryInterface>.own

@Suite("Claiming RAM") struct SectionTests {
  @Test("sections are claimed one after the other, when what there is does not suffice") func lazily() throws {
    var services = TestSystem.services
    services[1].quota = 24000
    let system = try TestSystem(frames: 4 * Geometry.sectionFrames, services: services)
    var gate = system.client
    let all = system.frees
    #expect(try own.memoryCounts(&gate).unclaimed == 3 * Geometry.sectionFrames)
    for (slot, left) in [(20, 2), (21, 1), (22, 1)] as [(UInt64, UInt64)] {
      try own.allocate(slot: slot, page: 0x10_0000 * (slot - 19), pages: 7000, rights: [.read, .write], &gate)
      #expect(try own.memoryCounts(&gate).unclaimed == left * Geometry.sectionFrames)
      let unclaimed = left * Geometry.sectionFrames
      #expect(system.frees == UInt64(system.machine.freeFrames()) + unclaimed)
    }
    for slot: UInt64 in 20...22 { try own.free(slot: slot, &gate) }
    // What stays is the index: four frames for each further section.
    #expect(system.frees + 2 * OwnAddress.indexPages == all)
    #expect(system.machine.kernel.machine.violations.isEmpty)
  }

  @Test("memory that the machine does not have is refused with both numbers, and nothing has changed") func out() throws
  {
    var services = TestSystem.services
    services[1].quota = 8000
    let system = try TestSystem(services: services)
    var gate = system.client
    let before = Snapshot(system)
    let free = system.frees - 2
    for pages in [free + 1, free] {
      let refusal = try #require(throws: MemoryRefusal.self) {
        try own.allocate(slot: 20, page: 0x10_0001, pages: pages, rights: [.read, .write], &gate)
      }
      #expect(refusal.cause == .service(.outOfMemory))
      #expect(refusal.value > free && refusal.limit == free || pages == free + 1)
      #expect(Snapshot(system) == before)
      #expect(system.frees == free + 2)
    }
  }

  @Test("the view of the ledger is pages, and with the last section of its GiB a block: its table is free")
  func view() throws {
    var services = TestSystem.services
    services[1].quota = 255_000
    let system = try TestSystem(frames: 32 * Geometry.sectionFrames, services: services)
    var gate = system.client
    let server = system.machine.memoryServer
    let first = HandOver.Address.ledger >> 12 + system.machine.firstFrame >> 9
    // What a section gives is asked for, so that the next request claims the next one.
    var slot: UInt64 = 20
    while system.server.index.sections < 31 {
      try own.allocate(slot: slot, page: 0x1_0000 * slot, pages: 8000, rights: [.read, .write], &gate)
      slot += 1
    }
    let before = system.machine.pages(of: server)
    #expect(before[first + 495] == SeenPage(frame: system.machine.firstFrame + 495, rights: 1))
    #expect(before[first + 496] == nil)
    let tables = system.machine.kernel.task(system.machine.server).pointee.tables
    while system.server.index.sections < 32 {
      try own.allocate(slot: slot, page: 0x1_0000 * slot, pages: 8000, rights: [.read, .write], &gate)
      slot += 1
    }
    let seen = system.machine.pages(of: server)
    for page in [0, 495, 511] as [UInt64] {
      let wanted = SeenPage(frame: system.machine.firstFrame + page, rights: 1, level: 2)
      #expect(seen[first + page] == wanted)
    }
    #expect(system.machine.kernel.task(system.machine.server).pointee.tables == tables - 1)
    #expect(system.frees == UInt64(system.machine.freeFrames()) && system.machine.audit() == [])
    #expect(try system.verify().differing == 0)
  }
}
