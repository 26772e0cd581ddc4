import ABI
import TestSupport
import Testing

@testable import MemoryCore

/// What a long random load leaves of large runs: the figures of docs/memory-server.md.
@Suite("Fragmentation") struct FragmentationTests {
  /// Of what a load is made.
  enum Mix: String, CaseIterable {
    /// Single pages.
    case pages
    /// Of 100 requests 70 are for a page, 15 for 64 KiB, 12 for 2 to 200 frames, 3 for 2 MiB.
    case mixed
    /// Runs of 1 to 512 frames.
    case runs
  }

  struct Row: CustomTestStringConvertible {
    var mix: Mix
    var percent: Int
    var operations: Int
    /// Runs of 2 MiB and of 64 KiB that are free at the end, and frames that are.
    var blocks: Int
    var groups: Int
    var frames: Int
    var testDescription: String { "\(mix), \(percent) % in use" }
  }

  static let sections = 8

  static let rows: [Row] = [
    Row(mix: .pages, percent: 50, operations: 20000, blocks: 63, groups: 2047, frames: 32768),
    Row(mix: .mixed, percent: 25, operations: 20000, blocks: 89, groups: 3041, frames: 49227),
    Row(mix: .mixed, percent: 50, operations: 20000, blocks: 49, groups: 1981, frames: 32708),
    Row(mix: .mixed, percent: 75, operations: 20000, blocks: 0, groups: 903, frames: 16465),
    Row(mix: .mixed, percent: 90, operations: 20000, blocks: 0, groups: 253, frames: 6586),
    Row(mix: .runs, percent: 25, operations: 10000, blocks: 84, groups: 3045, frames: 49203),
    Row(mix: .runs, percent: 50, operations: 10000, blocks: 43, groups: 2102, frames: 34519),
    Row(mix: .runs, percent: 75, operations: 10000, blocks: 0, groups: 888, frames: 15406),
    Row(mix: .runs, percent: 90, operations: 10000, blocks: 0, groups: 357, frames: 6522),
  ]

  private func request(_ mix: Mix, _ random: inout Seeded) -> Int {
    switch (mix, random.next(below: 100)) {
    case (.pages, _), (.mixed, ..<70): 1
    case (.mixed, ..<85): 16
    case (.mixed, ..<97): 2 + Int(random.next(below: 199))
    case (.mixed, _): 512
    case (.runs, _): 1 + Int(random.next(below: 512))
    }
  }

  /// Fills a part of 256 MiB, then takes and gives back at random, what it holds of any age alike.
  private func load(_ row: Row) -> (index: Index, held: [FrameRun]) {
    let index = fullIndex(sections: Self.sections)
    var random = Seeded(state: UInt64(row.percent))
    var held: [FrameRun] = []
    var step = 0
    while step < row.operations {
      let used = Self.sections * section - index.freeFrames
      let isBelow = used * 100 < row.percent * Self.sections * section
      // Once it is filled, as much goes as comes.
      if step > 0 || !isBelow { step += 1 }
      if step == 0 || random.next(below: 100) < (isBelow ? 60 : 40) {
        if let run = index.allocateRun(request(row.mix, &random)) { held.append(run) }
      } else if !held.isEmpty {
        held.swapAt(Int(random.next(below: UInt64(held.count))), held.count - 1)
        _ = index.free(held.removeLast())
      }
    }
    return (index, held)
  }

  @Test("after a long random load as many runs of 2 MiB and of 64 KiB are free as the reference says", arguments: rows)
  func random(row: Row) {
    let (index, held) = load(row)
    var isFree = [Bool](repeating: true, count: Self.sections * section)
    for run in held { for frame in run.first..<run.end { isFree[frame] = false } }
    for (order, told) in [(9, row.blocks), (4, row.groups)] {
      let found = index.tree.freeRuns(order: order)
      let counted = stride(from: 0, to: isFree.count, by: 1 << order).count { first in
        isFree[first..<first + 1 << order].allSatisfy { $0 }
      }
      #expect(found == counted && found == told)
    }
    #expect(index.freeFrames == row.frames && index.bytes == rebuilt(isFree).bytes)
    for run in held { #expect(index.free(run)) }
    #expect(index.bytes == fullIndex(sections: Self.sections).bytes)
    #expect(index.tree.freeRuns(order: 9) == Self.sections * 16 && index.tree.freeRuns(order: 4) == Self.sections * 512)
  }
}
