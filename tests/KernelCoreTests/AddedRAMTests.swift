import ABI
import KernelCore
import TestSupport
import Testing

@Suite("RAM that comes later")
struct AddedRAMTests {
  /// A machine whose boot uses all of GiB 1 but its last block, with addresses up to GiB 5.
  private func system() -> SimulatedSystem {
    SimulatedSystem(frames: 1 << 18 - 512, further: 4 << 18)
  }

  @Test("a range that is told as RAM is claimed, mapped and given back like any other; what lies between stays out")
  func added() {
    let system = system()
    let server = system.memoryServer
    let quota = system.kernel.task(system.server).pointee.quota
    #expect(system.call(server, .claim, Message(0x40, handle: 2)).refusal == Refusal(.outOfRange, 0x40, limit: 0x3f))
    // 66 MiB from GiB 2 on: two sections and a block.
    #expect(system.must(server, .claim, Message(2 << 18, 16896, handle: 3))[0] == quota + 16896)
    #expect(system.must(server, .inspect, Message(10, 0, handle: 2))[1] == 1 << 18 - 512)
    #expect(system.must(server, .inspect, Message(10, 1, handle: 2))[0] == 2 << 18)
    #expect(system.must(server, .inspect, Message(10, 2, handle: 2))[1] == 0)
    let (before, table) = (system.freeFrames(), system.takeFrames())
    #expect(
      system.call(server, .claim, Message(0x40, 0, handle: 2)).refusal == Refusal(.tablesNeeded, 1, limit: 0))
    #expect(system.must(server, .claim, Message(0x42, table, handle: 2))[0] == table)
    system.must(server, .claim, Message(0x40, handle: 2))
    system.must(server, .claim, Message(0x3f, handle: 2))
    #expect(system.call(server, .claim, Message(0x43, handle: 2)).refusal == Refusal(.outOfRange, 0x43, limit: 0x42))
    #expect(system.freeFrames() == before - 1 + 8192 - 33 + 512 + 8192 - 512)
    let first: UInt64 = 2 << 18
    system.must(server, .region, Message(40, 0x200, 1024, 3))
    // Behind boot's RAM, in a section that was claimed, and over the hole: neither is RAM.
    for (frame, count) in [(first - 1, 1), (first - 1, 2), (first - 512, 512), (first + 16896, 1)] as [(UInt64, UInt64)]
    {
      let refusal = system.call(server, .map, Message(40, 0x200, count, frame, 0, 0, 2)).refusal
      #expect(refusal?.status == .frameNotClaimed, "frame \(frame)")
      let spare = Message(40, 0x200, 1, first + 512, frame, first + 513, 2)
      if count == 1 { #expect(system.call(server, .map, spare).refusal?.status == .frameNotClaimed) }
    }
    system.must(server, .map, Message(40, 0x200, 512, first + 16384, first + 40, first + 41, 2))
    #expect(system.pages(of: server)[0x200] == SeenPage(frame: first + 16384, rights: 3, level: 2))
    #expect(system.audit() == [])
    system.must(server, .unmap, Message(40, 0x200, 1024, 0, 0, 0, 2))
    system.must(server, .drop, Message(handle: 40))
    #expect(system.freeFrames() == before - 1 + 8192 - 33 + 512 + 8192 - 512 && system.audit() == [])
  }

  @Test("device space and RAM never overlap, whichever was made first")
  func devices() {
    let system = system()
    let server = system.memoryServer
    func device(_ frame: UInt64, _ frames: UInt64, slot: UInt64) -> Refusal? {
      system.call(
        server, .create, Message(0, ObjectKind.memory.rawValue, system.takeFrames(), slot, 0, frame, frames, handle: 3)
      ).refusal
    }
    #expect(device(3 << 18 + 9, 1, slot: 50) == nil)
    // For who has it may keep it mapped: also when its handle is gone.
    system.must(server, .drop, Message(handle: 50))
    #expect(
      system.call(server, .claim, Message(2 << 18, 2 << 18, handle: 3)).refusal
        == Refusal(.notPermitted, 2 << 18, limit: 3 << 18))
    system.must(server, .claim, Message(2 << 18, 1 << 18, handle: 3))
    for (frame, frames) in [(2 << 18, 1), (3 << 18 - 1, 1), (1 << 19 - 1, 9), (0x9000, 1 << 30)] as [(UInt64, UInt64)] {
      #expect(device(frame, frames, slot: 51)?.status == .notPermitted, "frame \(frame)")
    }
    #expect(
      system.call(server, .claim, Message(2 << 18, 512, handle: 3)).refusal
        == Refusal(.notPermitted, 2 << 18, limit: 3 << 18))
    #expect(system.audit() == [])
  }

  @Test("a ninth range is refused; nobody but who has device space can add one")
  func limits() {
    let system = system()
    let server = system.memoryServer
    for gigabyte in 0..<8 as Range<UInt64> {
      system.must(server, .claim, Message((10 + gigabyte) << 18, 512, handle: 3))
    }
    #expect(system.call(server, .claim, Message(20 << 18, 512, handle: 3)).refusal == Refusal(.busy, 8, limit: 8))
    let task = system.spawn(slot: 40, priority: 10, quota: 20)
    #expect(system.call(task, .claim, Message(21 << 18, 512, handle: 3)).refusal != nil)
    system.must(server, .copy, Message(0, 41, 2, 0, handle: 3))
    #expect(system.call(server, .claim, Message(21 << 18, 512, handle: 41)).refusal?.status == .missingRight)
    #expect(system.call(server, .inspect, Message(10, 0, handle: 3)).refusal?.status == .wrongKind)
  }
}
