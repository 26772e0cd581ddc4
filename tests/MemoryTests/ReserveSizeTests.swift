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
  private func claimAll(_ blocks: UInt64, reserve: Int) throws -> (most: Int, unclaimed: UInt64) {
    let bundle = TestBundle.bytes(TestSystem.services)
    let machine = SimulatedSystem(frames: blocks * 512, bundleBytes: bundle, deviceTree: TestTree.machine())
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

  /// Every machine of up to three GiB whose last section is whole, or holds one block of 2 MiB, the least that there is;
  /// the image needs four. In blocks.
  static let machines = (0..<96 as Range<UInt64>).flatMap { section in
    [section == 0 ? 4 : 1, 16].map { section * 16 + $0 }
  }
  /// Those with a GiB behind the image's that is not RAM as a whole.
  static let ragged = machines.filter { $0 > 512 && $0 % 512 != 0 }
  /// Behind 4 GiB, where the index needs another leaf table.
  static let large: [UInt64] = [2048, 2049]

  @Test(
    "claiming any section takes two frames of the reserve at most, and some take both",
    arguments: machines + large)
  func most(blocks: UInt64) throws {
    let found = try claimAll(blocks, reserve: Reserve.capacity)
    #expect(found.most == (blocks > 512 && blocks % 512 != 0 ? Reserve.capacity : 0))
    #expect(found.unclaimed == 0)
  }

  @Test("with one frame less in reserve, RAM behind a ragged GiB's start stays out of reach", arguments: ragged)
  func less(blocks: UInt64) throws {
    #expect(try claimAll(blocks, reserve: Reserve.capacity - 1).unclaimed == blocks % 512 * 512)
  }
}
