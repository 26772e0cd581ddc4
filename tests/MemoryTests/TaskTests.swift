import ABI
import Interfaces
import KernelCore
import MemoryCore
import Runtime
import Testing

private let own = Client<MemoryInterface>.own

extension TestSystem {
  /// What init does for a service: the task, its image and stack. Its handle lies in `slot`.
  func load(_ entry: Int, slot: UInt64) throws {
    var gate = client
    _ = try own.createTask(entry: UInt64(entry), slot: slot, &gate)
    let bytes = bundle
    let described = try Bundle(bytes.span, verifyingChecksum: false)[entry]
    for index in 0..<described.segmentCount {
      let segment = described.segments[index]
      try own.load(
        slot: Loader.firstRegionSlot + UInt64(index), page: segment.address >> 12, offset: UInt64(segment.offset),
        filePages: UInt64(segment.filePages), memoryPages: UInt64(segment.memoryPages), rights: segment.rights.memory,
        task: slot, &gate)
    }
    try own.allocate(
      slot: Loader.stackSlot(of: described), page: 0x1fc, pages: 4, rights: [.read, .write], task: slot, &gate)
  }

  /// Starts a loaded task above init, so that it runs at once.
  func start(slot: UInt64) throws {
    var gate = client
    try gate.start(task: slot, entry: 0x1_0000, stack: 0x20_0000, argument: 0, priority: 30)
  }

  /// The task that runs.
  var running: UInt64 { machine.kernel.thread(machine.current).pointee.task }
}

@Suite("Tasks") struct TaskTests {
  @Test("a task is loaded in place and by copy, and its end brings everything back", arguments: [2, 3, 4])
  func lifeCycle(entry: Int) throws {
    let system = try TestSystem()
    var gate = system.client
    let before = Snapshot(system)
    try system.load(entry, slot: 20)
    let word = system.machine.kernel.handle(system.running + 1280 + 20 * 32).pointee.word
    let window = Window(system.machine, task: word.object)
    #expect(window.load(TestBundle.textPage << 12, as: UInt8.self) == UInt8(entry + 1))
    #expect(window.load(TestBundle.dataPage << 12, as: UInt8.self) == UInt8(0x40 + entry))
    #expect(window.load((TestBundle.dataPage + 1) << 12, as: UInt8.self) == 0)
    #expect(window.find(TestBundle.stackTop - 5 * 4096) == nil)
    #expect(system.frees == UInt64(system.machine.freeFrames()))
    try own.destroyTask(20, &gate)
    try gate.drop(20)
    #expect(Snapshot(system) == before)
    #expect(system.frees == UInt64(system.machine.freeFrames()))
    #expect(system.machine.kernel.machine.violations.isEmpty)
  }

