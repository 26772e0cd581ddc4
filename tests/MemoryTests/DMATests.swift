import ABI
import Interfaces
import KernelCore
import Machine
import MemoryCore
import Testing

private let own = Client<MemoryInterface>.own
private let rw: Rights.Memory = [.read, .write]

@Suite("Memory for a device") struct DMATests {
  private let virtio = 5

  /// A driver with the lease of a transport in slot 30.
  private func driver() throws -> Supervised {
    let supervised = try Supervised(virtio)
    var gate = supervised.gate
    _ = try own.lease("all", index: 0, slot: 30, page: 0x180, &gate)
    return supervised
  }

  private func check(_ system: TestSystem) throws {
    #expect(system.machine.audit() == [])
    try #expect(system.verify().differing == 0)
    #expect(system.frees == UInt64(system.machine.freeFrames()))
  }

  @Test(
    "lies together, aligned, zeroed and paid, and its bus address is told to who holds the lease",
    arguments: [
      (1, 0, 0), (3, 4096, 0), (5, 0x1_0000, 0x4_01fe), (17, 0x20_0000, 0), (513, 8192, 0x4_0001), (1200, 1, 0),
    ] as [(UInt64, UInt64, UInt64)])
  func together(pages: UInt64, alignment: UInt64, page: UInt64) throws {
    let supervised = try driver()
    let system = supervised.system
    var gate = supervised.gate
    // What was there before is dirty, and the lowest frames are not free in a row.
    try own.allocate(slot: 40, page: 0x9_0000, pages: 1, rights: rw, &gate)
    try own.allocate(slot: 41, page: 0x9_1000, pages: 200, rights: rw, &gate)
    for dirty in 0x9_1000..<0x9_10c8 as Range<UInt64> {
      let frame = try #require(Window(system.machine, task: system.running).find(dirty << 12))
      system.machine.kernel.machine.memory(DirectMap.base | frame, as: UInt64.self).pointee = .max
    }
    try own.free(slot: 41, &gate)
    let used = system.machine.kernel.task(system.running).pointee.used
    let tables = system.machine.kernel.task(system.running).pointee.tables
    let memory = try own.allocateDMA(lease: 30, slot: 31, page: page, pages: pages, alignment: alignment, &gate)
    #expect(memory.length == pages << 12 && (page == 0 || memory.address == page << 12))
    #expect(memory.bus & max(alignment, 4096) &- 1 == 0 || memory.bus % max(alignment, 4096) == 0)
    let window = Window(system.machine, task: system.running)
    for each in 0..<pages {
      #expect(window.find(memory.address + each << 12) == memory.bus + each << 12)
      #expect(window.load(memory.address + each << 12, as: UInt64.self) == 0)
    }
    let words = system.machine.kernel.task(system.running).pointee
    #expect(words.used - used == pages + words.tables - tables)
    #expect(try own.busAddress(slot: 31, &gate) == memory.bus)
    let again = try own.allocateDMA(lease: 30, slot: 31, page: page, pages: pages, alignment: alignment, &gate)
    #expect(again == memory)
    let session = try gate.inspectHandle(1).value
    #expect(try own.region(session: session, at: 31, &gate).flags == .dma)
    try check(system)
  }

