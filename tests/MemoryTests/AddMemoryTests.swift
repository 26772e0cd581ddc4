import ABI
import Interfaces
import KernelCore
import TestSupport
import Testing

@testable import MemoryCore

private let own = Client<MemoryInterface>.own

@Suite("Memory that comes later") struct AddMemoryTests {
  /// 62 MiB at boot, addresses for three GiB more.
  private func system() throws -> TestSystem {
    var services = TestSystem.services
    services[1].quota = 15000
    return try TestSystem(frames: 2 * Geometry.sectionFrames - 512, services: services, further: 4 << 18)
  }
  private let second: UInt64 = 0x8000_0000

  /// The books hold, and the server believes what they say.
  private func check(_ system: TestSystem, _ location: SourceLocation = #_sourceLocation) throws {
    let unclaimed = system.server.unclaimedFrames
    #expect(system.frees == UInt64(system.machine.freeFrames()) + unclaimed, sourceLocation: location)
    try #expect(system.verify().differing == 0, sourceLocation: location)
    #expect(system.machine.audit() == [], sourceLocation: location)
  }

  @Test("is claimed when it is needed, and holds what other memory does; a ragged GiB, and a whole one behind a hole")
  func grows() throws {
    let system = try system()
    var gate = system.client
    let free = system.server.freeFrames
    let all = try own.addMemory(address: second, bytes: 66 << 20, &gate)
    #expect(all == 2 * Geometry.sectionFrames - 512 + 16896 && system.server.index.sections == 1)
    #expect(system.server.freeFrames == free + 16896)
    try own.addMemory(address: 0x1_0000_0000, bytes: 1 << 30, &gate)
    #expect(try own.memoryCounts(&gate).unclaimed == Geometry.sectionFrames - 512 + 16896 + 1 << 18)
    let task = system.machine.kernel.thread(system.machine.current).pointee.task
    system.machine.kernel.task(system.machine.server).pointee.used += 1 << 16
    system.machine.kernel.task(system.machine.server).pointee.given += 1 << 16
    system.machine.kernel.task(task).pointee.quota += 1 << 16
    for (slot, sections) in [(20, 2), (21, 3), (22, 4), (23, 6)] as [(UInt64, Int)] {
      try own.allocate(slot: slot, page: 0x10_0000 * slot, pages: 8000, rights: [.read, .write], &gate)
      #expect(system.server.index.sections >= sections && system.server.reserve.count == Reserve.capacity)
      try check(system)
    }
    // All of boot's RAM and of the ragged GiB is out, and something of the GiB behind the hole.
    #expect(system.machine.kernel.isClaimed(4 << 18) && !system.machine.kernel.isClaimed(3 << 18))
    system.killer.arm(0, system.meddling)
    try own.free(slot: 21, &gate)
    #expect(system.restarts == 1 && system.server.index.sections == 6)
    try check(system)
    for slot in [20, 22, 23] as [UInt64] { try own.free(slot: slot, &gate) }
    try check(system)
  }

  @Test("wherever the server dies meanwhile, it is there once")
  func dies() throws {
    for call in 0..<10 {
      let system = try system()
      var gate = system.client
      system.killer.arm(call, system.meddling)
      #expect(try own.addMemory(address: second, bytes: 64 << 20, &gate) == 4 * Geometry.sectionFrames - 512)
      system.killer.revive(system.meddling)
      #expect(system.server.ram.count == 2)
      try check(system)
      if system.restarts == 0 { return #expect(call > 0) }
    }
    Issue.record("it dies for ever")
  }

  @Test("what is no RAM for sure is refused by name, and nothing has changed")
  func refused() throws {
    let system = try system()
    var gate = system.client
    let rows: [(UInt64, UInt64, MemoryRefusal)] = [
      (second + 1, 2 << 20, MemoryRefusal(.kernel(.unaligned), second + 1, limit: 4096)),
      (second, 4095, MemoryRefusal(.kernel(.unaligned), 4095, limit: 4096)),
      (second, 1 << 20, MemoryRefusal(.kernel(.unaligned), 256, limit: 512)),
      (second, 0, MemoryRefusal(.kernel(.unaligned), 0, limit: 512)),
      (second + 2 << 20, 2 << 20, MemoryRefusal(.kernel(.unaligned), 0x8_0200, limit: 1 << 18)),
      (0x4000_0000, 2 << 20, MemoryRefusal(.kernel(.notPermitted), 1 << 18, limit: 1 << 18 + 15872)),
      (511 << 30, 2 << 20, MemoryRefusal(.kernel(.outOfRange), 511 << 18, limit: 511 << 18)),
      (second, 0 &- 4096, MemoryRefusal(.kernel(.unaligned), 1 << 52 - 1, limit: 512)),
    ]
    let before = try Books(system)
    for (address, bytes, refusal) in rows {
      #expect(throws: refusal, "\(address) \(bytes)") { try own.addMemory(address: address, bytes: bytes, &gate) }
      #expect(try Books(system).differences(before) == [] && system.server.ram.count == 1)
    }
    // The registers of a device of the tree.
    let uart = #expect(throws: MemoryRefusal.self) { try own.addMemory(address: 0, bytes: 1 << 30, &gate) }
    #expect(uart?.cause == .service(.deviceThere))
    try system.load(3, slot: 20)
    try system.start(slot: 20)
    gate = system.client
    #expect(throws: MemoryRefusal(.notPermitted, 8)) { try own.addMemory(address: second, bytes: 2 << 20, &gate) }
  }
}
