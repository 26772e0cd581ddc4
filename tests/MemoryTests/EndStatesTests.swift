import ABI
import Interfaces
import KernelCore
import Runtime
import TestSupport
import Testing

@testable import MemoryCore

private let own = Client<MemoryInterface>.own

/// init, a task that will end, and another one that both may call; each made to run when it is its turn.
private final class Ending {
  static let (task, other): (UInt64, UInt64) = (20, 21)
  let system: TestSystem
  let initThread: UInt64
  private(set) var thread: UInt64 = 0
  var machine: SimulatedSystem { system.machine }
  var gate: ClientGate { system.client }

  init() throws {
    system = try TestSystem()
    initThread = system.machine.current
    var gate = system.client
    try system.load(2, slot: Self.other)
    try own.createEndpoint(slot: 25, task: Self.other, &gate)
    try gate.copy(25, to: 40, task: Self.other)
    try system.start(slot: Self.other)
    // The interrupt controller, so that interrupts come; it receives from here on.
    gate = system.client
    _ = try own.lease("gic", index: 0, slot: 30, page: 0x180, &gate)
    try own.attach(&gate)
    system.machine.invoke(.receive, Message(handle: 40))
    // What init shows others of: pages that are there, and pages that nobody may write.
    gate = system.client
    for (slot, page) in [(60, 0x5000), (62, 0x6000)] as [(UInt64, UInt64)] {
      try own.allocate(slot: slot, page: page, pages: 20, rights: [.read, .write], &gate)
      try own.share(slot: slot, to: slot + 1, &gate)
    }
    try own.seal(slot: 62, &gate)
    try own.createEndpoint(slot: 33, &gate)
  }

  /// Makes the task, which runs from here on.
  func start() throws {
    var gate = self.gate
    try system.load(3, slot: Self.task)
    for slot: UInt64 in [25, 61, 63, 33] { try gate.copy(slot, to: slot, task: Self.task) }
    try system.start(slot: Self.task)
    thread = machine.current
  }

  /// init runs; the task does not until `meanwhile` lets it, and the other one stands still with what it has received.
  func asInit() {
    guard machine.current != initThread else { return }
    for each in [Self.other, Self.task] {
      machine.makeCurrent(initThread)
      var gate = self.gate
      try? gate.suspend(task: each)
    }
  }

  /// Runs `body` as a thread of the task while the server, which serves the task's end, is about to make its first
  /// kernel call for it.
  func meanwhile(_ threads: [UInt64], _ body: @escaping (Ending, UInt64) -> Void) {
    system.meddling.answers = { [unowned self] _, _ in
      system.meddling.answers = nil
      let session = machine.kernel.handle(thread - 256 + 1280 + 32).pointee.value
      machine.invoke(.thread, Message(ThreadAction.resume.rawValue, handle: session))
      for thread in threads {
        machine.makeCurrent(thread)
        body(self, thread)
      }
      machine.makeCurrent(system.serverThread)
      return nil
    }
  }

  func call(_ request: MemoryInterface.Request, pass: UInt64 = 0) {
    var message = Message()
    request.encode(into: &message)
    message.label |= MemoryInterface.version << 16 | (pass == 0 ? 0 : 1 << 15)
    message.handle = 1
    message.transfer = pass
    let caller = machine.current
    machine.invoke(.call, message)
    #expect(machine.kernel.thread(caller).pointee.state == ThreadState.calling)
  }
}

/// What a task is in when its end comes.
private struct EndState: CustomTestStringConvertible, Sendable {
  var testDescription: String
  /// Done as the task.
  var acts: @Sendable (Ending, inout ClientGate) throws -> Void
  /// Slots of init that say `gone` afterwards.
  var gone: [UInt64] = []

