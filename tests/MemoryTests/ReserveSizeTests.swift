import ABI
import Interfaces
import KernelCore
import Runtime
import TestSupport
import Testing

@testable import MemoryCore

/// Counts the reserve's frames that become tables between two refills.
private struct CountingGate: Gate {
  let machine: SimulatedSystem
  var taken = 0
  var most = 0
  mutating func invoke(_ operation: ABI.Operation, _ message: inout Message) {
    let sent = message
    message = machine.invoke(operation, message)
    guard message.label & Outcome.refused == 0 else { return }
    switch operation {
    case .claim:
      taken = message[0] == 0 ? 0 : 1
    case .map:
      // With a page of its index the section has filled the reserve before.
      if sent[3] != 0 { taken = 0 }
      taken += message[1].nonzeroBitCount
    default: break
    }
    most = max(most, taken)
  }
}

@Suite("The reserve") struct ReserveSizeTests {
  /// Claims all sections one after the other with so many frames in reserve. Tells the most of them that one claim took,
  /// and the frames that stay out of reach.
  private func claimAll(
    _ blocks: UInt64, adding added: [Added] = [], reserve: Int
  ) throws -> (most: Int, unclaimed: UInt64) {
    let bundle = TestBundle.bytes(TestSystem.services)
    let further = added.last.map { $0.end - 1 << 18 - blocks * 512 } ?? 0
    let machine = SimulatedSystem(
      frames: blocks * 512, further: further, bundleBytes: bundle, deviceTree: TestTree.machine())
    var server = try MemoryServer(
      views: TestViews(window: Window(machine, task: machine.server), bytes: bundle))
    var gate = CountingGate(machine: machine)
    try server.takeOver(ServerStart(), &gate)
    if reserve < Reserve.capacity {
      let kept = (0..<reserve).map { server.reserve[$0] }
      for held in reserve..<Reserve.capacity { server.give(server.reserve[held]) }
      server.reserve = Reserve(wanted: reserve)
      for frame in kept { server.reserve.add(frame) }
    }
    for range in added {
      try gate.addMemory(frame: range.first, count: range.blocks * 512, authority: HandOver.Slot.devices)
      server.ram.add(first: range.first, end: range.end)
    }
    (gate.taken, gate.most) = (0, 0)
    while server.index.sections < server.allSections, server.claimNext(&gate) {
      #expect(server.reserve.count == reserve)
    }
    if server.unclaimedFrames == 0 {
      #expect(server.freeFrames + UInt64(reserve) == UInt64(machine.freeFrames()))
    }
    #expect(machine.audit() == [])
    return (gate.most, server.unclaimedFrames)
  }

  /// RAM that comes later: so many blocks from the start of a GiB on.
  struct Added: Sendable, CustomStringConvertible {
    var gigabyte: UInt64
    var blocks: UInt64
    var first: UInt64 { gigabyte << 18 }
    var end: UInt64 { first + blocks * 512 }
    var description: String { "\(blocks) at \(gigabyte)" }
  }

  /// A machine with ranges that come later.
  struct Grown: Sendable, CustomStringConvertible {
    var blocks: UInt64
    var added: [Added]
    var description: String { "\(blocks) blocks, then \(added)" }
    init(_ blocks: UInt64, _ added: Added...) { (self.blocks, self.added) = (blocks, added) }
    /// Sections of all of it.
    var sections: UInt64 { added.reduce((blocks + 15) / 16) { $0 + ($1.blocks + 15) / 16 } }
    /// Frames from the first GiB on that is not RAM as a whole, the image's aside.
    var behindRagged: UInt64 {
      var frames: UInt64 = blocks > 512 ? blocks % 512 * 512 : 0
      for range in added where frames > 0 || range.blocks % 512 != 0 {
        frames += frames > 0 ? range.blocks * 512 : range.blocks % 512 * 512
      }
      return frames
    }
  }

  /// Every machine of up to 128 MiB, whatever its last section holds; every filling of a last section where the ledger's
  /// view or the kernel's map begin a GiB, end one, or lie within it.
  static let fillings: [UInt64] =
    Array(4...64) + [32, 63].flatMap { section in (2...15).map { section * 16 + $0 } }

  /// Boot's RAM small, ragged in its second GiB, or so many sections that the index needs a leaf table with the first of
  /// those that are added; then every filling of up to two sections, whole GiB, and several ranges.
  static let grown: [Grown] =
    (1...32).map { Grown(4, Added(gigabyte: 2, blocks: $0)) }
    + [511, 512, 513, 527, 528, 529].map { Grown(17, Added(gigabyte: 3, blocks: $0)) }
    + [1, 16, 17, 512].flatMap { first in
      [2, 15, 31, 512].map { Grown(5, Added(gigabyte: 2, blocks: first), Added(gigabyte: 4, blocks: $0)) }
    }
    + [1, 7, 512].map { Grown(530, Added(gigabyte: 3, blocks: $0), Added(gigabyte: 5, blocks: 3)) }
    + [1, 512].map { Grown(2048, Added(gigabyte: 6, blocks: $0)) }

  /// Every machine of up to three GiB whose last section is whole, or holds one block of 2 MiB, the least that there is;
  /// the image needs four. In blocks.
  static let machines = (0..<96 as Range<UInt64>).flatMap { section in
    [section == 0 ? 4 : 1, 16].map { section * 16 + $0 }
  }
  /// Those with a GiB behind the image's that is not RAM as a whole.
  static let ragged = (machines + fillings).filter { $0 > 512 && $0 % 512 != 0 }
  /// Behind 4 GiB, where the index needs another leaf table.
  static let large: [UInt64] = [2048, 2049]

  @Test(
    "claiming any section takes two frames of the reserve at most, and some take both",
    arguments: machines + large + fillings)
  func most(blocks: UInt64) throws {
    let found = try claimAll(blocks, reserve: Reserve.capacity)
    #expect(found.most == (blocks > 512 && blocks % 512 != 0 ? Reserve.capacity : 0))
    #expect(found.unclaimed == 0)
  }

  @Test("with one frame less in reserve, RAM behind a ragged GiB's start stays out of reach", arguments: ragged)
  func less(blocks: UInt64) throws {
    #expect(try claimAll(blocks, reserve: Reserve.capacity - 1).unclaimed == blocks % 512 * 512)
  }

  @Test(
    "ranges that come later take two frames of the reserve at most too, and with one less the ragged ones stay away",
    arguments: grown)
  func later(_ machine: Grown) throws {
    let found = try claimAll(machine.blocks, adding: machine.added, reserve: Reserve.capacity)
    // A leaf table of the index is taken from a reserve that is full again.
    let index = machine.sections > 128 ? 1 : 0
    #expect(found.most == (machine.behindRagged > 0 ? Reserve.capacity : index))
    #expect(found.unclaimed == 0)
    let less = try claimAll(machine.blocks, adding: machine.added, reserve: Reserve.capacity - 1)
    #expect(less.unclaimed == machine.behindRagged)
  }
}
