import ABI
import Interfaces
import KernelCore
import Machine
import MemoryCore
import TestSupport
import Testing

private let own = Client<MemoryInterface>.own
private let missing: UInt64 = 0x9200_0007

/// Init, and a task of its own that shows what init shares, each made to run when it is its turn.
final class Sharers {
  let system: TestSystem
  let initThread: UInt64
  let childThread: UInt64
  var gate: ClientGate { system.client }
  /// Where init's child lies in init's table; where a passed Memory lies in the child's.
  static let child: UInt64 = 20
  static let name: UInt64 = 40

  init() throws {
    system = try TestSystem()
    initThread = system.machine.current
    try system.load(3, slot: Self.child)
    try system.start(slot: Self.child)
    childThread = system.machine.current
    asInit()
  }

  /// The child is the more urgent of the two: it is off the processor while init acts.
  func asInit() {
    system.machine.makeCurrent(initThread)
    var gate = self.gate
    try? gate.suspend(task: Self.child)
  }

  func asChild() {
    guard system.machine.current == initThread else { return }
    var gate = self.gate
    try? gate.resume(task: Self.child)
    #expect(system.machine.current == childThread)
  }
  func task(_ thread: UInt64) -> UInt64 { system.machine.kernel.thread(thread).pointee.task }
  func used(_ thread: UInt64) -> UInt64 { system.machine.kernel.task(task(thread)).pointee.used }

  /// Init reserves or allocates pages, shares them and gives the child the name.
  func share(pages: UInt64 = 8, lazily: Bool = false, rights: Rights.Memory = [.read, .write]) throws {
    asInit()
    var gate = self.gate
    if lazily {
      try own.reserve(slot: 30, page: 0x5000, pages: pages, &gate)
    } else {
      try own.allocate(slot: 30, page: 0x5000, pages: pages, rights: [.read, .write], &gate)
    }
    #expect(try own.share(slot: 30, to: 31, &gate) == pages)
    try gate.copy(31, to: Self.name, task: Self.child, rights: rights.rawValue)
  }

  /// The address behind a page of a task; nil where nothing is mapped.
  func frame(_ thread: UInt64, _ page: UInt64) -> UInt64? {
    Window(system.machine, task: task(thread)).find(page << 12)
  }

  /// The child touches a page; whether it went on.
  func touch(_ page: UInt64, _ syndrome: UInt64 = missing) -> Bool {
    asChild()
    system.machine.fault(syndrome: syndrome, address: page << 12)
    system.serve()
    return system.machine.kernel.thread(childThread).pointee.state == ThreadState.ready
  }

  func check(_ location: SourceLocation = #_sourceLocation) {
    #expect(system.machine.audit() == [], sourceLocation: location)
    #expect(system.frees == UInt64(system.machine.freeFrames()), sourceLocation: location)
  }
}

@Suite("Memory that tasks share, by the server") struct ShareTests {
  @Test("a task shows a part of another's pages, pays its tables alone, and gives it back without a trace")
  func shows() throws {
    let sharers = try Sharers()
    try sharers.share()
    sharers.asChild()
    var gate = sharers.gate
    let used = sharers.used(sharers.childThread)
    let page = try own.show(memory: Sharers.name, slot: 41, pages: 4, offset: 2, rights: .read, &gate)
    for index in 0..<4 as Range<UInt64> {
      let frame = sharers.frame(sharers.childThread, page + index)
      #expect(frame != nil && frame == sharers.frame(sharers.initThread, 0x5002 + index))
    }
    #expect(sharers.used(sharers.childThread) == used + 2)
    sharers.check()
    // A repeated request finds what is there.
    #expect(try own.show(memory: Sharers.name, slot: 41, pages: 4, offset: 2, rights: .read, &gate) == page)
    try own.free(slot: 41, &gate)
    #expect(sharers.used(sharers.childThread) == used)
    #expect(sharers.frame(sharers.initThread, 0x5002) != nil)
    sharers.check()
  }

