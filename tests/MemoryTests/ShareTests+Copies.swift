import ABI
import Interfaces
import KernelCore
import Machine
import MemoryCore
import TestSupport
import Testing

private let own = Client<MemoryInterface>.own

// Sealed memory, of which others have copies where they write.
extension ShareTests {
  @Test("of a sealed region another task gets pages of its own where it writes, and pays for those alone")
  func copies() throws {
    let sharers = try Sharers()
    try sharers.share(rights: .read)
    var gate = sharers.gate
    let address = try #require(sharers.frame(sharers.initThread, 0x5003))
    sharers.system.machine.kernel.machine.memory(DirectMap.base | address, as: UInt64.self).pointee = 4711
    sharers.asChild()
    gate = sharers.gate
    #expect(throws: MemoryRefusal(.kernel(.invalidRights), 3, limit: 0)) {
      try own.show(
        memory: Sharers.name, slot: 41, page: 0x8000, pages: 8, rights: [.read, .write], copies: true, &gate)
    }
    sharers.asInit()
    gate = sharers.gate
    try own.seal(slot: 30, &gate)
    #expect(throws: MemoryRefusal(.kernel(.invalidRights), 3, limit: 1)) {
      try own.protect(slot: 30, rights: [.read, .write], &gate)
    }
    sharers.asChild()
    gate = sharers.gate
    let page = try own.show(
      memory: Sharers.name, slot: 41, page: 0x8000, pages: 8, rights: [.read, .write], copies: true, &gate)
    #expect(page == 0x8000)
    let used = sharers.used(sharers.childThread)
    sharers.check()
    #expect(sharers.touch(0x8003, 0x9200_004f))
    #expect(sharers.used(sharers.childThread) == used + 1)
    let copy = try #require(sharers.frame(sharers.childThread, 0x8003))
    #expect(copy != address)
    #expect(sharers.system.machine.kernel.machine.memory(DirectMap.base | copy, as: UInt64.self).pointee == 4711)
    #expect(sharers.frame(sharers.childThread, 0x8004) == sharers.frame(sharers.initThread, 0x5004))
    #expect(sharers.touch(0x8003, 0x9200_004f))
    #expect(sharers.used(sharers.childThread) == used + 1)
    sharers.check()
    gate = sharers.gate
    try own.free(slot: 41, &gate)
    sharers.check()
  }

  @Test("a region that copies and may only be read is not written: the fault is the task's end")
  func copiesReadOnly() throws {
    let sharers = try Sharers()
    try sharers.share(rights: .read)
    var gate = sharers.gate
    try own.seal(slot: 30, &gate)
    sharers.asChild()
    gate = sharers.gate
    try own.show(memory: Sharers.name, slot: 41, page: 0x8000, pages: 8, rights: .read, copies: true, &gate)
    let used = sharers.used(sharers.childThread)
    #expect(!sharers.touch(0x8003, 0x9200_004f))
    #expect(sharers.used(sharers.childThread) == used)
    sharers.check()
  }
}