  @Test("is kept while the lease lasts, whatever is asked, and given back after it")
  func kept() throws {
    let supervised = try driver()
    let system = supervised.system
    var gate = supervised.gate
    let before = try Books(system)
    let memory = try own.allocateDMA(lease: 30, slot: 31, pages: 3, &gate)
    let held = MemoryRefusal(.leaseHeld, 31, limit: 30)
    let during = try Books(system)
    #expect(throws: held) { try own.free(slot: 31, &gate) }
    #expect(throws: held) { try own.decommit(slot: 31, page: memory.address >> 12, pages: 1, &gate) }
    #expect(throws: MemoryRefusal(.notRegion, 31)) { try own.releaseLease(slot: 31, &gate) }
    #expect(throws: Refusal.self) { try gate.drop(31) }
    #expect(try Books(system).differences(during) == [])
    try own.protect(slot: 31, rights: .read, &gate)
    #expect(throws: held) { try own.free(slot: 31, &gate) }
    try own.releaseLease(slot: 30, &gate)
    #expect(throws: MemoryRefusal(.notRegion, 31)) { _ = try own.busAddress(slot: 31, &gate) }
    #expect(Window(system.machine, task: system.running).find(memory.address) == memory.bus)
    try own.free(slot: 31, &gate)
    _ = try own.lease("all", index: 0, slot: 30, page: 0x180, &gate)
    #expect(try Books(system).differences(before) == [])
  }

  @Test("is for one lease: another's end leaves it, and another in its slot has no part in it")
  func oneLease() throws {
    let supervised = try driver()
    var gate = supervised.gate
    _ = try own.lease("all", index: 1, slot: 40, page: 0x181, &gate)
    _ = try own.allocateDMA(lease: 30, slot: 31, pages: 2, &gate)
    _ = try own.allocateDMA(lease: 40, slot: 41, pages: 2, &gate)
    try own.releaseLease(slot: 40, &gate)
    #expect(throws: MemoryRefusal(.leaseHeld, 31, limit: 30)) { try own.free(slot: 31, &gate) }
    _ = try own.lease("all", index: 2, slot: 40, page: 0x181, &gate)
    #expect(throws: MemoryRefusal(.notRegion, 41)) { _ = try own.busAddress(slot: 41, &gate) }
    try own.free(slot: 41, &gate)
    _ = try own.busAddress(slot: 31, &gate)
    try check(supervised.system)
  }

  @Test("goes back to its task when the lease is revoked, and all of it at the task's end")
  func revoked() throws {
    let supervised = try driver()
    let system = supervised.system
    var gate = supervised.gate
    let memory = try own.allocateDMA(lease: 30, slot: 31, pages: 600, &gate)
    _ = try own.lease("all", index: 1, slot: 40, page: 0x181, &gate)
    _ = try own.allocateDMA(lease: 40, slot: 41, pages: 4, alignment: 0x4000, &gate)
    // A server that starts anew knows it all.
    system.killer.arm(0, system.meddling)
    _ = try own.memoryCounts(&gate)
    #expect(system.restarts == 1)
    #expect(try own.busAddress(slot: 31, &gate) == memory.bus)
    #expect(throws: MemoryRefusal(.leaseHeld, 41, limit: 40)) { try own.free(slot: 41, &gate) }
    supervised.asInit()
    gate = supervised.gate
    try own.revokeLease("all", task: Supervised.driver, &gate)
    supervised.asDriver()
    gate = supervised.gate
    #expect(throws: MemoryRefusal(.notRegion, 31)) { _ = try own.busAddress(slot: 31, &gate) }
    try own.free(slot: 31, &gate)
    _ = try own.lease("all", index: 0, slot: 32, page: 0x182, &gate)
    _ = try own.allocateDMA(lease: 32, slot: 33, pages: 7, &gate)
    supervised.asInit()
    gate = supervised.gate
    try own.destroyTask(Supervised.driver, &gate)
    try check(system)
    #expect(try own.memoryCounts(&gate).privatePages > 0)
  }

