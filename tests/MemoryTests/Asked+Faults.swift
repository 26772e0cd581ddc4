import ABI
import Interfaces
import KernelCore
import MemoryCore
import Testing

private let own = Client<MemoryInterface>.own

// Faults as requests: a task touches a page, and the server brings it or reports both numbers.
extension TestSystem {
  /// The task in init's slot 20 touches a page; afterwards init acts again. Throws what the report says.
  func touch(_ page: UInt64, writes: Bool = false, permission: Bool = false) throws {
    let initThread = machine.current
    let child = task(inSlot: 20) + 256
    var gate = client
    // One that a fault has stopped starts again, as after a repair.
    if machine.kernel.thread(child).pointee.state == ThreadState.idle {
      try gate.start(task: 20, entry: 0x1_0000, stack: 0x20_0000, argument: 0, priority: 30)
    } else {
      try gate.resume(task: 20)
    }
    try #require(machine.current == child)
    let lines = meddling.log.lines.count
    let syndrome: UInt64 = 0x9200_0007 | (writes ? 0x40 : 0) | (permission ? 0x8 : 0)
    machine.fault(syndrome: syndrome, address: page << 12)
    serve()
    if machine.current == child {
      machine.makeCurrent(initThread)
      try gate.suspend(task: 20)
      return
    }
    try #require(machine.current == initThread)
    throw try refusal(in: Array(meddling.log.lines[lines...]))
  }

  /// "… likely the account cannot pay: frames needed, frames left 2, 1; nearest …" as the refusal that it tells of.
  private func refusal(in report: [String]) throws -> MemoryRefusal {
    for line in report {
      guard let found = line.firstMatch(of: /likely (.*): (.*) (\d+), (\d+)(;|$)/) else { continue }
      let value = try #require(UInt64(found.3))
      let limit = try #require(UInt64(found.4))
      for reason in [MemoryInterface.Reason.outOfMemory, .quotaExceeded]
      where "\(reason.words)" == "\(found.1): \(found.2)" { return MemoryRefusal(reason, value, limit: limit) }
    }
    throw Unreported(report: report)
  }

  struct Unreported: Error { var report: [String] }
}

extension Asked {
  /// init's child, running no more; init shares pages with it, of which it shows `pages` from page `at` on.
  static func shared(
    pages: UInt64, at page: UInt64, lazily: Bool = false, copies: Bool = false
  ) -> @Sendable (TestSystem, inout ClientGate) throws -> Void {
    { system, gate in
      let initThread = system.machine.current
      try system.load(3, slot: 20)
      if lazily {
        try own.reserve(slot: 30, page: edge, pages: pages, &gate)
      } else {
        try own.allocate(slot: 30, page: 0x5000, pages: pages, rights: [.read, .write], &gate)
      }
      try own.share(slot: 30, to: 31, &gate)
      if copies { try own.seal(slot: 30, &gate) }
      try gate.copy(31, to: 40, task: 20)
      try system.start(slot: 20)
      let rights: Rights.Memory = copies ? [.read, .write] : .read
      // It shows what is there while no frame for a table is left, so that nothing comes before it is touched.
      let quota = system.machine.kernel.task(system.running).pointee.quota
      system.leave(quota: 0, of: system.running)
      try own.show(memory: 40, slot: 41, page: page, pages: pages, rights: rights, copies: copies, &gate)
      let child = system.machine.kernel.task(system.running).pointee
      system.leave(quota: quota - child.used, of: system.running)
      system.machine.makeCurrent(initThread)
      try gate.suspend(task: 20)
    }
  }

  /// init's child, running no more, with a lazy region of a fit.
  static func lazy(_ page: UInt64, _ pages: UInt64, _ fit: RegionFit)
    -> @Sendable (TestSystem, inout ClientGate) throws
    -> Void
  {
    { system, gate in
      let initThread = system.machine.current
      try system.load(3, slot: 20)
      try own.reserve(slot: 30, page: page, pages: pages, fit: fit, task: 20, &gate)
      try system.start(slot: 20)
      system.machine.makeCurrent(initThread)
      try gate.suspend(task: 20)
    }
  }

  static let faults: [Asked] = [
    Asked("fault of a lazy region, tables there", payer: .child, after: lazy(0x30, 4, .page)) { system, _ in
      try system.touch(0x31, writes: true)
    },
    Asked("fault of a lazy region, without tables", payer: .child, after: lazy(edge, 4, .page)) { system, _ in
      try system.touch(edge + 1, writes: true)
    },
    Asked("fault of a lazy region that may bring 16 pages", payer: .child, after: lazy(0x8_0000, 64, .run)) {
      system, _ in try system.touch(0x8_0015)
    },
    Asked("fault of a lazy region that may bring a block", payer: .child, after: lazy(0x8_0000, 1024, .block)) {
      system, _ in try system.touch(0x8_0215)
    },
    Asked("fault of a shown page, without tables", payer: .child, after: shared(pages: 5, at: edge - 2)) {
      system, _ in try system.touch(edge - 1)
    },
    Asked(
      "fault of a shown page that its lazy home has not brought", payer: .child,
      after: shared(pages: 5, at: edge - 2, lazily: true)
    ) { system, _ in try system.touch(edge) },
    Asked(
      "fault of a shown page that its lazy home has not brought, paid by the home",
      after: shared(pages: 5, at: edge - 2, lazily: true)
    ) { system, _ in try system.touch(edge) },
    Asked(
      "fault of a page that is copied when it is written", payer: .child,
      after: { system, gate in
        try shared(pages: 5, at: edge - 2, copies: true)(system, &gate)
        try system.touch(edge)
      }
    ) { system, _ in try system.touch(edge, writes: true, permission: true) },
  ]

