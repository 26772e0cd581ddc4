import ABI
import Interfaces
import KernelCore
import Runtime
import Testing

@testable import MemoryCore

private let own = Client<MemoryInterface>.own

/// init, and below it a chain of tasks that may start others: `first` starts `second`, that one `third`.
struct Chain {
  let system: TestSystem
  let initTask: UInt64

  static let services: [TestBundle.Service] = [
    .init(name: "memory", quota: 512), .init(name: "init", quota: 3000, flags: 15),
    .init(name: "first", quota: 1000, flags: 8), .init(name: "second", quota: 500, flags: 8),
    .init(name: "third", quota: 200, flags: 8, grants: [("uart", "arm,pl011")]), .init(name: "other", quota: 20),
  ]

  init() throws {
    system = try TestSystem(services: Self.services)
    initTask = system.running
  }

  /// Each task starts the next one, which runs at once; the last one stays.
  func start(through last: Int) throws {
    for entry in 2...last { try start(entry, slot: 20) }
  }

  /// Starts a task above the one that runs.
  func start(_ entry: Int, slot: UInt64) throws {
    try system.load(entry, slot: slot)
    try run(slot: slot, priority: 30 + UInt64(entry))
  }

  func run(slot: UInt64, priority: UInt64) throws {
    var gate = system.client
    try gate.start(task: slot, entry: 0x1_0000, stack: 0x20_0000, argument: 0, priority: priority)
  }

  /// What comes next is done by the task that waits behind the running one: this one receives and never returns.
  func stand() throws {
    var gate = system.client
    try own.createEndpoint(slot: 40, &gate)
    system.machine.invoke(.receive, Message(handle: 40))
  }

  /// A task's quota, use, children and what it gave them.
  func account(_ task: UInt64) -> [UInt64] {
    let words = system.machine.kernel.task(task).pointee
    return [words.quota, words.used, words.children, words.given]
  }
}

@Suite("Accounts") struct QuotaTests {
  @Test("a task's quota comes out of the account of whoever starts it, and its end brings it back to the frame")
  func lent() throws {
    let chain = try Chain()
    let system = chain.system
    var gate = system.client
    let (before, account) = (try Books(system), chain.account(chain.initTask))
    for _ in 0..<3 {
      try system.load(2, slot: 20)
      #expect(chain.account(chain.initTask) == [3000, account[1] + 1000, 1, 1000])
      try system.load(3, slot: 21)
      #expect(chain.account(chain.initTask) == [3000, account[1] + 1500, 2, 1500])
      try own.destroyTask(20, &gate)
      try own.destroyTask(21, &gate)
      for slot: UInt64 in [20, 21] { try gate.drop(slot) }
      #expect(try Books(system).differences(before) == [])
    }
  }

