import ABI
import Interfaces
import KernelCore
import MemoryCore
import Runtime
import Testing

private let own = Client<MemoryInterface>.own

/// A request that takes frames, and what must be there before it.
struct Asked: CustomTestStringConvertible, Sendable {
  /// Whose account pays.
  enum Payer { case caller, child, nobody }

  var testDescription: String
  /// The entry whose task asks; nil: init does.
  var entry: Int?
  var payer: Payer
  var prepare: @Sendable (TestSystem, inout ClientGate) throws -> Void
  var request: @Sendable (TestSystem, inout ClientGate) throws -> Void

  init(
    _ name: String, by entry: Int? = nil, payer: Payer = .caller,
    after prepare: @escaping @Sendable (TestSystem, inout ClientGate) throws -> Void = { _, _ in },
    _ request: @escaping @Sendable (TestSystem, inout ClientGate) throws -> Void
  ) {
    (testDescription, self.entry, self.payer, self.prepare, self.request) = (name, entry, payer, prepare, request)
  }

  /// A system in which the request can be made.
  func system() throws -> TestSystem {
    let system = try TestSystem()
    if let entry {
      try system.load(entry, slot: 20)
      try system.start(slot: 20)
    }
    var gate = system.client
    try prepare(system, &gate)
    return system
  }

  /// The account that pays.
  func account(_ system: TestSystem) -> UInt64? {
    switch payer {
    case .caller: system.running
    case .child: system.task(inSlot: 20)
    case .nobody: nil
    }
  }

  /// Last page of a GiB: what starts here needs tables on both sides.
  static let edge: UInt64 = 0x7_ffff

  static let child: @Sendable (TestSystem, inout ClientGate) throws -> Void = { system, _ in
    try system.load(3, slot: 20)
  }

  static func allocated(
    _ pages: UInt64, at page: UInt64
  ) -> @Sendable (TestSystem, inout ClientGate) throws -> Void {
    { _, gate in try own.allocate(slot: 30, page: page, pages: pages, rights: [.read, .write], &gate) }
  }

  static let all: [Asked] = [
    Asked("allocate, tables there") { _, gate in
      try own.allocate(slot: 30, page: 0x30, pages: 5, rights: [.read, .write], &gate)
    },
    Asked("allocate, across a GiB") { _, gate in
      try own.allocate(slot: 30, page: edge, pages: 3, rights: [.read, .write], &gate)
    },
    Asked("allocate, the server chooses, for another task", payer: .child, after: child) { _, gate in
      try own.allocate(slot: 30, page: 0, pages: 2, rights: [.read, .write], task: 20, &gate)
    },
    Asked("load, shown where it lies", payer: .child, after: child) { _, gate in
      try own.load(
        slot: 30, page: edge, offset: 0, filePages: 3, memoryPages: 3, rights: [.read, .execute], task: 20, &gate)
    },
    Asked("load, copied", payer: .child, after: child) { _, gate in
      try own.load(
        slot: 30, page: edge, offset: 0, filePages: 2, memoryPages: 3, rights: [.read, .write], task: 20, &gate)
    },
    Asked(
      "prefault, across a GiB",
      after: { _, gate in try own.reserve(slot: 30, page: edge - 3, pages: 8, rights: [.read, .write], &gate) }
    ) { _, gate in try own.prefault(slot: 30, page: edge, pages: 1, &gate) },
    Asked(
      "decommit, of a block", payer: .nobody,
      after: { _, gate in
        try own.reserve(slot: 30, page: 0x8_0000, pages: 512, fit: .block, &gate)
        try own.prefault(slot: 30, page: 0x8_0000, pages: 512, &gate)
      }
    ) { _, gate in try own.decommit(slot: 30, page: 0x8_0001, pages: 1, &gate) },
    Asked("resize, longer, tables there", after: allocated(5, at: 0x30)) { _, gate in
      try own.resize(slot: 30, from: 5, to: 9, &gate)
    },
    Asked("resize, longer, across a GiB", after: allocated(3, at: edge - 3)) { _, gate in
      try own.resize(slot: 30, from: 3, to: 9, &gate)
    },
    Asked(
      "resize, longer, over the end of a block, of another task", payer: .child,
      after: { system, gate in
        try child(system, &gate)
        try own.allocate(slot: 30, page: 0x8_0000, pages: 512, rights: [.read, .write], task: 20, &gate)
        try own.resize(slot: 30, from: 512, to: 500, task: 20, &gate)
      }
    ) { _, gate in try own.resize(slot: 30, from: 500, to: 515, task: 20, &gate) },
    Asked(
      "resize, longer, of a home",
      after: { system, gate in
        try allocated(3, at: edge - 3)(system, &gate)
        try own.share(slot: 30, to: 31, &gate)
        try own.show(memory: 31, slot: 32, page: 0x9_0000, pages: 3, rights: .read, &gate)
      }
    ) { _, gate in try own.resize(slot: 30, from: 3, to: 9, &gate) },
    Asked("createTask") { _, gate in _ = try own.createTask(entry: 4, slot: 20, &gate) },
    Asked("createEndpoint", payer: .child, after: child) { _, gate in
      try own.createEndpoint(slot: 30, task: 20, &gate)
    },
    Asked("createNotification", payer: .child, after: child) { _, gate in
      try own.createNotification(slot: 30, task: 20, &gate)
    },
    Asked("createThread", payer: .child, after: child) { _, gate in
      try own.createThread(slot: 30, task: 20, &gate)
    },
    Asked("createThread, of one's own") { _, gate in try own.createThread(slot: 30, &gate) },
    Asked("share", after: { _, gate in try own.reserve(slot: 30, page: edge, pages: 4, &gate) }) { _, gate in
      try own.share(slot: 30, to: 31, &gate)
    },
    Asked("lease, pages", by: 2) { _, gate in _ = try own.lease("uart", index: 0, slot: 30, page: edge, &gate) },
    Asked("lease, across a GiB", by: 3) { _, gate in _ = try own.lease("big", index: 0, slot: 30, page: edge, &gate) },
    Asked("lease, blocks", by: 3) { _, gate in _ = try own.lease("big", index: 0, slot: 30, page: 0x8_0000, &gate) },
    Asked(
      "allocateDMA, across a GiB", by: 5,
      after: { _, gate in _ = try own.lease("all", index: 0, slot: 31, page: 0x180, &gate) }
    ) { _, gate in
      _ = try own.allocateDMA(lease: 31, slot: 30, page: edge - 1, pages: 4, alignment: 0x4000, &gate)
    },
    Asked(
      "allocateDMA, three pages wherever they lie", by: 5,
      after: { _, gate in _ = try own.lease("all", index: 0, slot: 31, page: 0x180, &gate) }
    ) { _, gate in _ = try own.allocateDMA(lease: 31, slot: 30, pages: 3, &gate) },
    Asked("interrupt", by: 2) { _, gate in try own.interrupt("uart", index: 0, slot: 30, &gate) },
    Asked(
      "attach", by: 2, payer: .nobody,
      after: { _, gate in _ = try own.lease("gic", index: 0, slot: 31, page: 0x180, &gate) }
    ) { _, gate in try own.attach(&gate) },
    Asked("mapLog") { _, gate in try own.mapLog(slot: 30, page: edge, &gate) },
    Asked("mapBundle") { _, gate in _ = try own.mapBundle(slot: 30, page: edge, &gate) },
  ]
}
