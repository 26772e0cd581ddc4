import ABI
import Interfaces
import KernelCore
import MemoryCore
import Testing

private let own = Client<MemoryInterface>.own

/// init, a greedy task whose account is used up, and a modest one; each made to run when it is its turn.
private final class Neighbours {
  static let (greedy, modest): (UInt64, UInt64) = (20, 21)
  let system: TestSystem
  private let initThread: UInt64
  /// Kernel calls that the server made.
  private(set) var calls = 0

  init() throws {
    system = try TestSystem()
    initThread = system.machine.current
    var gate = system.client
    for (slot, entry) in [(Self.greedy, 4), (Self.modest, 3)] {
      try system.load(entry, slot: slot)
      try gate.suspend(task: slot)
      try system.start(slot: slot)
    }
    act(as: Self.greedy)
    gate = system.client
    try own.reserve(slot: 30, page: 0x40, pages: 64, &gate)
    try own.allocate(slot: 32, page: 0x3_0000, pages: 1, rights: [.read, .write], &gate)
    act(as: nil)
    let greedy = system.machine.kernel.task(system.task(inSlot: Self.greedy)).pointee
    try own.setQuota(greedy.used, task: Self.greedy, &gate)
    system.meddling.answers = { [unowned self] _, _ in
      calls += 1
      return nil
    }
  }

  deinit { system.meddling.answers = nil }

  /// Lets one of the two run, or init alone, which is the least urgent.
  func act(as slot: UInt64?) {
    for each in [Self.greedy, Self.modest] {
      system.machine.makeCurrent(initThread)
      var gate = system.client
      try? gate.suspend(task: each)
    }
    system.machine.makeCurrent(initThread)
    var gate = system.client
    if let slot { try? gate.resume(task: slot) }
  }

  func letBothRun() throws {
    act(as: Self.modest)
    system.machine.makeCurrent(initThread)
    var gate = system.client
    try gate.resume(task: Self.greedy)
  }

  /// Kernel calls that the server makes for a request of one of the two.
  func cost(of slot: UInt64, _ request: (inout ClientGate) throws -> Void) rethrows -> Int {
    act(as: slot)
    calls = 0
    var gate = system.client
    try request(&gate)
    return calls
  }
}

@Suite("A task at its limit") struct LimitTests {
  private struct Wish: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var request: @Sendable (inout ClientGate) throws -> Void
  }

  private static let wishes: [Wish] = [
    Wish(testDescription: "a page") { try own.allocate(slot: 31, page: 0x30, pages: 1, rights: .read, &$0) },
    Wish(testDescription: "512 pages") { try own.allocate(slot: 31, page: 0x4000, pages: 512, rights: .read, &$0) },
    Wish(testDescription: "all there is") {
      try own.allocate(slot: 31, page: 0x4_0000, pages: 1 << 26, rights: [.read, .write], &$0)
    },
    Wish(testDescription: "a page of a lazy region") { try own.prefault(slot: 30, page: 0x41, pages: 64 - 1, &$0) },
    Wish(testDescription: "one more page for a region") { try own.resize(slot: 32, from: 1, to: 2, &$0) },
    Wish(testDescription: "all there is for a region") { try own.resize(slot: 32, from: 1, to: 1 << 26, &$0) },
    Wish(testDescription: "an endpoint") { try own.createEndpoint(slot: 31, &$0) },
    Wish(testDescription: "a thread") { try own.createThread(slot: 31, &$0) },
    Wish(testDescription: "a name for its stack") { try own.share(slot: 82, to: 31, &$0) },
  ]

  @Test(
    "is refused with both numbers, as quickly the thousandth time as the first, and nothing has changed",
    arguments: wishes)
  private func constant(_ wish: Wish) throws {
    let neighbours = try Neighbours()
    let before = try Books(neighbours.system)
    var costs: Set<Int> = []
    for _ in 0..<1000 {
      costs.insert(
        neighbours.cost(of: Neighbours.greedy) { gate in
          let refusal = #expect(throws: MemoryRefusal.self) { try wish.request(&gate) }
          #expect(refusal?.cause == .service(.quotaExceeded) && refusal?.limit == 0 && refusal?.value ?? 0 > 0)
        })
    }
    // Whatever it asked for: a few questions, what was taken out, and what was put back.
    #expect(costs.count == 1 && costs.first ?? .max <= 16, "\(costs)")
    neighbours.act(as: nil)
    #expect(try Books(neighbours.system).differences(before) == [])
  }

  @Test("costs its neighbour nothing: a request takes as many kernel calls as if nobody had asked in vain")
  func neighbour() throws {
    let neighbours = try Neighbours()
    func work() throws -> [Int] {
      try [
        neighbours.cost(of: Neighbours.modest) { gate in
          try own.allocate(slot: 31, page: 0x4_0000, pages: 100, rights: [.read, .write], &gate)
        },
        neighbours.cost(of: Neighbours.modest) { gate in try own.createEndpoint(slot: 32, &gate) },
        neighbours.cost(of: Neighbours.modest) { gate in try own.free(slot: 31, &gate) },
        neighbours.cost(of: Neighbours.modest) { gate in try gate.drop(32) },
      ]
    }
    _ = try work()
    let alone = try work()
    for wish in Self.wishes {
      for _ in 0..<50 {
        _ = neighbours.cost(of: Neighbours.greedy) { gate in
          #expect(throws: MemoryRefusal.self) { try wish.request(&gate) }
        }
      }
      #expect(try work() == alone, "\(wish.testDescription)")
    }
  }

  @Test("takes its turn: who asks while it is being refused is served next, before it can ask again")
  func turns() throws {
    let neighbours = try Neighbours()
    let machine = neighbours.system.machine
    neighbours.act(as: Neighbours.modest)
    let modest = machine.current
    neighbours.act(as: Neighbours.greedy)
    let greedy = machine.current
    var (request, wish) = (Message(), Message())
    MemoryInterface.Request.allocate(slot: 31, page: 0x3_0000, pages: 2, rights: 3).encode(into: &request)
    MemoryInterface.Request.allocate(slot: 31, page: 0x3_0000, pages: 1 << 26, rights: 3).encode(into: &wish)
    request.label |= MemoryInterface.version << 16
    wish.label |= MemoryInterface.version << 16
    (request.handle, wish.handle) = (1, 1)
    for _ in 0..<20 {
      // Both may run; the greedy one has just been let in.
      try neighbours.letBothRun()
      machine.makeCurrent(greedy)
      machine.invoke(.call, wish)
      #expect(machine.current == neighbours.system.serverThread)
      machine.makeCurrent(modest)
      machine.invoke(.call, request)
      #expect(machine.kernel.thread(modest).pointee.state == ThreadState.calling)
      neighbours.system.serve()
      // Both have their answers, and the greedy one has not made another call yet.
      #expect(machine.message(of: greedy).label & 0xffff == MemoryInterface.Reason.quotaExceeded.rawValue)
      #expect(machine.message(of: modest)[0] == 0x3_0000 && machine.message(of: modest).label == 0)
      _ = try neighbours.cost(of: Neighbours.modest) { gate in try own.free(slot: 31, &gate) }
    }
    neighbours.act(as: nil)
    #expect(machine.audit() == [])
  }
}
