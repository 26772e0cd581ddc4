import ABI
import Interfaces
import KernelCore
import Machine
import MemoryCore
import TestSupport
import Testing

private let own = Client<MemoryInterface>.own
private let missing: UInt64 = 0x9200_0007

// What becomes of shared memory when one of those who share it ends.
extension ShareTests {
  @Test("a task that ends takes its view along; the pages stay")
  func viewerEnds() throws {
    let sharers = try Sharers()
    try sharers.share()
    sharers.asChild()
    var gate = sharers.gate
    try own.show(memory: Sharers.name, slot: 41, page: 0x8000, pages: 8, rights: .read, &gate)
    sharers.asInit()
    gate = sharers.gate
    try own.destroyTask(Sharers.child, &gate)
    #expect(sharers.frame(sharers.initThread, 0x5000) != nil)
    try own.free(slot: 30, &gate)
    sharers.check()
  }

  @Test("a task that ends takes what it shared from whoever shows it")
  func ownerEnds() throws {
    let sharers = try Sharers()
    sharers.asInit()
    var gate = sharers.gate
    try own.createEndpoint(slot: 33, &gate)
    try gate.copy(33, to: 33, task: Sharers.child)
    sharers.asChild()
    gate = sharers.gate
    try own.allocate(slot: 30, page: 0x5000, pages: 600, rights: [.read, .write], &gate)
    try own.share(slot: 30, to: 31, &gate)
    sharers.system.machine.invoke(.call, Message(handle: 33, transfer: Transfer(pass: 31).raw))
    let arrived = sharers.system.machine.invoke(.receive, Message(handle: 33, transfer: Transfer(receive: 34).raw))
    #expect(arrived.transfer == 34)
    gate = sharers.gate
    try own.show(memory: 34, slot: 41, page: 0x8000, pages: 600, rights: .read, &gate)
    #expect(sharers.frame(sharers.initThread, 0x8000) != nil)
    try own.destroyTask(Sharers.child, &gate)
    #expect(sharers.frame(sharers.initThread, 0x8000) == nil)
    #expect(try gate.inspectHandle(41).word.kind == .gone)
    #expect(try gate.inspectHandle(34).word.kind == .gone)
    try gate.drop(41)
    sharers.check()
  }

  @Test(
    "copies that another made of all it has touched go with the pages they were made of, freed or at their owner's end",
    arguments: [false, true])
  func copiesGo(ends: Bool) throws {
    let sharers = try Sharers()
    let system = sharers.system
    sharers.asInit()
    var gate = sharers.gate
    try own.createEndpoint(slot: 33, &gate)
    try gate.copy(33, to: 33, task: Sharers.child)
    sharers.asChild()
    gate = sharers.gate
    try own.reserve(slot: 30, page: 0x5000, pages: 8, &gate)
    try own.share(slot: 30, to: 31, &gate)
    try own.seal(slot: 30, &gate)
    system.machine.invoke(.call, Message(handle: 33, transfer: Transfer(pass: 31).raw))
    system.machine.invoke(.receive, Message(handle: 33, transfer: Transfer(receive: 34).raw))
    gate = sharers.gate
    try own.show(memory: 34, slot: 41, page: 0x8000, pages: 8, rights: [.read, .write], copies: true, &gate)
    for page in [0x8001, 0x8006] as [UInt64] {
      for syndrome in [missing, 0x9200_004f] {
        system.machine.kernel.fault(syndrome: syndrome, address: page << 12)
        system.serve()
        #expect(system.machine.current == sharers.initThread)
      }
    }
    sharers.check()
    // Nothing of it is shown any more: what there is are copies.
    let memory = system.machine.kernel.handle(sharers.task(sharers.initThread) + 1280 + 34 * 32).pointee.word.object
    #expect(system.machine.kernel.memoryObject(memory).pointee.shown == 0)
    if ends {
      try own.destroyTask(Sharers.child, &gate)
    } else {
      try gate.reply(Message())
      sharers.asChild()
      gate = sharers.gate
      try own.free(slot: 30, &gate)
      #expect(try gate.inspectHandle(31).word.kind == .gone)
      sharers.asInit()
      gate = sharers.gate
    }
    for slot: UInt64 in [34, 41] {
      #expect(try gate.inspectHandle(slot).word.kind == .gone)
      try gate.drop(slot)
    }
    #expect(sharers.frame(sharers.initThread, 0x8001) == nil)
    sharers.check()
  }
}
