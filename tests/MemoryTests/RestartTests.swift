import ABI
import Interfaces
import KernelCore
import MemoryCore
import Runtime
import Testing

private let own = Client<MemoryInterface>.own

@Suite("A memory server that dies") struct RestartTests {
  @Test(
    "at any kernel call of any request is asked again, and all is as if it had served it once",
    arguments: cases + devices + memory + ends)
  func everywhere(_ row: Case) throws {
    let reference = try TestSystem()
    try row.setUp(reference)
    reference.killer.count(reference.meddling)
    try row.request(reference)
    let calls = reference.killer.calls
    let wanted = Canonical(reference)
    #expect(reference.restarts == 0 && calls > 0)
    for call in 0..<calls {
      let system = try TestSystem()
      try row.setUp(system)
      system.killer.arm(call, system.meddling)
      try row.request(system)
      let died = "\(row.name), killed at call \(call) of \(calls)"
      #expect(system.restarts == 1, "\(died)")
      let difference = Canonical(system).difference(from: wanted)
      #expect(difference.isEmpty, "\(died): \(difference)")
      #expect(system.machine.audit().isEmpty, "\(died)")
      let unclaimed = UInt64(system.machine.kernel.ram.used.count) - Geometry.sectionFrames
      #expect(system.frees == UInt64(system.machine.freeFrames()) + unclaimed, "\(died)")
    }
  }

  @Test("at any kernel call of its own beginning begins again, and the system is the one that boots undisturbed")
  func booting() throws {
    let reference = try TestSystem(bootKill: .max)
    let calls = reference.killer.calls
    let wanted = Canonical(reference)
    #expect(calls > 10 && reference.restarts == 0)
    for call in 0..<calls {
      let system = try TestSystem(bootKill: call)
      #expect(system.restarts == 1)
      let difference = Canonical(system).difference(from: wanted)
      #expect(difference.isEmpty, "killed at call \(call) of \(calls): \(difference)")
      #expect(system.machine.audit().isEmpty, "killed at call \(call)")
      #expect(try system.verify().differing == 0)
    }
  }

  @Test("when it claims a section, at any call, finds the section begun and finishes it", arguments: [false, true])
  func claiming(grows: Bool) throws {
    var services = TestSystem.services
    services[1].quota = 12000
    func request(_ system: TestSystem) throws {
      var gate = system.client
      guard grows else {
        return try own.allocate(slot: 20, page: 0x4_0001, pages: 9000, rights: [.read, .write], &gate)
      }
      try own.allocate(slot: 20, page: 0x4_0001, pages: 9, rights: [.read, .write], &gate)
      try own.resize(slot: 20, from: 9, to: 9000, &gate)
    }
    let reference = try TestSystem(frames: 2 * Geometry.sectionFrames, services: services)
    reference.killer.count(reference.meddling)
    try request(reference)
    let wanted = Canonical(reference)
    for call in 0..<reference.killer.calls {
      let system = try TestSystem(frames: 2 * Geometry.sectionFrames, services: services)
      system.killer.arm(call, system.meddling)
      try request(system)
      let difference = Canonical(system).difference(from: wanted)
      #expect(difference.isEmpty, "killed at call \(call): \(difference)")
      let facts = try system.verify()
      #expect(system.restarts == 1 && facts.sections == 2 && facts.differing == 0)
    }
  }

  @Test("twice at the same request is told to the caller; a third time there is none") func twice() throws {
    let system = try TestSystem()
    var gate = system.client
    system.killer.arm(3, then: 1000, system.meddling)
    for (first, second) in [(2, 0), (2, 9), (8, 20)] {
      system.killer.arm(first, then: second, system.meddling)
      do throws(MemoryRefusal) {
        try own.allocate(slot: 20, page: 0x4_01fe, pages: 9, rights: [.read, .write], &gate)
        // The second one struck while it was finding itself, or never.
      } catch {
        #expect(error.cause == .call(.interrupted) && error.limit == system.restarts)
      }
      system.killer.revive(system.meddling)
      // It is another request then, which goes on with what it finds.
      try own.allocate(slot: 20, page: 0x4_01fe, pages: 9, rights: [.read, .write], &gate)
      #expect(system.machine.audit().isEmpty)
      try own.free(slot: 20, &gate)
      #expect(try system.verify().differing == 0)
    }
    #expect(system.restarts >= 3)
  }

