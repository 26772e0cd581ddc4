import ABI
import Interfaces
import KernelCore
import Machine
import MemoryCore
import Runtime
import Testing

private let own = Client<MemoryInterface>.own

// Lazy and shared regions, and the faults that bring their pages.
extension RestartTests {
  /// A write that faults: a translation fault of level 3, a permission fault of level 3. Arm ARM D17.2.37.
  enum Touch: UInt64 {
    case absent = 0x9200_0047
    case forbidden = 0x9200_004f
  }

  /// Touches a page. Where the server died at the fault the kernel lets the thread go on, and it faults again.
  @Sendable static func touch(_ system: TestSystem, _ page: UInt64, _ touch: Touch = .absent) {
    let (thread, restarts) = (system.machine.current, system.restarts)
    for _ in 0..<2 {
      system.machine.kernel.fault(syndrome: touch.rawValue, address: page << 12)
      system.serve()
      #expect(system.machine.current == thread, "the task was stopped")
      if system.restarts == restarts { return }
    }
  }

  /// Slot 20: pages that come with the touch, across two leaf tables.
  @Sendable static func isReserved(_ system: TestSystem) throws {
    var gate = system.client
    try own.reserve(slot: 20, page: 0x4_01f0, pages: 0x240, fit: .block, isGuarded: true, &gate)
  }

  @Sendable static func isBrought(_ system: TestSystem) throws {
    try isReserved(system)
    var gate = system.client
    try own.prefault(slot: 20, page: 0x4_01f0, pages: 0x240, &gate)
  }

  /// Slot 20: pages that are there, across two leaf tables.
  @Sendable static func isAllocated(_ system: TestSystem) throws {
    var gate = system.client
    try own.allocate(slot: 20, page: 0x4_01fe, pages: 9, rights: [.read, .write], &gate)
  }

  /// Slot 21 names it.
  @Sendable static func isShared(_ system: TestSystem) throws {
    try isReserved(system)
    var gate = system.client
    try own.prefault(slot: 20, page: 0x4_01fe, pages: 9, &gate)
    try own.share(slot: 20, to: 21, &gate)
  }

  /// Slot 22 shows it, and copies on write.
  @Sendable static func isSealed(_ system: TestSystem) throws {
    try isShared(system)
    var gate = system.client
    try own.seal(slot: 20, &gate)
    try own.show(memory: 21, slot: 22, page: 0x8_0000, pages: 0x40, rights: [.read, .write], copies: true, &gate)
  }

  static let memory: [Case] = [
    Case("reserve", { _ in }, isReserved),
    Case("reserve where the server chooses") { system in
      var gate = system.client
      try own.reserve(slot: 20, pages: 100, &gate)
    },
    Case("prefault", isReserved) { system in
      var gate = system.client
      try own.prefault(slot: 20, page: 0x4_01fe, pages: 0x203, &gate)
    },
    Case("decommit", isBrought) { system in
      var gate = system.client
      try own.decommit(slot: 20, page: 0x4_01fe, pages: 0x101, &gate)
    },
    Case("free of what came with touches", isBrought) { system in
      var gate = system.client
      try own.free(slot: 20, &gate)
    },
    Case("a touch that brings a page", isReserved) { system in touch(system, 0x4_01f1) },
    Case("a touch that brings a block", isReserved) { system in touch(system, 0x4_0305) },
    Case("share", isBrought) { system in
      var gate = system.client
      try own.share(slot: 20, to: 21, &gate)
    },
    Case("show", isShared) { system in
      var gate = system.client
      try own.show(memory: 21, slot: 22, page: 0x8_0000, pages: 0x40, rights: [.read, .write], &gate)
    },
    Case(
      "a touch of what is shown, there and not there",
      { system in
        try isShared(system)
        var gate = system.client
        try own.show(memory: 21, slot: 22, page: 0x8_0000, pages: 0x40, rights: [.read, .write], &gate)
      }
    ) { system in
      touch(system, 0x8_000f)
      touch(system, 0x8_0001)
    },
    Case("seal", isShared) { system in
      var gate = system.client
      try own.seal(slot: 20, &gate)
    },
    Case("a write to what is sealed, which copies", isSealed) { system in
      touch(system, 0x8_000f)
      touch(system, 0x8_000f, .forbidden)
    },
    Case("resize, longer, over leaf tables", isAllocated) { system in
      var gate = system.client
      try own.resize(slot: 20, from: 9, to: 0x240, &gate)
    },
    Case("resize, longer than can be paid, of which some comes", isAllocated) { system in
      var gate = system.client
      let account = system.machine.kernel.task(system.running).pointee
      // Tables are not counted before they are needed.
      let refusal = try #require(throws: MemoryRefusal.self) {
        try own.resize(slot: 20, from: 9, to: 9 + account.quota - account.used, &gate)
      }
      #expect(refusal.cause == .service(.quotaExceeded))
    },
    Case("resize, shorter, over leaf tables", isAllocated) { system in
      var gate = system.client
      try own.resize(slot: 20, from: 9, to: 1, &gate)
    },
    Case("resize of what comes with touches, longer and shorter", isBrought) { system in
      var gate = system.client
      try own.resize(slot: 20, from: 0x240, to: 1 << 18, &gate)
      touch(system, 0x4_1234)
      try own.resize(slot: 20, from: 1 << 18, to: 0x20, &gate)
    },
    Case(
      "resize of what others show, longer and shorter",
      { system in
        try isAllocated(system)
        var gate = system.client
        try own.share(slot: 20, to: 21, &gate)
        try own.show(memory: 21, slot: 22, page: 0x8_0000, pages: 7, rights: [.read, .write], &gate)
      }
    ) { system in
      var gate = system.client
      try own.resize(slot: 20, from: 9, to: 0x240, &gate)
      let refusal = try #require(throws: MemoryRefusal.self) {
        try own.resize(slot: 20, from: 0x240, to: 6, &gate)
      }
      #expect(refusal == MemoryRefusal(.kernel(.regionMapped), DirectMap.frame(system.running), limit: 22))
      try own.resize(slot: 20, from: 0x240, to: 7, &gate)
      #expect(throws: MemoryRefusal(.kernel(.outOfRange), 0, limit: 7)) {
        try own.show(memory: 21, slot: 23, page: 0x8_1000, pages: 8, rights: .read, &gate)
      }
    },
    Case(
      "free of what others show",
      { system in
        try isSealed(system)
        touch(system, 0x8_000f)
      }
    ) { system in
      var gate = system.client
      try own.free(slot: 20, &gate)
    },
  ]
}
