import ABI
import Interfaces
import KernelCore
import Runtime
import TestSupport
import Testing

@testable import MemoryCore

private let own = Client<MemoryInterface>.own

/// What a task does before its end comes.
private struct Life: CustomTestStringConvertible, Sendable {
  var testDescription: String
  /// Acts as the task, which runs; the last of it blocks, faults or exits.
  var acts: @Sendable (TestSystem, inout ClientGate) throws -> Void
  /// Whether `acts` leaves another to run.
  var isOver = false

  static let waits: @Sendable (TestSystem, inout ClientGate) throws -> Void = { _, _ in }

  static let all: [Life] = [
    Life(testDescription: "waits for a call", acts: waits),
    Life(
      testDescription: "is in a call that nobody has received",
      acts: { system, _ in system.machine.invoke(.call, Message(handle: 41)) }, isOver: true),
    Life(
      testDescription: "waits for a reply",
      acts: { system, _ in system.machine.invoke(.call, Message(handle: 42)) }, isOver: true),
    Life(
      testDescription: "faulted where nothing is",
      acts: { system, _ in
        system.machine.fault(syndrome: 0x9200_0047, address: 0x7f_0000_0000)
        system.serve()
      }, isOver: true),
    Life(testDescription: "has exited", acts: { _, gate in try? own.exit(status: 1, &gate) }, isOver: true),
    Life(testDescription: "holds leases and interrupts") { _, gate in
      _ = try own.lease("big", index: 0, slot: 30, page: 0x7_ffff, &gate)
      _ = try own.lease("uart", index: 0, slot: 31, page: 0x180, &gate)
      try own.interrupt("uart", index: 0, slot: 32, &gate)
      try own.interrupt("rtc", index: 0, slot: 33, &gate)
    },
    Life(testDescription: "has further threads, one ready, one idle") { _, gate in
      try own.createThread(slot: 30, &gate)
      try own.createThread(slot: 31, &gate)
      try gate.start(task: 30, entry: 0x1_0000, stack: 0x20_0000, argument: 0, priority: 1)
    },
    Life(testDescription: "has lazy regions that are partly there, a block broken") { system, gate in
      try own.reserve(slot: 30, page: 0x7_fe00, pages: 1024, fit: .block, &gate)
      try own.prefault(slot: 30, page: 0x7_fe00, pages: 1024, &gate)
      try own.decommit(slot: 30, page: 0x7_fe10, pages: 3, &gate)
      try own.reserve(slot: 31, page: 0, pages: 5000, isGuarded: true, &gate)
      try own.prefault(slot: 31, page: gate.region(31).page + 700, pages: 2, &gate)
    },
    Life(testDescription: "was told again, in the middle of allocating") { system, _ in
      let request = MemoryInterface.Request.allocate(slot: 30, page: 0x8_0001, pages: 200, rights: 3)
      var message = Message()
      request.encode(into: &message)
      message.label |= MemoryInterface.version << 16
      message.handle = 1
      let caller = system.machine.current
      system.machine.invoke(.call, message)
      system.serve()
      #expect(system.machine.message(of: caller).label == ReplyLabel.again)
    },
    Life(testDescription: "was told again, in the middle of giving back") { system, gate in
      try own.allocate(slot: 30, page: 0x8_0001, pages: 200, rights: [.read, .write], &gate)
      var message = Message()
      MemoryInterface.Request.free(slot: 30).encode(into: &message)
      message.label |= MemoryInterface.version << 16
      message.handle = 1
      let caller = system.machine.current
      system.machine.invoke(.call, message)
      system.serve()
      #expect(system.machine.message(of: caller).label == ReplyLabel.again)
    },
    Life(testDescription: "has two frames of objects, and dropped some") { _, gate in
      for slot in 43..<80 as Range<UInt64> { try own.createNotification(slot: slot, &gate) }
      for slot in 50..<60 as Range<UInt64> { try gate.drop(slot) }
    },
  ]
}

extension ClientGate {
  fileprivate mutating func region(_ slot: UInt64) throws -> RegionWord {
    RegionWord(raw: try inspectHandle(slot).value)
  }
}

@Suite("A task's end") struct EndTests {
  /// RAM in pieces: of every two frames one is never free, so that each page is a step.
  private func scatter(_ system: TestSystem) {
    let end = system.machine.kernel.ram.used.end
    for frame in stride(from: system.machine.firstFrame, to: end, by: 2) where !system.server.reserve.holds(frame) {
      guard system.machine.kernel.ledger(frame).pointee.isFree else { continue }
      _ = system.server.index.take(FrameRun(first: system.server.ram.place(of: frame)!, count: 1))
      system.machine.kernel.ledger(frame).pointee = .fixed
    }
  }

  @Test(
    "whatever a task was doing, its end brings back every frame, device and handle",
    arguments: Life.all)
  fileprivate func end(_ life: Life) throws {
    let system = try TestSystem()
    var gate = system.client
    if life.testDescription.hasPrefix("was told again") { scatter(system) }
    // Another task, to call: it receives on one endpoint, and never on the other.
    try system.load(2, slot: 21)
    try own.createEndpoint(slot: 25, task: 21, &gate)
    try own.createEndpoint(slot: 26, task: 21, &gate)
    try gate.copy(26, to: 40, task: 21)
    try gate.copy(25, to: 41, task: 21)
    try system.start(slot: 21)
    system.machine.invoke(.receive, Message(handle: 40))
    let before = try Books(system)
    try system.load(3, slot: 20)
    try own.createEndpoint(slot: 27, task: 20, &gate)
    try gate.copy(27, to: 40, task: 20)
    try gate.copy(25, to: 41, task: 20)
    try gate.copy(26, to: 42, task: 20)
    try system.start(slot: 20)
    let task = system.running
    try life.acts(system, &gate)
    if !life.isOver {
      #expect(system.running == task)
      system.machine.invoke(.receive, Message(handle: 40))
    }
    if life.testDescription == "waits for a reply" {
      // The callee has got the call, and never replies: it is in a call of its own.
      system.machine.invoke(.call, Message(handle: 41))
    }
    #expect(system.machine.audit() == [])
    try own.destroyTask(20, &gate)
    for slot: UInt64 in [20, 27] { try gate.drop(slot) }
    #expect(try Books(system).differences(before) == [])
    #expect(system.frees == UInt64(system.machine.freeFrames()))
    // Who was called goes on, and its end brings back the rest.
    try own.destroyTask(21, &gate)
    #expect(system.frees == UInt64(system.machine.freeFrames()))
    #expect(system.machine.audit() == [])
  }
}
