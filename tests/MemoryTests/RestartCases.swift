import ABI
import Interfaces
import KernelCore
import MemoryCore
import Runtime
import Testing

private let own = Client<MemoryInterface>.own

// Requests before each of whose kernel calls the server dies.
extension RestartTests {
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

  @Sendable static func clockIsMade(_ system: TestSystem) throws {
    var gate = system.client
    _ = try own.createTask(entry: 3, slot: 20, &gate)
  }

  @Sendable static func clockIsLoaded(_ system: TestSystem) throws { try system.load(3, slot: 20) }

  static let cases: [Case] = [
    Case("allocate", { _ in }, isAllocated),
    Case("allocate where the server chooses") { system in
      var gate = system.client
      _ = try own.callUntilDone(.allocate(slot: 20, page: 0, pages: 600, rights: 3), &gate)
    },
    Case("free", isAllocated) { system in
      var gate = system.client
      try own.free(slot: 20, &gate)
    },
    Case("protect", isAllocated) { system in
      var gate = system.client
      try own.protect(slot: 20, rights: .read, &gate)
    },
    Case("createTask") { system in
      var gate = system.client
      _ = try own.createTask(entry: 2, slot: 20, &gate)
    },
    Case("load, written", clockIsMade) { system in
      var gate = system.client
      try own.load(
        slot: 80, page: 0x20, offset: 0x3000, filePages: 1, memoryPages: 2, rights: [.read, .write], task: 20, &gate)
    },
    Case("load, in place", clockIsMade) { system in
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
}
