import ABI
import Interfaces
import KernelCore
import MemoryCore
import Testing

private let own = Client<MemoryInterface>.own

/// Init, and a driver of its own, each made to run when it is its turn.
final class Supervised {
  let system: TestSystem
  let initThread: UInt64
  let driverThread: UInt64
  var gate: ClientGate { system.client }
  /// Where the driver's Task handle lies in init's table.
  static let driver: UInt64 = 20

  init(_ entry: Int) throws {
    system = try TestSystem()
    initThread = system.machine.current
    var gate = system.client
    try own.createNotification(slot: 25, &gate)
    try own.supervise(notification: 25, &gate)
    try system.load(entry, slot: Self.driver)
    try system.start(slot: Self.driver)
    driverThread = system.machine.current
  }

  func asInit() {
    system.machine.makeCurrent(initThread)
    var gate = self.gate
    try? gate.suspend(task: Self.driver)
  }

  func asDriver() {
    guard system.machine.current == initThread else { return }
    var gate = self.gate
    try? gate.resume(task: Self.driver)
    #expect(system.machine.current == driverThread)
  }

  /// The driver reads an address where nothing is mapped any more; the report's lines.
  func touch(_ address: UInt64) -> [String] {
    asDriver()
    let before = system.meddling.log.lines.count
    system.machine.fault(syndrome: 0x9200_0007, address: address)
    system.serve()
    #expect(system.machine.kernel.thread(driverThread).pointee.state != ThreadState.ready)
    return Array(system.meddling.log.lines[before...])
  }
}

@Suite("A lease that is revoked") struct RevokeTests {
  private let entry = (console: 2, virtio: 5)