  @Test("a client without the flag may not make, load or end tasks") func notSupervisor() throws {
    let system = try TestSystem()
    try system.load(3, slot: 20)
    try system.start(slot: 20)
    var gate = system.client
    let refused = MemoryRefusal(.notPermitted, UInt64(Bundle.Flags.supervise.rawValue))
    #expect(throws: refused) { _ = try own.createTask(entry: 4, slot: 30, &gate) }
    #expect(throws: refused) { try own.destroyTask(0, &gate) }
    #expect(throws: refused) {
      try own.load(slot: 30, page: 0x1000, offset: 0, filePages: 1, memoryPages: 1, rights: .read, task: 0, &gate)
    }
    #expect(throws: refused) { _ = try own.nextEvent(&gate) }
    #expect(throws: refused) { _ = try own.mapBundle(slot: 30, page: 0x4000, &gate) }
    #expect(throws: MemoryRefusal(.notPermitted, UInt64(Bundle.Flags.log.rawValue))) {
      try own.mapLog(slot: 30, page: 0x4000, &gate)
    }
  }

  @Test("an entry that init may not start is refused", arguments: [0, 1, 7, 31, 32, UInt64.max])
  func badEntry(entry: UInt64) throws {
    let system = try TestSystem()
    var gate = system.client
    let before = Snapshot(system)
    let refusal = try #require(throws: MemoryRefusal.self) { _ = try own.createTask(entry: entry, slot: 20, &gate) }
    #expect(refusal.cause == .service(.bundleOutside))
    #expect(Snapshot(system) == before)
  }

  @Test("a task for an occupied slot is not made") func occupied() throws {
    let system = try TestSystem()
    var gate = system.client
    let before = Snapshot(system)
    #expect(throws: MemoryRefusal(.slotOccupied, 1, limit: ObjectKind.endpoint.rawValue)) {
      _ = try own.createTask(entry: 2, slot: 1, &gate)
    }
    #expect(Snapshot(system) == before)
  }

  @Test("endpoints and notifications appear with the caller and are paid by the task") func objects() throws {
    let system = try TestSystem()
    var gate = system.client
    try system.load(4, slot: 20)
    let child = system.machine.kernel.handle(system.running + 1280 + 20 * 32).pointee.word.object
    let before = system.machine.kernel.task(child).pointee.used
    try own.createEndpoint(slot: 21, task: 20, &gate)
    try own.createNotification(slot: 22, task: 20, &gate)
    #expect(try gate.inspectHandle(21).word.kind == .endpoint)
    #expect(try gate.inspectHandle(22).word.kind == .notification)
    #expect(system.machine.kernel.task(child).pointee.used == before + 1)
    try own.destroyTask(20, &gate)
    #expect(try gate.inspectHandle(21).word.kind == .gone)
  }

  @Test("a further thread appears with the caller, runs in the task and is paid by it") func furtherThread() throws {
    let system = try TestSystem()
    var gate = system.client
    try system.load(4, slot: 20)
    let child = system.machine.kernel.handle(system.running + 1280 + 20 * 32).pointee.word.object
    let before = system.machine.kernel.task(child).pointee.used
    try own.createThread(slot: 21, task: 20, &gate)
    #expect(system.machine.kernel.task(child).pointee.used == before + 1)
    try gate.start(task: 21, entry: 0x2000, stack: 0x9000, argument: 5, priority: 0)
    let thread = system.machine.kernel.task(child).pointee.threads
    #expect(system.machine.kernel.thread(thread).pointee.task == child)
    #expect(throws: MemoryRefusal(.slotOccupied, 21)) { try own.createThread(slot: 21, &gate) }
    try own.destroyTask(20, &gate)
    #expect(try gate.inspectHandle(21).word.kind == .gone)
    #expect(system.frees == UInt64(system.machine.freeFrames()))
  }

  @Test("a task more costs no more kernel calls, and takes the lowest session that is free") func calls() throws {
    let system = try TestSystem()
    var gate = system.client
    func create(_ slot: UInt64) throws -> (calls: Int, session: UInt64) {
      var calls = 0
      system.meddling.answers = { _, _ in
        calls += 1
        return nil
      }
      let session = try own.createTask(entry: 4, slot: slot, &gate)
      system.meddling.answers = nil
      return (calls, session)
    }
    let first = try create(20)
    let second = try create(21)
    for slot in 22..<36 as Range<UInt64> {
      let made = try create(slot)
      #expect(made.calls == second.calls && made.session == first.session + slot - 20)
    }
    for slot in [30, 24] as [UInt64] {
      try own.destroyTask(slot, &gate)
      try gate.drop(slot)
    }
    #expect(try create(24).session == first.session + 4)
    #expect(try create(30).session == first.session + 10)
    #expect(try create(40).session == first.session + 16)
  }

  @Test("an exit and a fault reach the supervisor in their order, each once") func events() throws {
    let system = try TestSystem()
    var gate = system.client
    try own.createNotification(slot: 25, &gate)
    try own.supervise(notification: 25, &gate)
    try system.load(3, slot: 20)
    try system.load(4, slot: 21)
    let initTask = system.running
    try system.start(slot: 20)
    #expect(system.running != initTask)
    try? own.exit(status: 7, &gate)
    #expect(system.running == initTask)
    try system.start(slot: 21)
    system.machine.fault(syndrome: 0x9200_0046, address: 0x10)
    system.serve()
    #expect(system.running == initTask)
    #expect(try gate.wait(25) == 1)
    let first = try own.nextEvent(&gate)
    #expect(first.kind == .exited && first.detail == 7 && first.name == "clock")
    let second = try own.nextEvent(&gate)
    #expect(second.kind == .faulted && second.detail == 0x24 && second.address == 0x10 && second.name == "shell")
    #expect(throws: MemoryRefusal(.noEvent)) { _ = try own.nextEvent(&gate) }
    try own.destroyTask(20, &gate)
    try own.destroyTask(21, &gate)
    #expect(system.frees == UInt64(system.machine.freeFrames()))
  }
}
