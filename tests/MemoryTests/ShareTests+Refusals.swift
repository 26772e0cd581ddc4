import ABI
import Interfaces
import KernelCore
import Machine
import MemoryCore
import TestSupport
import Testing

private let own = Client<MemoryInterface>.own
private let missing: UInt64 = 0x9200_0007

// What is refused about memory that is shared.
extension ShareTests {
  @Test("what cannot be shared or shown is refused by name, and nothing has changed")
  func refusals() throws {
    let sharers = try Sharers()
    try sharers.share(rights: .read)
    var gate = sharers.gate
    let memory = ObjectKind.memory.rawValue
    let before = Snapshot(sharers.system)
    #expect(throws: MemoryRefusal(.notRegion, 1)) { try own.share(slot: 1, to: 50, &gate) }
    #expect(throws: MemoryRefusal(.notRegion, 50)) { try own.share(slot: 50, to: 51, &gate) }
    #expect(throws: MemoryRefusal(.slotOccupied, 1, limit: ObjectKind.endpoint.rawValue)) {
      try own.share(slot: 30, to: 1, &gate)
    }
    #expect(throws: MemoryRefusal(.kernel(.slotOutside), .max, limit: 88)) {
      try own.share(slot: .max, to: 50, &gate)
    }
    #expect(try own.share(slot: 30, to: 31, &gate) == 8)
    #expect(Snapshot(sharers.system) == before)
    sharers.asChild()
    gate = sharers.gate
    let during = Snapshot(sharers.system)
    func refused(_ slot: UInt64, _ page: UInt64, _ pages: UInt64, _ offset: UInt64, _ rights: UInt64, pass: UInt64)
      -> MemoryRefusal?
    {
      let request = MemoryInterface.Request.show(
        slot: slot, page: page, pages: pages, offset: offset, rights: rights, copies: false)
      do throws(MemoryRefusal) {
        _ = try own.call(request, pass: pass, &gate)
        return nil
      } catch { return error }
    }
    let name = Sharers.name
    let rows: [(MemoryRefusal?, MemoryRefusal)] = [
      (refused(41, 0x8000, 8, 0, 1, pass: 0), MemoryRefusal(.interface(.handleNeeded), 0, limit: memory)),
      (refused(41, 0x8000, 8, 0, 1, pass: 1), MemoryRefusal(.interface(.handleNeeded), 1, limit: memory)),
      (refused(41, 0x8000, 9, 0, 1, pass: name), MemoryRefusal(.kernel(.outOfRange), 0, limit: 8)),
      (refused(41, 0x8000, 1, 8, 1, pass: name), MemoryRefusal(.kernel(.outOfRange), 8, limit: 8)),
      (refused(41, 0x8000, 1, .max, 1, pass: name), MemoryRefusal(.kernel(.outOfRange), .max, limit: 8)),
      (refused(41, 0x8000, 0, 0, 1, pass: name), MemoryRefusal(.rangeOutside, 0x8000, limit: 0)),
      (refused(41, .max, 1, 0, 1, pass: name), MemoryRefusal(.rangeOutside, .max, limit: 1)),
      (refused(41, 0x8000, 1, 0, 3, pass: name), MemoryRefusal(.kernel(.missingRight), 1, limit: 3)),
      (refused(41, 0x8000, 1, 0, 6, pass: name), MemoryRefusal(.invalidRights, 6)),
      (refused(1, 0x8000, 1, 0, 1, pass: name), MemoryRefusal(.slotOccupied, 1, limit: 1)),
    ]
    for (index, row) in rows.enumerated() { #expect(row.0 == row.1, "row \(index)") }
    #expect(Snapshot(sharers.system) == during)
    sharers.check()
  }

  @Test("a region that another writes is not sealed: it is named")
  func sealRefused() throws {
    let sharers = try Sharers()
    try sharers.share()
    sharers.asChild()
    var gate = sharers.gate
    try own.show(memory: Sharers.name, slot: 41, page: 0x8000, pages: 8, rights: [.read, .write], &gate)
    sharers.asInit()
    gate = sharers.gate
    let child = DirectMap.frame(sharers.task(sharers.childThread))
    #expect(throws: MemoryRefusal(.kernel(.busy), child, limit: 41)) { try own.seal(slot: 30, &gate) }
    #expect(throws: MemoryRefusal(.notRegion, 50)) { try own.seal(slot: 50, &gate) }
    sharers.check()
  }

  @Test("a part of a region that others show is not given back: they are named")
  func decommit() throws {
    let sharers = try Sharers()
    try sharers.share(lazily: true)
    sharers.asChild()
    var gate = sharers.gate
    try own.show(memory: Sharers.name, slot: 41, page: 0x8000, pages: 8, rights: [.read, .write], &gate)
    #expect(sharers.touch(0x8001))
    sharers.asInit()
    gate = sharers.gate
    let child = DirectMap.frame(sharers.task(sharers.childThread))
    #expect(throws: MemoryRefusal(.kernel(.regionMapped), child, limit: 41)) {
      try own.decommit(slot: 30, page: 0x5000, pages: 8, &gate)
    }
    sharers.check()
  }
}
