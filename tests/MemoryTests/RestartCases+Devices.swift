import ABI
import Interfaces
import MemoryCore
import Runtime
import TestSupport
import Testing

private let own = Client<MemoryInterface>.own

// Leases, interrupts, and memory for a device.
extension RestartTests {
  @Sendable static func virtioRuns(_ system: TestSystem) throws {
    try system.load(5, slot: 20)
    try system.start(slot: 20)
  }

  static let devices: [Case] = [
    Case("lease", consoleRuns) { system in
      var gate = system.client
      _ = try own.lease("gic", index: 0, slot: 30, page: 0x4_01f8, &gate)
    },
    Case(
      "releaseLease",
      { system in
        try consoleRuns(system)
        var gate = system.client
        _ = try own.lease("gic", index: 0, slot: 30, page: 0x4_01f8, &gate)
      }
    ) { system in
      var gate = system.client
      try own.releaseLease(slot: 30, &gate)
    },
    Case(
      "allocateDMA",
      { system in
        try virtioRuns(system)
        var gate = system.client
        _ = try own.lease("all", index: 2, slot: 30, page: 0x180, &gate)
      }
    ) { system in
      var gate = system.client
      let memory = try own.allocateDMA(lease: 30, slot: 31, page: 0x4_01fd, pages: 9, alignment: 0x1_0000, &gate)
      #expect(try own.busAddress(slot: 31, &gate) == memory.bus)
      let window = Window(system.machine, task: system.running)
      for page in 0..<9 as Range<UInt64> {
        #expect(window.find(memory.address + page << 12) == memory.bus + page << 12)
      }
    },
    Case(
      "releaseLease, with memory of the device",
      { system in
        try virtioRuns(system)
        var gate = system.client
        _ = try own.lease("all", index: 2, slot: 30, page: 0x180, &gate)
        for slot: UInt64 in 31...33 { _ = try own.allocateDMA(lease: 30, slot: slot, pages: 2, &gate) }
      }
    ) { system in
      var gate = system.client
      try own.releaseLease(slot: 30, &gate)
      try own.free(slot: 32, &gate)
    },
    Case(
      "revokeLease, of two ranges and two interrupts",
      { system in
        try system.load(5, slot: 20)
        let initThread = system.machine.current
        try system.start(slot: 20)
        var gate = system.client
        _ = try own.lease("all", index: 2, slot: 30, page: 0x180, &gate)
        _ = try own.lease("all", index: 3, slot: 31, page: 0x4_01f8, &gate)
        try own.interrupt("all", index: 2, slot: 32, &gate)
        try own.interrupt("all", index: 3, slot: 33, &gate)
        _ = try own.allocateDMA(lease: 31, slot: 34, pages: 3, &gate)
        system.machine.makeCurrent(initThread)
        try gate.suspend(task: 20)
      }
    ) { system in
      var gate = system.client
      try own.revokeLease("all", task: 20, &gate)
    },
    Case("interrupt", consoleRuns) { system in
      var gate = system.client
      try own.interrupt("uart", index: 0, slot: 31, &gate)
    },
    Case(
      "attach",
      { system in
        try consoleRuns(system)
        var gate = system.client
        _ = try own.lease("gic", index: 0, slot: 30, page: 0x180, &gate)
      }
    ) { system in
      var gate = system.client
      try own.attach(&gate)
    },
  ]
}
