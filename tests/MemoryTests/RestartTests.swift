import ABI
import Interfaces
import KernelCore
import MemoryCore
import Runtime
import Testing

private let own = Client<MemoryInterface>.own

/// All that the kernel holds about tasks, and the server about devices, but for which frames they are.
struct Canonical: Equatable, CustomStringConvertible {
  var lines: [String] = []
  var description: String { lines.joined(separator: "\n") }

  init(_ system: TestSystem) {
    let kernel = system.machine
    var kinds: [FrameKind: Int] = [.free: kernel.freeFrames()]
    var tasks: [UInt64] = []
    for used in kernel.usedFrames {
      kinds[used.word.kind, default: 0] += 1
      if used.word.kind == .objects, used.word.task == used.frame { tasks.append(used.frame << 12) }
    }
    lines = kinds.map { "\($0.key) \($0.value)" }.sorted()
    lines.append("server \(system.frees)")
    for task in tasks.sorted(by: { kernel.kernel.task($0).pointee.name < kernel.kernel.task($1).pointee.name }) {
      let words = kernel.kernel.task(task).pointee
      let t = kernel.kernel.thread(task + 256).pointee
      lines.append(
        "task \(words.name) \(words.quota) \(words.used) \(words.tables) \(words.mappedPages) \(words.children)"
          + " thread \(t.state) \(t.isSuspended)")
      for slot in 1..<words.slots {
        let handle = kernel.kernel.handle(task + 1280 + slot * 32).pointee
        guard handle.word != .empty else { continue }
        lines.append("  \(slot): \(handle.word.kind) \(handle.word.rights) \(handle.value) \(handle.mapped)")
      }
    }
    lines.append("interrupts \(kernel.kernel.machine.controllerBase != nil)")
  }

  /// What the other has and this one has not, and the other way round.
  func difference(from other: Canonical) -> [String] {
    lines.difference(from: other.lines).map { "\($0)" }
  }
}