  @Test("lies below the limit that the device has, or is refused with what is needed and the longest run there is")
  func limits() throws {
    let supervised = try driver()
    let system = supervised.system
    var gate = supervised.gate
    let memory = try own.allocateDMA(lease: 30, slot: 31, pages: 3, &gate)
    // The last byte may be the limit, and no lower one will do.
    let least = try own.allocateDMA(lease: 30, slot: 32, pages: 3, limit: .max, &gate)
    let limit = least.bus + least.length - 1
    supervised.asInit()
    gate = supervised.gate
    try own.revokeLease("all", task: Supervised.driver, &gate)
    supervised.asDriver()
    gate = supervised.gate
    try gate.drop(30)
    try own.free(slot: 32, &gate)
    _ = try own.lease("all", index: 0, slot: 30, page: 0x180, &gate)
    let before = try Books(system)
    for limit in [0, 1, 4094, 4095, memory.bus, limit - 1] {
      let refusal = try #require(throws: MemoryRefusal.self) {
        _ = try own.allocateDMA(lease: 30, slot: 32, pages: 3, limit: limit, &gate)
      }
      #expect(refusal.cause == .service(.noRun) && refusal.value == 3 && refusal.limit >= 4096, "\(limit)")
    }
    #expect(try Books(system).differences(before) == [])
    #expect(try own.allocateDMA(lease: 30, slot: 32, pages: 3, limit: limit, &gate) == least)
    #expect(try own.allocateDMA(lease: 30, slot: 32, pages: 3, limit: limit, &gate) == least)
    // What is there does not serve a request that wants it lower, or aligned otherwise.
    let taken = MemoryRefusal(.slotOccupied, 32, limit: ObjectKind.region.rawValue)
    #expect(throws: taken) { _ = try own.allocateDMA(lease: 30, slot: 32, pages: 3, limit: limit - 1, &gate) }
    #expect(throws: taken) { _ = try own.allocateDMA(lease: 30, slot: 32, pages: 3, alignment: 1 << 24, &gate) }
  }

  @Test("claims sections for a run that no claimed one has, as far as the limit allows")
  func claims() throws {
    var services = TestSystem.services
    services[1].quota = 20000
    services[virtio].quota = 9000
    let system = try TestSystem(frames: 3 * Geometry.sectionFrames, services: services)
    try system.load(virtio, slot: 20)
    try system.start(slot: 20)
    var gate = system.client
    _ = try own.lease("all", index: 0, slot: 30, page: 0x180, &gate)
    try own.allocate(slot: 40, page: 0x10_0001, pages: 3500, rights: rw, &gate)
    let below = (system.machine.firstFrame + Geometry.sectionFrames) << 12 - 1
    func sections() throws -> UInt64 { try own.verify(section: 0, &gate).sections }
    let claimed = try sections()
    #expect(claimed == 1)
    #expect(throws: MemoryRefusal.self) {
      _ = try own.allocateDMA(lease: 30, slot: 31, pages: 4096, limit: below, &gate)
    }
    #expect(try sections() == 1)
    let memory = try own.allocateDMA(lease: 30, slot: 31, pages: 4096, alignment: 1 << 24, &gate)
    #expect(memory.bus > below && memory.bus % (1 << 24) == 0)
    #expect(try sections() == 2)
    #expect(system.machine.audit() == [])
  }

  @Test("is refused by name for what is wrong with it, and nothing has changed")
  func refusals() throws {
    let supervised = try driver()
    let system = supervised.system
    var gate = supervised.gate
    _ = try own.lease("huge", index: 0, slot: 35, page: 0x8_0000, pages: 1, &gate)
    try own.reserve(slot: 36, page: 0x7000, pages: 4, &gate)
    let before = try Books(system)
    let most: UInt64 = 32 << 20
    func refused(
      lease: UInt64 = 30, slot: UInt64 = 31, page: UInt64 = 0, pages: UInt64 = 2, alignment: UInt64 = 4096,
      _ refusal: MemoryRefusal, _ location: SourceLocation = #_sourceLocation
    ) {
      #expect(throws: refusal, sourceLocation: location) {
        _ = try own.allocateDMA(
          lease: lease, slot: slot, page: page, pages: pages, alignment: alignment, &gate)
      }
    }
    for lease: UInt64 in [0, 1, 31, 36, 5000, .max] { refused(lease: lease, MemoryRefusal(.notRegion, lease)) }
    refused(lease: 35, MemoryRefusal(.dmaUnsupported, Name("huge").word, limit: 1))
    for alignment: UInt64 in [3, 4097, most * 2, .max, 1 << 63] {
      refused(alignment: alignment, MemoryRefusal(.kernel(.outOfRange), alignment, limit: most))
    }
    refused(pages: 0, MemoryRefusal(.rangeOutside, 0, limit: 0))
    refused(page: .max, MemoryRefusal(.rangeOutside, .max, limit: 2))
    refused(page: Geometry.taskPages - 1, MemoryRefusal(.rangeOutside, Geometry.taskPages - 1, limit: 2))
    refused(pages: .max, MemoryRefusal(.rangeOutside, 0, limit: .max))
    let left = try own.task(at: try gate.inspectHandle(1).value, &gate)
    refused(pages: 5000, MemoryRefusal(.quotaExceeded, 5000, limit: left.quota - left.used))
    refused(slot: 1, MemoryRefusal(.slotOccupied, 1, limit: ObjectKind.endpoint.rawValue))
    refused(slot: 36, MemoryRefusal(.slotOccupied, 36, limit: ObjectKind.region.rawValue))
    refused(slot: 30, page: 0x180, pages: 1, MemoryRefusal(.slotOccupied, 30, limit: ObjectKind.region.rawValue))
    refused(page: 0x7003, MemoryRefusal(.kernel(.regionOverlap), 0x7003, limit: 36))
    for slot: UInt64 in [0, 1, 30, 36] {
      #expect(throws: MemoryRefusal(.notRegion, slot)) { _ = try own.busAddress(slot: slot, &gate) }
    }
    #expect(throws: MemoryRefusal.self) { _ = try own.busAddress(slot: .max, &gate) }
    #expect(throws: MemoryRefusal.self) { _ = try own.allocateDMA(lease: 30, slot: .max, pages: 1, &gate) }
    #expect(throws: MemoryRefusal.self) { _ = try own.allocateDMA(lease: 30, slot: 0, pages: 1, &gate) }
    #expect(try Books(system).differences(before) == [])
  }

  @Test("is not given out where the bus translates addresses or an IOMMU does; a coherent bus makes its devices so")
  func buses() throws {
    let supervised = try driver()
    var gate = supervised.gate
    for index in 0..<3 as Range<UInt64> {
      _ = try own.lease("moved", index: index, slot: 40 + index, page: 0x190 + index, &gate)
    }
    let before = try Books(supervised.system)
    for (slot, why) in [(40, 2), (41, 3)] as [(UInt64, UInt64)] {
      #expect(throws: MemoryRefusal(.dmaUnsupported, Name("moved").word, limit: why)) {
        _ = try own.allocateDMA(lease: slot, slot: 31, pages: 1, &gate)
      }
    }
    #expect(try Books(supervised.system).differences(before) == [])
    _ = try own.allocateDMA(lease: 42, slot: 31, pages: 1, &gate)
  }

  @Test("may be shared with a client, and leaves it when the driver may free it") func shared() throws {
    let supervised = try driver()
    var gate = supervised.gate
    let memory = try own.allocateDMA(lease: 30, slot: 31, pages: 4, &gate)
    #expect(try own.share(slot: 31, to: 32, &gate) == 4)
    try own.show(memory: 32, slot: 33, page: 0x6000, pages: 4, rights: rw, &gate)
    #expect(Window(supervised.system.machine, task: supervised.system.running).find(0x600_0000) == memory.bus)
    #expect(throws: MemoryRefusal(.leaseHeld, 31, limit: 30)) { try own.free(slot: 31, &gate) }
    #expect(try gate.inspectHandle(33).word.kind == .region)
    try own.releaseLease(slot: 30, &gate)
    try own.free(slot: 31, &gate)
    #expect(try gate.inspectHandle(33).word.kind == .gone)
    try gate.drop(33)
    try check(supervised.system)
  }
}
