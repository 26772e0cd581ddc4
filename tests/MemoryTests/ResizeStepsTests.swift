import ABI
import Interfaces
import KernelCore
import Machine
import TestSupport
import Testing

@testable import MemoryCore

private let own = Client<MemoryInterface>.own
private let rw: Rights.Memory = [.read, .write]

extension TestSystem {
  /// Takes all free frames out of RAM but those of which it is said that they stay.
  func keep(where stays: (UInt64) -> Bool) {
    for frame in machine.firstFrame..<machine.kernel.ram.used.end where !server.reserve.holds(frame) {
      guard machine.kernel.ledger(frame).pointee.isFree, !stays(frame) else { continue }
      _ = server.index.take(FrameRun(first: server.ram.place(of: frame)!, count: 1))
      machine.kernel.ledger(frame).pointee = .fixed
    }
  }

  /// Brings frames back that were taken out, in front of the last `last`.
  func give(frames count: UInt64, behind last: UInt64) {
    let end = machine.kernel.ram.used.end - last
    for frame in end - count..<end {
      machine.kernel.ledger(frame).pointee = .free
      server.index.free(FrameRun(first: server.ram.place(of: frame)!, count: 1))
    }
  }
}

/// A client whose server dies; before it asks again something happens.
private struct MeanwhileGate: Gate {
  var client: ClientGate
  var meanwhile: (TestSystem) -> Void
  var calls = 0
  init(_ client: ClientGate, _ meanwhile: @escaping (TestSystem) -> Void) {
    (self.client, self.meanwhile) = (client, meanwhile)
  }
  mutating func invoke(_ operation: ABI.Operation, _ message: inout Message) {
    if operation == .call { calls += 1 }
    if calls == 2 { meanwhile(client.system) }
    client.invoke(operation, &message)
  }
}

@Suite("Growing and shrinking in steps") struct ResizeStepsTests {
  /// One step of a request: whether it is done.
  private func step(_ from: UInt64, _ to: UInt64, _ gate: inout ClientGate) throws -> Bool {
    do throws(MemoryRefusal) {
      _ = try own.call(.resize(slot: 30, from: from, to: to), &gate)
      return true
    } catch {
      guard error.cause == .interface(.again) else { throw error }
      return false
    }
  }

  /// Init with eight pages, from the ninth-last of a leaf table on, and of all other frames only `count` that do not lie
  /// together.
  private func scattered(_ count: UInt64) throws -> TestSystem {
    let system = try TestSystem()
    var gate = system.client
    try own.allocate(slot: 30, page: 0x21f0, pages: 8, rights: rw, &gate)
    let end = system.machine.kernel.ram.used.end
    system.keep { $0 >= end - 2 * count && $0 & 1 == 1 }
    return system
  }