  @Test("is gone with its interrupts and all handles to them; others may have the device, the next touch says why")
  func revoked() throws {
    let supervised = try Supervised(entry.console)
    let system = supervised.system
    var gate = supervised.gate
    _ = try own.lease("uart", index: 0, slot: 30, page: 0x180, &gate)
    try own.interrupt("uart", index: 0, slot: 31, &gate)
    try gate.copy(31, to: 32)
    _ = try own.lease("gic", index: 0, slot: 33, page: 0x4_0000, &gate)
    supervised.asInit()
    gate = supervised.gate
    try own.revokeLease("uart", task: Supervised.driver, &gate)
    #expect(try own.device(at: 1, &gate).holder == .none && own.device(at: 0, &gate).holder == "console")
    #expect(Window(system.machine, task: system.task(inSlot: 20)).find(0x18_0000) == nil)
    // The driver runs on, as long as it touches nothing.
    supervised.asDriver()
    gate = supervised.gate
    for slot: UInt64 in 30...32 { #expect(try gate.inspectHandle(slot).word.kind == .gone) }
    #expect(throws: Refusal(.peerGone, 31)) { try gate.acknowledge(interrupt: 31) }
    #expect(throws: MemoryRefusal(.notRegion, 30)) { try own.releaseLease(slot: 30, &gate) }
    let report = supervised.touch(0x18_0004)
    #expect(report.count == 4)
    #expect(report[0].contains("read at 0x0018_0004, lease revoked"), "\(report)")
    #expect(report[2].contains("likely a device that the supervisor took back; nearest region "), "\(report)")
    gate = supervised.gate
    #expect(try own.nextEvent(&gate).kind == .faulted)
    try system.load(3, slot: 21)
    try system.start(slot: 21)
    gate = supervised.gate
    _ = try own.lease("uart", index: 0, slot: 30, page: 0x180, &gate)
    try own.interrupt("uart", index: 0, slot: 31, &gate)
    try? own.exit(status: 0, &gate)
    try own.destroyTask(20, &gate)
    try own.destroyTask(21, &gate)
    #expect(system.machine.audit() == [])
    #expect(system.frees == UInt64(system.machine.freeFrames()))
  }

  @Test("may be leased again by the same driver, in another slot or the same once it is empty") func again() throws {
    let supervised = try Supervised(entry.console)
    var gate = supervised.gate
    _ = try own.lease("uart", index: 0, slot: 30, page: 0x180, &gate)
    supervised.asInit()
    gate = supervised.gate
    let books = try Books(supervised.system)
    for _ in 0..<3 {
      try own.revokeLease("uart", task: Supervised.driver, &gate)
      supervised.asDriver()
      gate = supervised.gate
      let taken = MemoryRefusal(.slotOccupied, 30, limit: ObjectKind.gone.rawValue)
      #expect(throws: taken) { _ = try own.lease("uart", index: 0, slot: 30, page: 0x180, &gate) }
      try gate.drop(30)
      _ = try own.lease("uart", index: 0, slot: 30, page: 0x180, &gate)
      supervised.asInit()
      gate = supervised.gate
      #expect(try Books(supervised.system).differences(books) == [])
    }
  }

  @Test("takes all that is held under the name, and nothing else; other memory that was taken is no lease")
  func several() throws {
    let supervised = try Supervised(entry.virtio)
    var gate = supervised.gate
    for index: UInt64 in [1, 4] {
      _ = try own.lease("all", index: index, slot: 30 + index, page: 0x180 + index, &gate)
      try own.interrupt("all", index: index, slot: 40 + index, &gate)
    }
    _ = try own.lease("head", index: 1, slot: 50, page: 0x190, &gate)
    supervised.asInit()
    gate = supervised.gate
    try own.revokeLease("all", task: Supervised.driver, &gate)
    #expect(try (0..<13).map { try own.device(at: $0, &gate).holder }.allSatisfy { $0 == .none })
    supervised.asDriver()
    gate = supervised.gate
    #expect(try gate.inspectHandle(50).word.kind == .region)
    for slot: UInt64 in [31, 34, 41, 44] { #expect(try gate.inspectHandle(slot).word.kind == .gone) }
    #expect(supervised.touch(0x18_4900)[0].hasSuffix("read at 0x0018_4900, lease revoked"))
  }

  @Test("that takes long answers again; what is half gone says the same, and the rest goes with the next request")
  func long() throws {
    let supervised = try Supervised(entry.virtio)
    var gate = supervised.gate
    _ = try own.lease("huge", index: 0, slot: 30, page: 0x8_0000, &gate)
    supervised.asInit()
    gate = supervised.gate
    #expect(throws: MemoryRefusal(.interface(.again))) {
      _ = try own.call(.revokeLease(device: "huge"), pass: Supervised.driver, &gate)
    }
    #expect(try own.device(at: 13, &gate).holder == "virtio")
    #expect(supervised.touch(0x8000_0000)[0].hasSuffix("read at 0x8000_0000, lease revoked"))
    supervised.system.machine.makeCurrent(supervised.initThread)
    gate = supervised.gate
    try own.revokeLease("huge", task: Supervised.driver, &gate)
    #expect(try own.device(at: 13, &gate).holder == .none)
    #expect(supervised.system.machine.audit() == [])
  }

  @Test("only a supervisor revokes, with the task's handle, what the task holds; nothing else changes")
  func refusals() throws {
    let supervised = try Supervised(entry.virtio)
    var gate = supervised.gate
    _ = try own.lease("head", index: 1, slot: 30, page: 0x180, &gate)
    let flag = MemoryRefusal(.notPermitted, UInt64(Bundle.Flags.supervise.rawValue))
    #expect(throws: flag) { _ = try own.call(.revokeLease(device: "head"), &gate) }
    supervised.asInit()
    gate = supervised.gate
    let before = try Books(supervised.system)
    let driver = Name("virtio").word
    for name in ["all", "uart", ""] as [Name] {
      #expect(throws: MemoryRefusal(.notLeased, name.word, limit: driver)) {
        try own.revokeLease(name, task: Supervised.driver, &gate)
      }
    }
    #expect(throws: MemoryRefusal(.notLeased, .max, limit: driver)) {
      try own.revokeLease(Name(word: .max), task: Supervised.driver, &gate)
    }
    let task = ObjectKind.task.rawValue
    #expect(throws: MemoryRefusal(.interface(.handleNeeded), 0, limit: task)) {
      _ = try own.call(.revokeLease(device: "head"), &gate)
    }
    #expect(throws: MemoryRefusal(.interface(.handleNeeded), ObjectKind.notification.rawValue, limit: task)) {
      try own.revokeLease("head", task: 25, &gate)
    }
    try gate.copy(Supervised.driver, to: 26, rights: Rights.Task.memory.rawValue)
    #expect(throws: MemoryRefusal(.kernel(.missingRight), 1, limit: 3)) {
      try own.revokeLease("head", task: 26, &gate)
    }
    try gate.drop(26)
    #expect(try Books(supervised.system).differences(before) == [])
  }
}