  @Test("what a region shows is its home's to bring: prefault and decommit are refused, and take no frame")
  func notItsOwn() throws {
    let sharers = try Sharers()
    for (round, lazily) in [true, false].enumerated() {
      try sharers.share(pages: 40, lazily: lazily)
      var gate = sharers.gate
      if lazily { try own.prefault(slot: 30, page: 0x5000, pages: 9, &gate) }
      sharers.asChild()
      gate = sharers.gate
      try own.show(memory: Sharers.name, slot: 41, page: 0x8000, pages: 40, rights: [.read, .write], &gate)
      let before = try Books(sharers.system)
      for page in [0x8000, 0x8009] as [UInt64] {
        #expect(throws: MemoryRefusal(.notRegion, 41)) { try own.prefault(slot: 41, page: page, pages: 14, &gate) }
        #expect(throws: MemoryRefusal(.notRegion, 41)) { try own.decommit(slot: 41, page: page, pages: 14, &gate) }
      }
      #expect(try Books(sharers.system).differences(before) == [], "round \(round)")
      sharers.check()
      try own.free(slot: 41, &gate)
      sharers.asInit()
      gate = sharers.gate
      try own.free(slot: 30, &gate)
      for slot: UInt64 in [31] { try gate.drop(slot) }
      sharers.asChild()
      gate = sharers.gate
      try gate.drop(Sharers.name)
    }
  }

  @Test("a page that its home brings lazily comes by the touch of whoever shows it, on the home's account")
  func lazily() throws {
    let sharers = try Sharers()
    try sharers.share(pages: 1024, lazily: true)
    sharers.asChild()
    var gate = sharers.gate
    try own.show(memory: Sharers.name, slot: 41, page: 0x8000, pages: 1000, offset: 3, rights: [.read, .write], &gate)
    let (home, child) = (sharers.used(sharers.initThread), sharers.used(sharers.childThread))
    #expect(sharers.touch(0x8010))
    #expect(sharers.frame(sharers.childThread, 0x8010) == sharers.frame(sharers.initThread, 0x5013))
    #expect(sharers.frame(sharers.childThread, 0x8010) != nil)
    #expect(sharers.used(sharers.initThread) == home + 2)
    #expect(sharers.used(sharers.childThread) == child + 1)
    #expect(sharers.touch(0x8010))
    sharers.check()
  }

  @Test("what its owner frees is taken from whoever shows it: the next touch is told so")
  func taken() throws {
    let sharers = try Sharers()
    let before = sharers.used(sharers.initThread)
    try sharers.share()
    sharers.asChild()
    var gate = sharers.gate
    try own.show(memory: Sharers.name, slot: 41, page: 0x8000, pages: 8, rights: .read, &gate)
    sharers.asInit()
    gate = sharers.gate
    try own.free(slot: 30, &gate)
    #expect(sharers.frame(sharers.childThread, 0x8000) == nil)
    #expect(try gate.inspectHandle(31).word.kind == .gone)
    // The frame of objects stays with the account.
    #expect(sharers.used(sharers.initThread) <= before + 1)
    sharers.check()
    #expect(!sharers.touch(0x8003))
    #expect(sharers.system.meddling.log.lines.contains { $0.hasSuffix("read at 0x0800_3000, which was taken from it") })
  }

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

  @Test("the leaf table that a block replaces where the last shown page comes is free again")
  func merges() throws {
    let sharers = try Sharers()
    sharers.asInit()
    var gate = sharers.gate
    try own.reserve(slot: 30, page: 0x5000, pages: 512, fit: .block, &gate)
    try own.share(slot: 30, to: 31, &gate)
    try gate.copy(31, to: Sharers.name, task: Sharers.child)
    sharers.asChild()
    gate = sharers.gate
    try own.show(memory: Sharers.name, slot: 41, page: 0x8000, pages: 512, rights: [.read, .write], &gate)
    let used = sharers.used(sharers.childThread)
    for page in [0x8100, 0x8101] as [UInt64] { #expect(sharers.touch(page)) }
    #expect(sharers.used(sharers.childThread) == used + 1)
    #expect(sharers.touch(0x8000))
    #expect(sharers.used(sharers.childThread) == used)
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
