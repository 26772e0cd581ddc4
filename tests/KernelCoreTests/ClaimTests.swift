import ABI
import KernelCore
import TestSupport
import Testing

@Suite("Claiming RAM")
struct ClaimTests {
  static let mebibyte: UInt64 = 256
  static let first: UInt64 = 0x4_0000

  @Test("sections have their words, fixed frames stay fixed, and a ragged end is no more than it is")
  func sections() {
    // 193 MiB are used as 192; a section more is 10 MiB.
    let frames = 192 * Self.mebibyte + 10 * Self.mebibyte
    let system = SimulatedSystem(frames: frames)
    let before = system.freeFrames()
    for section in 0x21..<0x26 as Range<UInt64> {
      system.must(system.memoryServer, .claim, Message(section, handle: 2))
    }
    #expect(system.freeFrames() == before + 5 * 8192)
    system.must(system.memoryServer, .claim, Message(0x26, handle: 2))
    #expect(system.freeFrames() == before + 5 * 8192 + 2560)
    #expect(system.call(system.memoryServer, .claim, Message(0x27, handle: 2)).refusal?.status == .outOfRange)
    let last = Self.first + frames - 1
    #expect(system.kernel.ledger(last).pointee == .free)
    #expect(system.kernel.isClaimed(last) == true)
    // The ledger has 8 bytes a frame: 101 frames.
    #expect(system.kernel.ledger(Self.first + 100).pointee == .fixed)
    #expect(system.kernel.ledger(Self.first + 101).pointee == .free)
    #expect(system.audit() == [])
  }

  /// What the kernel's half maps at a frame: the frames of the entry, or nothing.
  private func isMapped(_ system: SimulatedSystem, _ frame: UInt64) -> Bool {
    let entry = system.kernel.machine.kernelRootEntry(frame >> 18)
    guard entry & 1 == 1 else { return false }
    if entry & 2 == 0 { return entry >> 12 & 0xf_ffff_ffff == frame & ~0x3_ffff }
    let block = system.kernel.machine.descriptor(table: entry >> 12 & 0xf_ffff_ffff, index: frame >> 9 & 511)
    return block & 3 == 1 && block >> 12 & 0xf_ffff_ffff == frame & ~511
  }

  private static let orders: [[UInt64]] = [[0x40, 0x41, 0x5f], [0x5f, 0x40, 0x41], [0x41, 0x5f, 0x40]]