  @Test("between two steps others are served, and see a region whose end is on its way") func between() throws {
    let system = try scattered(300)
    var gate = system.client
    let free = system.server.freeFrames
    #expect(try !step(8, 250, &gate))
    #expect(system.machine.audit() == [])
    // What is not whole gets no name, and no other length.
    #expect(throws: MemoryRefusal(.notRegion, 30)) { try own.share(slot: 30, to: 31, &gate) }
    #expect(throws: MemoryRefusal(.lengthDiffers, 250, limit: 8)) { try own.resize(slot: 30, from: 8, to: 20, &gate) }
    let mapped = try own.region(session: gate.inspectHandle(1).value, at: 30, &gate).mapped
    #expect(throws: MemoryRefusal(.lengthDiffers, mapped, limit: 250)) {
      try own.resize(slot: 30, from: 250, to: 300, &gate)
    }
    try own.resize(slot: 30, from: 8, to: 250, &gate)
    #expect(try own.share(slot: 30, to: 31, &gate) == 250)
    try gate.drop(31)
    // Back to where it was: what is gone step by step is the others' at once.
    #expect(try !step(250, 8, &gate))
    #expect(system.server.freeFrames > free - 242)
    try own.resize(slot: 30, from: 250, to: 8, &gate)
    // The name of before has left a frame of objects.
    #expect(system.server.freeFrames >= free - 1)
    #expect(system.machine.audit() == [])
    try own.free(slot: 30, &gate)
    #expect(system.frees == UInt64(system.machine.freeFrames()))
  }

  @Test(
    "frames that are gone when a later step wants them: the region is what it was, to the frame",
    arguments: [false, true])
  func taken(isHome: Bool) throws {
    let system = try scattered(300)
    var gate = system.client
    if isHome { try own.share(slot: 30, to: 31, &gate) }
    let before = try Books(system)
    #expect(try !step(8, 250, &gate))
    #expect(try !step(8, 250, &gate))
    // Another task's, say.
    var rest = system.server.freeFrames
    while rest > 20, let frame = system.server.index.allocate(order: 0) {
      system.machine.kernel.ledger(system.server.ram.frame(frame)).pointee = .fixed
      rest -= 1
    }
    let refusal = #expect(throws: MemoryRefusal.self) { while try !step(8, 250, &gate) {} }
    #expect(refusal?.cause == .service(.outOfMemory) && refusal?.value ?? 0 >= 242, "\(String(describing: refusal))")
    let differences = try Books(system).differences(before).filter { !$0.hasPrefix("frame") && !$0.hasPrefix("free") }
    #expect(differences == [])
    #expect(system.machine.audit() == [])
  }

  @Test("what shows a home sees a longer one when it is whole, and a shorter one from the first step on") func views()
    throws
  {
    let system = try scattered(300)
    var gate = system.client
    try own.share(slot: 30, to: 31, &gate)
    func show(_ pages: UInt64) throws {
      try own.show(memory: 31, slot: 32, page: 0x8000, pages: pages, rights: .read, &gate)
    }
    #expect(try !step(8, 250, &gate))
    #expect(throws: MemoryRefusal(.kernel(.outOfRange), 0, limit: 8)) { try show(9) }
    #expect(throws: MemoryRefusal(.kernel(.outOfRange), 0, limit: 8)) { try show(250) }
    try own.resize(slot: 30, from: 8, to: 250, &gate)
    try show(250)
    #expect(throws: MemoryRefusal(.kernel(.regionMapped), DirectMap.frame(system.running), limit: 32)) {
      _ = try step(250, 249, &gate)
    }
    try own.free(slot: 32, &gate)
    #expect(try !step(250, 100, &gate))
    #expect(throws: MemoryRefusal(.kernel(.outOfRange), 0, limit: 100)) { try show(101) }
    try show(100)
    try own.resize(slot: 30, from: 250, to: 100, &gate)
    #expect(system.machine.audit() == [])
  }

  /// Init with 300 pages on the start of a block, and of all other frames its rest and `count` more.
  private func inBlock(_ count: UInt64) throws -> TestSystem {
    let system = try TestSystem()
    var gate = system.client
    try own.allocate(slot: 30, page: 0x2000, pages: 512, rights: rw, &gate)
    let block = Window(system.machine, task: system.running).translate(0x2000 << 12) >> 12
    #expect(block & 511 == 0)
    try own.resize(slot: 30, from: 512, to: 300, &gate)
    let end = system.machine.kernel.ram.used.end
    system.keep { $0 & ~511 == block || $0 >= end - count }
    return system
  }

  @Test("a block that growing has completed is not taken apart again when the rest cannot be had") func block() throws {
    // 100 for pages and one for a table are wanted.
    for count: UInt64 in [0, 99, 100] {
      let system = try inBlock(count)
      var gate = system.client
      let before = try Books(system)
      #expect(throws: MemoryRefusal.self) { try own.resize(slot: 30, from: 300, to: 612, &gate) }
      #expect(try Books(system).differences(before) == [], "\(count)")
      guard count == 100 else { continue }
      system.give(frames: 8, behind: count)
      try own.resize(slot: 30, from: 300, to: 612, &gate)
      #expect(system.machine.pages(of: Actor(slot: 0, task: system.running))[0x2000]?.level == 2)
      #expect(system.machine.audit() == [])
    }
  }

  @Test("a server that dies at any call, and frames that are gone then: the region is whole or what it was")
  func robbed() throws {
    for call in 0..<6 {
      let system = try inBlock(110)
      let before = try Books(system)
      system.killer.arm(call, system.meddling)
      var gate = MeanwhileGate(system.client) { $0.keep { _ in false } }
      do {
        try own.resize(slot: 30, from: 300, to: 612, &gate)
        let pages = system.machine.kernel.task(system.running).pointee.mappedPages
        #expect(pages == before.tasks[system.running]![5] + 312)
      } catch {
        #expect(error.cause == .service(.outOfMemory), "killed at call \(call): \(error)")
        let differences = try Books(system).differences(before).filter {
          !$0.hasPrefix("frame") && !$0.hasPrefix("free")
        }
        #expect(differences == [], "killed at call \(call)")
      }
      #expect(system.machine.audit() == [] && system.restarts == 1, "killed at call \(call)")
    }
  }

  @Test("a server that dies while it takes back what came, and frames that come then: the region is whole")
  func relieved() throws {
    for call in 0..<20 {
      let system = try inBlock(100)
      let before = try Books(system)
      system.killer.arm(call, system.meddling)
      var gate = MeanwhileGate(system.client) { $0.give(frames: 50, behind: 100) }
      do {
        try own.resize(slot: 30, from: 300, to: 612, &gate)
        let pages = system.machine.kernel.task(system.running).pointee.mappedPages
        #expect(pages == before.tasks[system.running]![5] + 312, "killed at call \(call)")
      } catch {
        // It did not die before it had refused.
        #expect(system.restarts == 0 && call > 6, "killed at call \(call): \(error)")
        return
      }
      #expect(system.machine.audit() == [] && system.restarts == 1, "killed at call \(call)")
    }
  }

  @Test(
    "an end within a block wants a frame for a table; without one the region keeps its length",
    arguments: [false, true])
  func cut(isHome: Bool) throws {
    let system = try TestSystem()
    var gate = system.client
    try own.allocate(slot: 30, page: 0x2000, pages: 1100, rights: rw, &gate)
    if isHome { try own.share(slot: 30, to: 31, &gate) }
    system.keep { _ in false }
    let before = try Books(system)
    #expect(throws: MemoryRefusal(.outOfMemory, 1, limit: 0)) { try own.resize(slot: 30, from: 1100, to: 300, &gate) }
    #expect(try Books(system).differences(before) == [])
    if isHome { try own.show(memory: 31, slot: 32, page: 0x8000, pages: 1, offset: 1099, rights: .read, &gate) }
    if isHome { try own.free(slot: 32, &gate) }
    // Whole leaf tables need none.
    try own.resize(slot: 30, from: 1100, to: 1024, &gate)
    try own.resize(slot: 30, from: 1024, to: 300, &gate)
    #expect(system.machine.audit() == [])
  }

  @Test("a task that ends while a region grows gives all of it back") func ends() throws {
    let lazy = try LazySystem()
    var gate = lazy.system.client
    try own.allocate(slot: 30, page: 0x21f0, pages: 8, rights: rw, &gate)
    let end = lazy.system.machine.kernel.ram.used.end
    let (before, frees) = (lazy.words.used, lazy.system.frees)
    var kept: UInt64 = 0
    lazy.system.keep {
      guard $0 >= end - 600, $0 & 1 == 1 else { return false }
      kept += 1
      return true
    }
    #expect(try !step(8, 250, &gate))
    #expect(lazy.words.used > before && frees > kept)
    #expect(!lazy.touch(8, .read))
    try own.destroyTask(LazySystem.slot, &gate)
    lazy.check()
  }
}
