import ABI
import KernelCore
import Machine
import TestSupport
import Testing

@Suite("Pages that are copied when they are written")
struct CopyOnWriteTests {
  let space = Space(quota: 64)
  let other: Actor
  let home: UInt64
  let frames: UInt64
  var system: SimulatedSystem { space.system }
  var server: Actor { system.memoryServer }
  /// The region that copies: 32 pages from 0x400 on, of which all are mapped.
  let copying: UInt64 = 30

  init() {
    home = space.region(0x200, 32)
    frames = space.system.takeFrames(34, aligned: 16)
    let (system, server) = (space.system, space.system.memoryServer)
    _ = space.map(home, 0x200, 32, frame: frames, spares: (frames + 32, frames + 33))
    other = system.spawn(slot: 41, quota: 8)
    system.must(server, .create, Message(40, 4, system.takeFrames(), 60, 0, home, handle: 2))
    system.must(server, .protect, Message(home, 0x200, 32, 1, 1, handle: 40))
    let flags = RegionFlags.copyOnWrite.raw
    system.must(server, .region, Message(copying, 0x400, 32, 3, 60, 0, flags, handle: 41))
    system.must(
      server, .map, Message(copying, 0x400, 32, 0, system.takeFrames(), system.takeFrames(), 2, handle: 41))
  }

  func privatize(_ page: UInt64, frame: UInt64? = nil, region: UInt64 = 30, task: UInt64 = 41) -> Message {
    let frame = frame ?? system.takeFrames()
    return system.call(server, .privatize, Message(region, page, 0, frame, 0, 0, 2, handle: task))
  }

  @Test("a page that is written becomes the task's own, with what it held; the others stay, read-only")
  func copies() {
    system.kernel.machine.memory(DirectMap.address(frames + 5), as: UInt64.self).pointee = 42
    let frame = system.takeFrames()
    #expect(privatize(0x405, frame: frame).refusal == nil)
    let seen = system.pages(of: other)
    #expect(seen[0x405] == SeenPage(frame: frame, rights: 3))
    #expect(seen[0x404] == SeenPage(frame: frames + 4, rights: 1))
    #expect(system.kernel.machine.memory(DirectMap.address(frame), as: UInt64.self).pointee == 42)
    #expect(system.used(other) == 5)
    #expect(system.audit() == [])
  }

  @Test("the old entry is broken and forgotten before the new one is made")
  func order() {
    let events = space.events { _ = privatize(0x405) }
    #expect(events.contains { "\($0)".contains("invalidate") })
    #expect(system.kernel.machine.violations.isEmpty)
  }

  @Test("a mixed region is unmapped run by run, and only the task's own frames come free")
  func unmaps() {
    let frame = system.takeFrames(2)
    _ = privatize(0x405, frame: frame)
    _ = privatize(0x406, frame: frame + 1)
    var told: [[UInt64]] = []
    var page: UInt64 = 0x400
    while page < 0x420 {
      let step = system.must(server, .unmap, Message(copying, page, 0x420 - page, handle: 41))
      told.append([step[0], step[3], step[4]])
      page += step[0]
      #expect(system.audit() == [])
    }
    #expect(told == [[5, 0, 0], [2, frame, 2], [25, 0, 0]])
    #expect(system.used(other) == 2)
    // Nobody shows anything of the home any more.
    #expect(space.unmap(home, 0x200, 32)[4] == 32)
    #expect(system.audit() == [])
  }

  @Test("what cannot be copied is refused by name, and nothing has changed")
  func refusals() {
    #expect(privatize(0x405).refusal == nil)
    let free = system.takeFrames()
    system.must(server, .unmap, Message(copying, 0x407, 1, handle: 41))
    let rows: [(Message, Refusal)] = [
      (privatize(0x405), Refusal(.alreadyMapped, 0x405, limit: 3)),
      (privatize(0x407), Refusal(.notMapped, 0x407)),
      (privatize(0x420), Refusal(.outsideRegion, 0x420, limit: 32)),
      (privatize(0x200, region: home, task: 40), Refusal(.wrongKind, 5, limit: 5)),
      (privatize(0x406, frame: frames), Refusal(.frameNotFree, frames, limit: 1)),
      (privatize(0x406, frame: 1 << 27), Refusal(.frameNotClaimed, 1 << 27, limit: 1 << 14)),
    ]
    for (index, row) in rows.enumerated() { #expect(row.0.refusal == row.1, "row \(index)") }
    for page in 0x408..<0x40b as Range<UInt64> { #expect(privatize(page).refusal == nil) }
    #expect(privatize(0x40b, frame: free).refusal == Refusal(.quotaExceeded, 1, limit: 0))
    #expect(system.audit() == [])
  }

  @Test("a seal stays: nobody gets to write what is sealed, and a region that copies keeps its rights")
  func sealed() {
    func protect(_ region: UInt64, _ page: UInt64, _ rights: UInt64, seals: UInt64 = 0, task: UInt64) -> Refusal? {
      system.call(server, .protect, Message(region, page, 1, rights, seals, handle: task)).refusal
    }
    #expect(protect(home, 0x200, 3, task: 40) == Refusal(.invalidRights, 3, limit: 1))
    #expect(protect(home, 0x200, 1, seals: 1, task: 40) == nil)
    #expect(protect(copying, 0x400, 1, task: 41) == Refusal(.invalidRights, 1, limit: 3))
    #expect(protect(copying, 0x400, 1, seals: 1, task: 41)?.status == .invalidRights)
    let shows = system.call(server, .region, Message(31, 0x600, 8, 3, 60, 0, handle: 41))
    #expect(shows.refusal == Refusal(.invalidRights, 3, limit: 5))
    let executes = Message(31, 0x600, 8, 5, 60, 0, RegionFlags.copyOnWrite.raw, handle: 41)
    #expect(system.call(server, .region, executes).refusal?.status == .missingRight)
    // Not even the server sets the seal without `protect`.
    let flagged = system.call(server, .region, Message(31, 0x600, 8, 1, 60, 0, RegionFlags.seal, handle: 41))
    #expect(flagged.refusal == Refusal(.outOfRange, RegionFlags.seal, limit: RegionFlags.ofShared))
    #expect(system.audit() == [])
  }
}
