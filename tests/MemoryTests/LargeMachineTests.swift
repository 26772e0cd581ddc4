import ABI
import Interfaces
import KernelCore
import Machine
import TestSupport
import Testing

@testable import MemoryCore

private let own = Client<MemoryInterface>.own

/// 256 GiB of RAM, of which the host brings what is touched: the ledger, the index, and the pages that are mapped.
@Suite("A machine with 256 GiB") struct LargeMachineTests {
  private static let sections = 8192
  private static let frames = UInt64(sections) * Geometry.sectionFrames
  private static let first: UInt64 = 0x4_0000

  @Test("boot and what the server holds do not depend on RAM") func boot() throws {
    let (small, large) = (try TestSystem(), try TestSystem(frames: Self.frames))
    #expect(large.server.index.sections == 1 && large.server.allSections == Self.sections)
    #expect(large.machine.usedFrames.map(\.frame).count == small.machine.usedFrames.count + Self.ledgerOfOneGiB)
    #expect(large.machine.kernel.facts.bootFrames == small.machine.kernel.facts.bootFrames)
    #expect(large.server.freeFrames == Self.frames - Geometry.sectionFrames + UInt64(large.server.index.freeFrames))
  }
  /// Frames of ledger that the image's GiB has where it is RAM as a whole, more than where it is one section.
  private static let ledgerOfOneGiB = 512 - 16

  @Test("the server claims all of it, gives out every section and takes them back, and the index is the ledger's")
  func all() throws {
    let system = try TestSystem(frames: Self.frames, claimsAll: true)
    #expect(system.server.index.sections == Self.sections && system.server.unclaimedFrames == 0)
    #expect(system.server.reserve.count == Reserve.capacity)
    let last = Self.first + Self.frames - 1
    #expect(system.machine.kernel.isClaimed(last) && system.machine.kernel.ledger(last).pointee.isFree)
    #expect(system.frees == UInt64(system.machine.freeFrames()))
    try check(system)
    // Half a section at once is the most that any has: its index lies on its first frames.
    var given: [Int] = []
    while let run = system.server.index.allocate(order: 12) { given.append(run) }
    #expect(given == (0..<Self.sections).map { $0 * section + section / 2 })
    var random = Seeded(state: 1)
    given.shuffle(using: &random)
    for run in given {
      let isFreed = system.server.index.free(FrameRun(first: run, count: section / 2))
      #expect(isFreed)
    }
    try check(system)
    #expect(system.machine.kernel.machine.violations == [])
  }

  /// Sections at the start, in the middle and at the end, and with the last one the count of all.
  private func check(_ system: TestSystem) throws {
    var gate = system.client
    for number in [0, 1, 31, 32, 4095, 4096, 8190, 8191] as [UInt64] {
      let found = try own.verify(section: number, &gate)
      #expect(found.differing == 0 && found.sections == UInt64(Self.sections), "section \(number)")
      #expect(found.freeByIndex == found.freeByLedger && found.freeByLedger > 5000, "section \(number)")
    }
  }

  @Test("pages, blocks, tables and objects lie in any of its sections, and their frames come back")
  func anywhere() {
    let system = SimulatedSystem(frames: Self.frames)
    let server = system.memoryServer
    let end = (Self.first + Self.frames) >> 13
    #expect(system.call(server, .claim, Message(end, handle: 2)).refusal == Refusal(.outOfRange, end, limit: end))
    var page: UInt64 = 0x10_0000
    for number in [end - 1, 0x1020, 0x21, 0x3f, 0x101f] as [UInt64] {
      #expect(system.must(server, .claim, Message(number, handle: 2))[0] == 0, "a GiB that is RAM as a whole")
      #expect(system.call(server, .claim, Message(number, handle: 2)).refusal == Refusal(.busy, number))
      let (frame, free) = (number << 13 + 512, system.freeFrames())
      system.must(server, .region, Message(40, page, 1024, 3))
      let mapped = system.must(server, .map, Message(40, page, 512, frame + 512, frame, frame + 1, 2))
      #expect(
        system.kernel.ledger(frame + 1023).pointee
          == .privatePage(task: DirectMap.frame(system.server), page: page + 511))
      system.must(server, .map, Message(40, page + 513, 1, frame + 3, frame + 1, frame + 2, 2))
      let seen = system.pages(of: server)
      #expect(seen[page] == SeenPage(frame: frame + 512, rights: 3, level: 2))
      #expect(seen[page + 513] == SeenPage(frame: frame + 3, rights: 3))
      #expect(mapped[1] & 1 == 1 && system.kernel.ledger(frame).pointee.kind == .table)
      // A task, and an endpoint on the first of its frames of objects.
      system.must(server, .create, Message(0, 3, frame + 4, 50, 0, 16, Name("far").word, frame + 5, handle: 2))
      #expect(system.must(server, .create, Message(50, 1, frame + 6, 51, handle: 2))[0] == frame + 6)
      for object in [frame + 4, frame + 6] {
        #expect(system.kernel.ledger(object).pointee.kind == .objects)
        #expect(system.kernel.ledger(object).pointee.task == frame + 4)
      }
      #expect(system.audit() == [], "section \(number)")
      while system.must(server, .destroy, Message(handle: 50))[1] == 0 {}
      system.must(server, .drop, Message(handle: 51))
      for _ in 0..<2 { system.must(server, .unmap, Message(40, page, 1024, 0, 0, 0, 2)) }
      system.must(server, .drop, Message(handle: 40))
      #expect(system.freeFrames() == free && system.audit() == [], "section \(number)")
      page += 0x8_0000
    }
  }
}