  @Test("a GiB of RAM is one block, whichever of its sections comes first", arguments: orders)
  func wholeGigabyte(order: [UInt64]) {
    let system = SimulatedSystem(frames: 2048 * Self.mebibyte)
    for section in order {
      #expect(system.must(system.memoryServer, .claim, Message(section, system.takeFrames(), handle: 2))[0] == 0)
      // Until the GiB's first section is claimed nobody writes the words of its first frames.
      if !order.prefix(while: { $0 != section }).contains(0x40), section != 0x40 {
        for frame in 0x8_0000..<0x8_0200 as Range<UInt64> { #expect(system.kernel.ledger(frame).pointee.raw == 0) }
      }
      for claimed in order.prefix(while: { $0 != section }) + [section] {
        for frame in [claimed << 13 + 600, claimed << 13 + 8191] as [UInt64] {
          #expect(system.kernel.ledger(frame).pointee == .free, "frame \(frame) after section \(section)")
        }
      }
    }
    #expect(system.kernel.machine.kernelRootEntry(2) & 3 == 1)
    #expect(system.kernel.ledger(0x8_0000).pointee == .fixed)
    #expect(system.kernel.facts.grownTables == 0)
    #expect(system.kernel.machine.violations == [])
  }

  @Test(
    "a ragged GiB takes one table, and its ledger is mapped whichever section comes first",
    arguments: [0, 2] as [UInt64])
  func raggedGigabyte(section: UInt64) {
    let system = SimulatedSystem(frames: (1024 + 96) * Self.mebibyte)
    let server = system.memoryServer
    #expect(
      system.call(server, .claim, Message(0x40 + section, handle: 2)).refusal == Refusal(.tablesNeeded, 1, limit: 0))
    let table = system.takeFrames()
    #expect(system.must(server, .claim, Message(0x40 + section, table, handle: 2))[0] == table)
    #expect(system.kernel.ledger(table).pointee == .table(level: 2, used: 0, parent: 0, entry: 2))
    #expect(isMapped(system, 0x8_0000))
    #expect(isMapped(system, 0x8_0000 + section << 13))
    #expect(!isMapped(system, 0x8_0000 + 1 << 13))
    for other in [0, 1, 2] as [UInt64] where other != section {
      #expect(system.must(server, .claim, Message(0x40 + other, system.takeFrames(), handle: 2))[0] == 0)
    }
    for frame in [0x8_0000, 0x8_0000 + 96 * Self.mebibyte - 1] as [UInt64] { #expect(isMapped(system, frame)) }
    #expect(!isMapped(system, 0x8_0000 + 96 * Self.mebibyte))
    #expect(system.kernel.facts.grownTables == 1)
    #expect(system.kernel.machine.violations == [])
  }

  @Test("a table, a page or a task never takes a frame that was not claimed")
  func unclaimed() {
    let system = SimulatedSystem(frames: 64 * Self.mebibyte)
    let frame = Self.first + 8192
    system.must(system.memoryServer, .region, Message(40, 0x200, 2, 3))
    let refusal = Refusal(.frameNotClaimed, frame, limit: 0x21)
    let map = system.call(system.memoryServer, .map, Message(40, 0x200, 1, frame, 0, 0, 2))
    #expect(map.refusal == refusal)
    let edge = system.call(system.memoryServer, .map, Message(40, 0x200, 2, frame - 1, 0, 0, 2))
    #expect(edge.refusal == Refusal(.frameNotClaimed, frame - 1, limit: 0x20))
    let spare = Message(40, 0x200, 1, system.takeFrames(), frame, frame + 1, 2)
    #expect(system.call(system.memoryServer, .map, spare).refusal == refusal)
    let object = system.call(system.memoryServer, .create, Message(0, 3, frame, 41, 0, 8, 0, frame + 1, handle: 2))
    #expect(object.refusal == refusal)
    #expect(system.audit() == [])
  }

  @Test("the server sees the ledger of what was claimed, and of nothing else")
  func ledgerView() throws {
    let system = SimulatedSystem(frames: 2048 * Self.mebibyte)
    let server = system.memoryServer
    let view = HandOver.Address.ledger >> 12
    let slot = try #require(
      (HandOver.Slot.regions..<HandOver.Slot.firstFree).first { slot in
        let handle = system.kernel.machine.memory(system.server + 1280 + slot * 32, as: Handle.self).pointee
        return handle.word.kind == .region && handle.region.page == view + Self.first >> 9
      })
    func map(_ page: UInt64, _ count: UInt64) -> Message {
      system.call(server, .map, Message(slot, page, count, 0, system.takeFrames(), system.takeFrames(), 2))
    }
    let second = view + Self.first >> 9 + 16
    #expect(map(second, 16).refusal == Refusal(.frameNotClaimed, Self.first + 8192, limit: 0x21))
    system.must(server, .claim, Message(0x21, handle: 2))
    #expect(map(second, 17).refusal == Refusal(.frameNotClaimed, Self.first + 16384, limit: 0x22))
    #expect(map(second, 16).refusal == nil)
    let next = view + 0x8_0000 >> 9
    #expect(map(next, 512).refusal == Refusal(.frameNotClaimed, 0x8_0000, limit: 0x40))
    system.must(server, .claim, Message(0x40, handle: 2))
    #expect(map(next, 512).refusal == nil)
    let seen = system.pages(of: server)
    #expect(seen[second] == SeenPage(frame: Self.first + 16, rights: 1))
    #expect(seen[next + 511] == SeenPage(frame: 0x8_0000 + 511, rights: 1, level: 2))
    #expect(system.call(server, .unmap, Message(slot, next, 512)).refusal == nil)
    #expect(system.kernel.machine.violations == [])
  }
}
