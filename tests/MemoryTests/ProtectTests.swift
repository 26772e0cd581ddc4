import ABI
import Interfaces
import KernelCore
import MemoryCore
import Testing

private let own = Client<MemoryInterface>.own

@Suite("Protecting regions") struct ProtectTests {
  /// What EL0 may do with a page of the task that runs: AP[2] and UXN of its leaf.
  private func rights(_ system: TestSystem, _ page: UInt64) -> UInt64 {
    let task = system.machine.kernel.thread(system.machine.current).pointee.task
    var table = system.machine.kernel.task(task).pointee.translation >> 12 & 0x7ff_ffff
    for level in 1...3 {
      let entry = system.machine.kernel.machine.descriptor(table: table, index: page >> UInt64(27 - 9 * level) & 511)
      guard entry & 1 != 0 else { return 0 }
      if level == 3 || entry & 2 == 0 { return 1 | (entry >> 7 & 1 ^ 1) << 1 | (entry >> 54 & 1 ^ 1) << 2 }
      table = entry >> 12 & 0xf_ffff_ffff
    }
    return 0
  }

  @Test("all of a region gets the rights, in however many leaf tables and blocks", arguments: [1, 5] as [UInt64])
  func whole(rights wanted: UInt64) throws {
    let system = try TestSystem()
    var gate = system.client
    let pages: Range<UInt64> = 0x1150..<0x1a50
    try own.allocate(slot: 20, page: 0x1150, pages: 0x900, rights: [.read, .write], &gate)
    try own.protect(slot: 20, rights: Rights.Memory(rawValue: wanted), &gate)
    #expect(pages.allSatisfy { self.rights(system, $0) == wanted })
    #expect(try own.region(session: gate.inspectHandle(1).value, at: 20, &gate).rights == wanted)
    try own.protect(slot: 20, rights: [.read, .write], &gate)
    #expect(pages.allSatisfy { self.rights(system, $0) == 3 })
    try own.free(slot: 20, &gate)
    #expect(system.machine.audit() == [])
  }

  @Test("a request that answers again goes on behind what it has done")
  func again() throws {
    let system = try TestSystem()
    var gate = system.client
    try own.allocate(slot: 20, page: 0x1000, pages: 200, rights: [.read, .write], &gate)
    // A kernel for which each page has a leaf table to itself.
    var protected: [UInt64] = []
    var calls = 0
    system.meddling.answers = { operation, message in
      guard operation == .protect else { return nil }
      calls += 1
      guard calls < 2000 else { return Message(label: Outcome.refused | Status.busy.rawValue) }
      guard !protected.contains(message[1]) else { return Message(1, 0) }
      protected.append(message[1])
      return Message(1, 1)
    }
    try own.protect(slot: 20, rights: .read, &gate)
    #expect(protected == Array(0x1000..<0x10c8))
    #expect(calls == 200 + 64 + 128 + 192, "64 steps at a time")
  }

  @Test("what may not be is refused by name, and nothing has changed")
  func refused() throws {
    let system = try TestSystem()
    var gate = system.client
    try own.allocate(slot: 20, page: 0x1000, pages: 3, rights: [.read, .write], &gate)
    let before = Snapshot(system)
    let code: UInt64 = 80
    let cases: [(UInt64, UInt64, MemoryRefusal)] = [
      (20, 0, MemoryRefusal(.invalidRights, 0)), (20, 2, MemoryRefusal(.invalidRights, 2)),
      (20, 7, MemoryRefusal(.invalidRights, 7)), (20, .max, MemoryRefusal(.invalidRights, .max)),
      (1, 1, MemoryRefusal(.notRegion, 1)), (21, 1, MemoryRefusal(.notRegion, 21)),
      (88, 1, MemoryRefusal(.kernel(.slotOutside), 88, limit: 88)),
      (code, 3, MemoryRefusal(.invalidRights, 3, limit: 5)),
    ]
    for (slot, rights, refusal) in cases {
      #expect(throws: refusal) { try own.protect(slot: slot, rights: Rights.Memory(rawValue: rights), &gate) }
      #expect(Snapshot(system) == before)
    }
  }
}