  @Test("finds sessions, devices and events again, and the supervisor is told of what it had not heard")
  func facts() throws {
    let system = try TestSystem()
    var gate = system.client
    try own.createNotification(slot: 25, &gate)
    try own.supervise(notification: 25, &gate)
    try system.load(2, slot: 20)
    try system.load(3, slot: 21)
    try system.load(4, slot: 22)
    let initTask = system.running
    try system.start(slot: 20)
    _ = try own.lease("uart", index: 0, slot: 30, page: 0x180, &gate)
    _ = try own.lease("gic", index: 0, slot: 31, page: 0x4_0000, &gate)
    try own.interrupt("uart", index: 0, slot: 32, &gate)
    let session = try gate.inspectHandle(1).value
    let devices = try (0..<4).map { try own.device(at: $0, &gate) }
    let regions = try [30, 31].map { try own.region(session: session, at: $0, &gate) }
    let tables = try own.tableCounts(session: session, &gate)
    let counts = try own.memoryCounts(&gate)
    func restart() throws {
      system.killer.arm(0, system.meddling)
      _ = try own.memoryCounts(&gate)
    }
    try restart()
    #expect(system.restarts == 1)
    #expect(try (0..<4).map { try own.device(at: $0, &gate) } == devices)
    #expect(try [30, 31].map { try own.region(session: session, at: $0, &gate) } == regions)
    #expect(try own.tableCounts(session: session, &gate) == tables && tables.leases == 2)
    #expect(try own.memoryCounts(&gate) == counts)
    #expect(try own.task(at: 0, &gate).restarts == 1)
    // The controller's holder is its holder still.
    try own.attach(&gate)
    try? own.exit(status: 7, &gate)
    #expect(system.running == initTask)
    try system.start(slot: 21)
    system.machine.fault(syndrome: 0x9200_0046, address: 0x5010)
    system.serve()
    #expect(try gate.wait(25) == 1)
    try restart()
    #expect(try gate.wait(25) == 1)
    var events = [try own.nextEvent(&gate), try own.nextEvent(&gate)]
    events.sort { $0.kind.rawValue < $1.kind.rawValue }
    #expect(events[0].kind == .exited && events[0].detail == 7 && events[0].name == "console")
    #expect(events[1].kind == .faulted && events[1].detail == 0x24 && events[1].name == "clock")
    #expect(events[1].address == 0x5010 && events[1].instruction == 0x1_0000)
    #expect(throws: MemoryRefusal(.noEvent)) { _ = try own.nextEvent(&gate) }
    // A task that was never started has nothing to tell.
    for slot: UInt64 in 20...22 { try own.destroyTask(slot, &gate) }
    try restart()
    #expect(throws: MemoryRefusal(.noEvent)) { _ = try own.nextEvent(&gate) }
    #expect(system.frees == UInt64(system.machine.freeFrames()))
    #expect(system.machine.audit().isEmpty)
  }

  @Test("that dies in the middle of a fault gets the fault again") func fault() throws {
    let system = try TestSystem()
    var gate = system.client
    try system.load(3, slot: 20)
    let initTask = system.running
    try system.start(slot: 20)
    let thread = system.machine.current
    system.killer.arm(0, system.meddling)
    system.machine.fault(syndrome: 0x9200_0046, address: 0x5010)
    system.serve()
    // The task runs again at the same instruction, and faults there.
    #expect(system.machine.current == thread && system.restarts == 1)
    system.machine.fault(syndrome: 0x9200_0046, address: 0x5010)
    system.serve()
    #expect(system.running == initTask)
    #expect(try own.nextEvent(&gate).kind == .faulted)
  }
}