  /// What gives back but for a table: where the end of a region comes to lie within a block.
  static let cuts: [Asked] = [
    Asked("resize, shorter, in a block", payer: .nobody, after: allocated(700, at: 0x8_0000)) { _, gate in
      try own.resize(slot: 30, from: 700, to: 100, &gate)
    },
    Asked(
      "resize, shorter, of a home, in a block", payer: .nobody,
      after: { system, gate in
        try allocated(700, at: 0x8_0000)(system, &gate)
        try own.share(slot: 30, to: 31, &gate)
      }
    ) { _, gate in try own.resize(slot: 30, from: 700, to: 100, &gate) },
    Asked(
      "resize, shorter, lazy, in a block", payer: .nobody,
      after: { _, gate in
        try own.reserve(slot: 30, page: 0x8_0000, pages: 1 << 20, fit: .block, &gate)
        try own.prefault(slot: 30, page: 0x8_0200, pages: 600, &gate)
      }
    ) { _, gate in try own.resize(slot: 30, from: 1 << 20, to: 0x203, &gate) },
  ]

  /// Memory of a device in slot 30, its lease in slot 31.
  private static let deviceMemory: @Sendable (TestSystem, inout ClientGate) throws -> Void = { _, gate in
    _ = try own.lease("all", index: 0, slot: 31, page: 0x180, &gate)
    _ = try own.allocateDMA(lease: 31, slot: 30, page: edge, pages: 3, &gate)
  }

  /// What gives back, takes rights away or only promises; it needs no frame.
  static let free: [Asked] = [
    Asked("reserve") { _, gate in try own.reserve(slot: 34, page: edge, pages: 1 << 20, &gate) },
    Asked("free", after: { _, gate in try own.allocate(slot: 34, page: edge, pages: 700, rights: .read, &gate) }) {
      _, gate in try own.free(slot: 34, &gate)
    },
    Asked("protect", after: { _, gate in try own.allocate(slot: 34, page: edge, pages: 700, rights: .read, &gate) }) {
      _, gate in try own.protect(slot: 34, rights: [.read, .write], &gate)
    },
    Asked(
      "decommit, whole blocks and pages",
      after: { _, gate in
        try own.reserve(slot: 34, page: 0x8_0000, pages: 1030, fit: .block, &gate)
        try own.prefault(slot: 34, page: 0x8_0000, pages: 1030, &gate)
      }
    ) { _, gate in try own.decommit(slot: 34, page: 0x8_0200, pages: 518, &gate) },
    Asked(
      "resize, shorter", after: { _, gate in try own.allocate(slot: 34, page: edge, pages: 700, rights: .read, &gate) }
    ) {
      _, gate in try own.resize(slot: 34, from: 700, to: 1, &gate)
    },
    Asked(
      "resize, lazy, both ways",
      after: { _, gate in
        try own.reserve(slot: 34, page: 0x8_0000, pages: 1030, fit: .block, &gate)
        try own.prefault(slot: 34, page: 0x8_0000, pages: 1030, &gate)
      }
    ) { _, gate in
      try own.resize(slot: 34, from: 1030, to: 1 << 20, &gate)
      try own.resize(slot: 34, from: 1 << 20, to: 512, &gate)
    },
    Asked("seal", after: shared(pages: 700, at: edge)) { system, gate in
      try own.seal(slot: 30, &gate)
    },
    Asked("free, of pages that another shows", after: shared(pages: 700, at: edge)) { _, gate in
      try own.free(slot: 30, &gate)
    },
    Asked("show, of which nothing can come yet", after: shared(pages: 5, at: edge)) { _, gate in
      try own.show(memory: 31, slot: 35, page: 0x9_0000, pages: 5, rights: .read, &gate)
    },
    Asked("setQuota, to what is used", after: child) { system, gate in
      try own.setQuota(system.machine.kernel.task(system.task(inSlot: 20)).pointee.used, task: 20, &gate)
    },
    Asked("allocateDMA, that was served before", by: 5, after: deviceMemory) { _, gate in
      _ = try own.allocateDMA(lease: 31, slot: 30, page: edge, pages: 3, &gate)
    },
    Asked("releaseLease, with memory of the device", by: 5, after: deviceMemory) { _, gate in
      try own.releaseLease(slot: 31, &gate)
    },
    Asked(
      "free, of what was a device's", by: 5,
      after: { system, gate in
        try deviceMemory(system, &gate)
        try own.releaseLease(slot: 31, &gate)
      }
    ) { _, gate in try own.free(slot: 30, &gate) },
    Asked("destroyTask", after: child) { _, gate in try own.destroyTask(20, &gate) },
  ]
}