@Suite("A memory server that dies") struct RestartTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var name: String
    var setUp: @Sendable (TestSystem) throws -> Void
    var request: @Sendable (TestSystem) throws -> Void
    var testDescription: String { name }
    init(
      _ name: String, _ setUp: @escaping @Sendable (TestSystem) throws -> Void = { _ in },
      _ request: @escaping @Sendable (TestSystem) throws -> Void
    ) {
      (self.name, self.setUp, self.request) = (name, setUp, request)
    }
  }

  @Sendable static func consoleRuns(_ system: TestSystem) throws {
    try system.load(2, slot: 20)
    try system.start(slot: 20)
  }

  @Sendable static func virtioRuns(_ system: TestSystem) throws {
    try system.load(5, slot: 20)
    try system.start(slot: 20)
  }

  @Sendable static func clockIsLoaded(_ system: TestSystem) throws { try system.load(3, slot: 20) }

  static let cases: [Case] = [
    Case("allocate") { system in
      var gate = system.client
      try own.allocate(slot: 20, page: 0x4_01fe, pages: 9, rights: [.read, .write], &gate)
    },
    Case("allocate where the server chooses") { system in
      var gate = system.client
      _ = try own.callUntilDone(.allocate(slot: 20, page: 0, pages: 600, rights: 3), &gate)
    },
    Case("free") { system in
      var gate = system.client
      try own.allocate(slot: 20, page: 0x4_01fe, pages: 9, rights: [.read, .write], &gate)
    } _: { system in
      var gate = system.client
      try own.free(slot: 20, &gate)
    },
    Case("protect") { system in
      var gate = system.client
      try own.allocate(slot: 20, page: 0x4_01fe, pages: 9, rights: [.read, .write], &gate)
    } _: { system in
      var gate = system.client
      try own.protect(slot: 20, rights: .read, &gate)
    },
    Case("createTask") { system in
      var gate = system.client
      _ = try own.createTask(entry: 2, slot: 20, &gate)
    },
    Case(
      "load, written",
      { system in
        var gate = system.client
        _ = try own.createTask(entry: 3, slot: 20, &gate)
      }
    ) { system in
      var gate = system.client
      try own.load(
        slot: 80, page: 0x20, offset: 0x3000, filePages: 1, memoryPages: 2, rights: [.read, .write], task: 20, &gate)
    },
    Case(
      "load, in place",
      { system in
        var gate = system.client
        _ = try own.createTask(entry: 3, slot: 20, &gate)
      }
    ) { system in
      var gate = system.client
      try own.load(
        slot: 80, page: 0x20, offset: 0x2000, filePages: 1, memoryPages: 1, rights: [.read, .execute], task: 20, &gate)
    },
    Case("destroyTask, loaded", clockIsLoaded) { system in
      var gate = system.client
      try own.destroyTask(20, &gate)
    },
    Case(
      "destroyTask, with leases and objects",
      { system in
        try consoleRuns(system)
        var gate = system.client
        _ = try own.lease("uart", index: 0, slot: 30, page: 0x180, &gate)
        try own.interrupt("uart", index: 0, slot: 31, &gate)
        try own.createEndpoint(slot: 32, &gate)
        try? own.exit(status: 3, &gate)
      }
    ) { system in
      var gate = system.client
      try own.destroyTask(20, &gate)
    },
    Case("setQuota, more", clockIsLoaded) { system in
      var gate = system.client
      try own.setQuota(2345, task: 20, &gate)
    },
    Case("setQuota, less", clockIsLoaded) { system in
      var gate = system.client
      try own.setQuota(100, task: 20, &gate)
    },
    Case("createTask of a task that was started itself", consoleRuns) { system in
      var gate = system.client
      _ = try own.createTask(entry: 4, slot: 20, &gate)
    },
    Case(
      "destroyTask, with a task that it started",
      { system in
        try consoleRuns(system)
        var gate = system.client
        try own.createEndpoint(slot: 30, &gate)
        try system.load(4, slot: 20)
        system.machine.invoke(.receive, Message(handle: 30))
      }
    ) { system in
      var gate = system.client
      try own.destroyTask(20, &gate)
    },
    Case("createEndpoint", clockIsLoaded) { system in
      var gate = system.client
      try own.createEndpoint(slot: 30, task: 20, &gate)
    },
    Case("createNotification") { system in
      var gate = system.client
      try own.createNotification(slot: 30, &gate)
    },
    Case("createThread", clockIsLoaded) { system in
      var gate = system.client
      _ = try own.call(.createThread(slot: 30), pass: 20, &gate)
    },
    Case("lease", consoleRuns) { system in
      var gate = system.client
      _ = try own.lease("gic", index: 0, slot: 30, page: 0x4_01f8, &gate)
    },
    Case(
      "releaseLease",
      { system in
        try consoleRuns(system)
        var gate = system.client
        _ = try own.lease("gic", index: 0, slot: 30, page: 0x4_01f8, &gate)
      }
    ) { system in
      var gate = system.client
      try own.releaseLease(slot: 30, &gate)
    },
    Case(
      "allocateDMA",
      { system in
        try virtioRuns(system)
        var gate = system.client
        _ = try own.lease("all", index: 2, slot: 30, page: 0x180, &gate)
      }
    ) { system in
      var gate = system.client
      let memory = try own.allocateDMA(lease: 30, slot: 31, page: 0x4_01fd, pages: 9, alignment: 0x1_0000, &gate)
      #expect(try own.busAddress(slot: 31, &gate) == memory.bus)
      let window = Window(system.machine, task: system.running)
      for page in 0..<9 as Range<UInt64> {
        #expect(window.find(memory.address + page << 12) == memory.bus + page << 12)
      }
    },
    Case(
      "releaseLease, with memory of the device",
      { system in
        try virtioRuns(system)
        var gate = system.client
        _ = try own.lease("all", index: 2, slot: 30, page: 0x180, &gate)
        for slot: UInt64 in 31...33 { _ = try own.allocateDMA(lease: 30, slot: slot, pages: 2, &gate) }
      }
    ) { system in
      var gate = system.client
      try own.releaseLease(slot: 30, &gate)
      try own.free(slot: 32, &gate)
    },
    Case(
      "revokeLease, of two ranges and two interrupts",
      { system in
        try system.load(5, slot: 20)
        let initThread = system.machine.current
        try system.start(slot: 20)
        var gate = system.client
        _ = try own.lease("all", index: 2, slot: 30, page: 0x180, &gate)
        _ = try own.lease("all", index: 3, slot: 31, page: 0x4_01f8, &gate)
        try own.interrupt("all", index: 2, slot: 32, &gate)
        try own.interrupt("all", index: 3, slot: 33, &gate)
        _ = try own.allocateDMA(lease: 31, slot: 34, pages: 3, &gate)
        system.machine.makeCurrent(initThread)
        try gate.suspend(task: 20)
      }
    ) { system in
      var gate = system.client
      try own.revokeLease("all", task: 20, &gate)
    },
    Case("interrupt", consoleRuns) { system in
      var gate = system.client
      try own.interrupt("uart", index: 0, slot: 31, &gate)
    },
    Case(
      "attach",
      { system in
        try consoleRuns(system)
        var gate = system.client
        _ = try own.lease("gic", index: 0, slot: 30, page: 0x180, &gate)
      }
    ) { system in
      var gate = system.client
      try own.attach(&gate)
    },
    Case(
      "supervise",
      { system in
        var gate = system.client
        try own.createNotification(slot: 30, &gate)
        try own.createNotification(slot: 31, &gate)
        try own.supervise(notification: 30, &gate)
      }
    ) { system in
      var gate = system.client
      try own.supervise(notification: 31, &gate)
    },
    Case("exit", consoleRuns) { system in
      var gate = system.client
      try? own.exit(status: 7, &gate)
    },
    Case("mapLog", consoleRuns) { system in
      var gate = system.client
      try own.mapLog(slot: 30, page: 0x4_0000, &gate)
    },
    Case("mapBundle") { system in
      var gate = system.client
      _ = try own.mapBundle(slot: 30, page: 0x4_0000, &gate)
    },
    Case("allocate more than there is", { _ in }) { system in
      var gate = system.client
      // Tables are not counted before they are needed: what was mapped is taken back.
      let left = try #require(system.machine.kernel.task(system.running).pointee as KernelCore.Task?)
      let pages = left.quota - left.used
      let refusal = try #require(throws: MemoryRefusal.self) {
        try own.allocate(slot: 20, page: 0x4_0001, pages: pages, rights: [.read, .write], &gate)
      }
      #expect(refusal.cause == .service(.quotaExceeded))
    },
    Case("reading") { system in
      var gate = system.client
      _ = try own.memoryCounts(&gate)
      _ = try own.task(at: 0, &gate)
      _ = try own.verify(section: 0, &gate)
    },
  ]

  @Test("at any kernel call of any request is asked again, and all is as if it had served it once", arguments: cases)
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

  @Test("when it claims a section, at any call, finds the section begun and finishes it") func claiming() throws {
    var services = TestSystem.services
    services[1].quota = 12000
    func request(_ system: TestSystem) throws {
      var gate = system.client
      try own.allocate(slot: 20, page: 0x4_0001, pages: 9000, rights: [.read, .write], &gate)
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