  @Test("who cannot pay a task's quota is told what it needs and what is left, and nothing has changed")
  func poor() throws {
    let chain = try Chain()
    var gate = chain.system.client
    let left = 3000 - chain.account(chain.initTask)[1]
    try own.allocate(slot: 30, page: 0x1000, pages: left - 999 - 1, rights: [.read, .write], &gate)
    let account = chain.account(chain.initTask)
    let before = try Books(chain.system)
    #expect(throws: MemoryRefusal(.quotaExceeded, 1000, limit: 3000 - account[1])) {
      _ = try own.createTask(entry: 2, slot: 20, &gate)
    }
    #expect(try Books(chain.system).differences(before) == [])
    _ = try own.createTask(entry: 3, slot: 20, &gate)
  }

  @Test("a running task gives a task that it started more, and takes back what that one does not use, to the frame")
  func moved() throws {
    let chain = try Chain()
    let system = chain.system
    var gate = system.client
    try system.load(2, slot: 20)
    let child = system.task(inSlot: 20)
    let used = chain.account(child)[1]
    let all = 3000 - (chain.account(chain.initTask)[1] - 1000)
    for quota in [all, used, 600, 600, 601, used + 1] {
      let done = try own.setQuota(quota, task: 20, &gate)
      #expect(done == QuotaFacts(Message(all - quota, used)))
      #expect(chain.account(child) == [quota, used, 0, 0])
      #expect(chain.account(chain.initTask) == [3000, 3000 - all + quota, 1, quota])
      let session = try gate.inspectHandle(20).value
      #expect(try own.task(at: session, &gate).quota == quota)
      #expect(system.machine.audit() == [])
    }
    // One frame: the page, for the table is there.
    try own.allocate(slot: 30, page: 0x30, pages: 1, rights: [.read, .write], task: 20, &gate)
    #expect(throws: MemoryRefusal(.quotaExceeded, 1, limit: 0)) {
      try own.allocate(slot: 31, page: 0x32, pages: 1, rights: [.read, .write], task: 20, &gate)
    }
    try own.setQuota(used + 2, task: 20, &gate)
    try own.allocate(slot: 31, page: 0x32, pages: 1, rights: [.read, .write], task: 20, &gate)
  }

  @Test("a quota that may not be is refused with what there is, and nothing has changed")
  func badQuota() throws {
    let chain = try Chain()
    let system = chain.system
    var gate = system.client
    try system.load(2, slot: 20)
    try own.createEndpoint(slot: 25, &gate)
    try gate.copy(20, to: 26, rights: Rights.Task.memory.rawValue)
    let used = chain.account(system.task(inSlot: 20))[1]
    let left = 3000 - chain.account(chain.initTask)[1]
    let kind = ObjectKind.task.rawValue
    let before = try Books(system)
    let rows: [(UInt64, UInt64, MemoryRefusal)] = [
      (1000 + left + 1, 20, MemoryRefusal(.quotaExceeded, left + 1, limit: left)),
      (.max, 20, MemoryRefusal(.quotaExceeded, .max - 1000, limit: left)),
      (1 << 63, 20, MemoryRefusal(.quotaExceeded, 1 << 63 - 1000, limit: left)),
      (used - 1, 20, MemoryRefusal(.kernel(.busy), used, limit: used - 1)),
      (0, 20, MemoryRefusal(.kernel(.busy), used, limit: 0)),
      (500, 0, MemoryRefusal(.interface(.handleNeeded), 0, limit: kind)),
      (500, 25, MemoryRefusal(.interface(.handleNeeded), ObjectKind.endpoint.rawValue, limit: kind)),
      (500, 26, MemoryRefusal(.kernel(.missingRight), 1, limit: 3)),
    ]
    for (quota, task, refusal) in rows {
      #expect(throws: refusal, "\(quota) for slot \(task)") { try own.setQuota(quota, task: task, &gate) }
      #expect(try Books(system).differences(before) == [], "\(quota) for slot \(task)")
    }
    // A task that somebody else started: init's second one gets the handle of the first.
    try system.load(3, slot: 21)
    try gate.copy(20, to: 30, task: 21)
    try gate.copy(21, to: 31, task: 21)
    try system.start(slot: 21)
    let session = try gate.inspectHandle(1).value
    #expect(throws: MemoryRefusal(.kernel(.notPermitted), session)) { try own.setQuota(900, task: 30, &gate) }
    #expect(throws: MemoryRefusal(.kernel(.notPermitted), session)) { try own.setQuota(900, task: 31, &gate) }
    #expect(system.machine.audit() == [])
  }

  @Test("with a task end those that it started, from the last of them up, and every frame and device comes back")
  func subtree() throws {
    let chain = try Chain()
    let system = chain.system
    var gate = system.client
    let before = try Books(system)
    try chain.start(through: 4)
    try own.allocate(slot: 30, page: 0x1000, pages: 50, rights: [.read, .write], &gate)
    _ = try own.lease("uart", index: 0, slot: 31, page: 0x180, &gate)
    try own.share(slot: 30, to: 32, &gate)
    #expect(try own.task(at: 1, &gate).given == 3000)
    for _ in 0..<3 { try chain.stand() }
    #expect(system.running == chain.initTask)
    #expect(chain.account(chain.initTask)[2...] == [1, 1000])
    try own.destroyTask(20, &gate)
    try gate.drop(20)
    #expect(try Books(system).differences(before) == [])
    let sessions = system.server.sessions.count
    #expect(sessions == 1)
    // Who faults below somebody that ends is told to nobody any more.
    #expect(throws: MemoryRefusal(.noEvent)) { _ = try own.nextEvent(&gate) }
  }

  @Test("a task may not end itself, nor one on whose quota it lives; a sister it may, with the handle")
  func above() throws {
    let chain = try Chain()
    let system = chain.system
    var gate = system.client
    try system.load(2, slot: 20)
    try gate.copy(20, to: 50, task: 20)
    try system.start(slot: 20)
    let session = try gate.inspectHandle(1).value
    try system.load(3, slot: 20)
    try system.load(5, slot: 21)
    try gate.copy(50, to: 50, task: 20)
    try gate.copy(20, to: 51, task: 20)
    try gate.copy(21, to: 52, task: 20)
    try chain.run(slot: 20, priority: 40)
    #expect(throws: MemoryRefusal(.notPermitted, session)) { try own.destroyTask(50, &gate) }
    let itself = try gate.inspectHandle(51).value
    #expect(throws: MemoryRefusal(.notPermitted, itself)) { try own.destroyTask(51, &gate) }
    try own.destroyTask(52, &gate)
    #expect(system.machine.audit() == [])
  }

  @Test("a task that crashes and is started anew has the same quota, and its starter the same left, however often")
  func restarted() throws {
    let chain = try Chain()
    let system = chain.system
    var gate = system.client
    try own.createNotification(slot: 25, &gate)
    try own.supervise(notification: 25, &gate)
    var first: Books?
    for round in 0..<5 {
      let left = 3000 - chain.account(chain.initTask)[1]
      try system.load(2, slot: 20)
      try system.start(slot: 20)
      try system.load(5, slot: 21)
      system.machine.fault(syndrome: 0x9200_0046, address: 0x10)
      system.serve()
      #expect(system.running == chain.initTask && 3000 - chain.account(chain.initTask)[1] == left - 1000)
      #expect(try own.nextEvent(&gate).kind == .faulted)
      try own.destroyTask(20, &gate)
      try gate.drop(20)
      let books = try Books(system)
      if let first { #expect(books.differences(first) == [], "round \(round)") } else { first = books }
    }
  }
}