  static let all: [EndState] = [
    EndState(testDescription: "waits at the memory server with a request") { ending, _ in
      ending.meanwhile([ending.thread]) { ending, _ in
        ending.call(.allocate(slot: 30, page: 0x7_0000, pages: 3, rights: 3))
      }
    },
    EndState(testDescription: "waits at the memory server with a handle to pass on") { ending, gate in
      try own.allocate(slot: 30, page: 0x7000, pages: 3, rights: [.read, .write], &gate)
      try own.share(slot: 30, to: 31, &gate)
      ending.meanwhile([ending.thread]) { ending, _ in
        ending.call(.show(slot: 32, page: 0x7_ffff, pages: 3, offset: 0, rights: 1, copies: false), pass: 31)
      }
    },
    EndState(testDescription: "waits at the memory server with a fault in a lazy region") { ending, gate in
      try own.reserve(slot: 30, page: 0x7_ffff, pages: 64, fit: .run, &gate)
      try own.prefault(slot: 30, page: 0x8_0003, pages: 1, &gate)
      ending.meanwhile([ending.thread]) { ending, thread in
        ending.machine.fault(syndrome: 0x9200_0047, address: 0x8000_5000)
        #expect(ending.machine.kernel.thread(thread).pointee.state == ThreadState.calling)
      }
    },
    EndState(
      testDescription: "is the home of pages that another shows, one that it brought by a touch",
      acts: { ending, gate in
        try own.reserve(slot: 30, page: 0x7000, pages: 700, fit: .run, &gate)
        try own.prefault(slot: 30, page: 0x7000, pages: 40, &gate)
        try own.share(slot: 30, to: 31, &gate)
        ending.machine.invoke(.call, Message(handle: 33, transfer: Transfer(pass: 31).raw))
        let machine = ending.machine
        #expect(machine.invoke(.receive, Message(handle: 33, transfer: Transfer(receive: 64).raw)).transfer == 64)
        var gate = ending.gate
        try own.show(memory: 64, slot: 65, page: 0x7_ffff, pages: 600, offset: 30, rights: .read, &gate)
        machine.fault(syndrome: 0x9200_0007, address: 0x8010_0000)
        ending.system.serve()
        #expect(machine.current == ending.initThread)
        #expect(Window(machine, task: ending.system.running).find(0x8010_0000) != nil)
      }, gone: [64, 65]),
    EndState(testDescription: "shows what another shares") { _, gate in
      try own.show(memory: 61, slot: 30, page: 0x7_fffe, pages: 18, offset: 1, rights: [.read, .write], &gate)
      try own.show(memory: 61, slot: 31, page: 0x9_0000, pages: 20, rights: .read, &gate)
    },
    EndState(testDescription: "has copies of some pages of a sealed region, on both sides of a table") { ending, gate in
      try own.show(memory: 63, slot: 30, page: 0x7_fffe, pages: 20, rights: [.read, .write], copies: true, &gate)
      for page in [0x7_fffe, 0x7_ffff, 0x8_0000, 0x8_0009] as [UInt64] {
        ending.machine.fault(syndrome: 0x9200_004f, address: page << 12)
        ending.system.serve()
        #expect(ending.machine.current == ending.thread)
        #expect(
          ending.machine.kernel.ledger(
            try #require(Window(ending.machine, task: ending.system.running).find(page << 12)) >> 12
          ).pointee.page == page)
      }
    },
    EndState(
      testDescription: "has threads in every state: in a call, replied to never, in waits, faulted, at the server"
    ) {
      ending, gate in
      let machine = ending.machine
      let task = ending.thread - 256
      try own.createEndpoint(slot: 50, &gate)
      try own.createNotification(slot: 51, &gate)
      var threads: [UInt64] = []
      for slot: UInt64 in 52..<60 {
        try own.createThread(slot: slot, &gate)
        threads.append(machine.kernel.handle(task + 1280 + slot * 32).pointee.word.object - 384)
        if slot < 59 { try gate.start(task: slot, entry: 0x1_0000, stack: 0x20_0000, argument: 0, priority: 30) }
      }
      let calls: [(ABI.Operation, UInt64)] = [(.receive, 50), (.wait, 51), (.call, 25), (.call, 25)]
      for (thread, (operation, slot)) in zip(threads, calls) {
        machine.makeCurrent(thread)
        machine.invoke(operation, Message(handle: slot))
        // The one that is called has received the first call, and answers nobody.
      }
      machine.makeCurrent(threads[4])
      machine.fault(syndrome: 0x9200_0047, address: 0x7f_0000_0000)
      ending.system.serve()
      machine.makeCurrent(ending.thread)
      gate = ending.gate
      try gate.suspend(task: 57)
      let queued = threads[6]
      #expect(machine.kernel.thread(threads[4]).pointee.state == ThreadState.idle)
      ending.meanwhile([queued]) { ending, _ in ending.call(.createEndpoint(slot: 70)) }
    },
    EndState(testDescription: "holds leases, and interrupts one of which came and was not acknowledged") {
      ending, gate in
      _ = try own.lease("uart", index: 0, slot: 30, page: 0x7_ffff, &gate)
      _ = try own.lease("big", index: 0, slot: 31, page: 0, &gate)
      try own.interrupt("uart", index: 0, slot: 32, &gate)
      try own.interrupt("rtc", index: 0, slot: 35, &gate)
      try own.createNotification(slot: 34, &gate)
      try gate.bind(interrupt: 32, to: 34)
      try gate.bind(interrupt: 35, to: 34)
      ending.machine.kernel.machine.pending.append(33)
      ending.machine.interrupt()
      ending.machine.makeCurrent(ending.thread)
      #expect(try ending.gate.inspectedInterrupt(32)[3] == 1)
    },
  ]
}

extension ClientGate {
  fileprivate func inspectedInterrupt(_ slot: UInt64) throws -> Message {
    var gate = self
    return try gate.inspect(.interrupt, handle: slot)
  }
}

@Suite("The end of a task in the middle of something") struct EndStatesTests {
  @Test("brings back every frame, device and handle, and leaves nobody waiting for it", arguments: EndState.all)
  fileprivate func end(_ state: EndState) throws {
    let ending = try Ending()
    let system = ending.system
    let before = try Books(system)
    let sessions = system.server.sessions.count
    for _ in 0..<2 {
      try ending.start()
      var gate = ending.gate
      try state.acts(ending, &gate)
      ending.asInit()
      #expect(system.machine.audit() == [])
      gate = ending.gate
      try own.destroyTask(Ending.task, &gate)
      #expect(system.running == system.machine.kernel.thread(ending.initThread).pointee.task)
      for slot in [Ending.task] + state.gone {
        #expect(try gate.inspectHandle(slot).word.kind == .gone)
        try gate.drop(slot)
      }
      #expect(try Books(system).differences(before) == [])
      #expect(system.frees == UInt64(system.machine.freeFrames()))
      let now = system.server.sessions.count
      #expect(now == sessions)
    }
    // Who was called goes on; then the rest comes back.
    var gate = ending.gate
    try own.destroyTask(Ending.other, &gate)
    for slot: UInt64 in [60, 62] { try own.free(slot: slot, &gate) }
    #expect(system.machine.audit() == [])
    #expect(system.frees == UInt64(system.machine.freeFrames()))
  }
}
