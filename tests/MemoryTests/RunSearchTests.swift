import ABI
import Interfaces
import KernelCore
import TestSupport
import Testing

@testable import MemoryCore

private let own = Client<MemoryInterface>.own
private let driver: UInt64 = 20

/// Free frames, and how many are free from each one on.
private struct Oracle {
  let isFree: [Bool]
  private let left: [Int]

  init(_ isFree: [Bool]) {
    var left = [Int](repeating: 0, count: isFree.count + 1)
    for frame in isFree.indices.reversed() where isFree[frame] { left[frame] = left[frame + 1] + 1 }
    (self.isFree, self.left) = (isFree, left)
  }

  /// The lowest run, found by trying each place.
  func lowestRun(_ count: Int, alignment: Int, within bounds: Range<Int>) -> Int? {
    var first = (bounds.lowerBound + alignment - 1) & ~(alignment - 1)
    while first + count <= bounds.upperBound {
      if left[first] >= count { return first }
      first += alignment
    }
    return nil
  }
}

/// Free frames in runs of random lengths up to `most`, with as long gaps between them.
private func fragments(_ sections: Int, most: UInt64, _ random: inout Seeded) -> [Bool] {
  var isFree: [Bool] = []
  while isFree.count < sections * section {
    let count = 1 + random.next(below: random.next(below: 4) == 0 ? most : max(most / 4, 1))
    isFree += [Bool](repeating: random.next(below: 2) == 0, count: Int(count))
  }
  return Array(isFree.prefix(sections * section))
}

@Suite("Frames that lie together") struct RunSearchTests {
  @Test(
    "are found wherever they are free, lowest first, as trying each place finds them",
    arguments: [2, 4, 9, 40, 300, 3000, 20000] as [UInt64])
  func oracle(most: UInt64) {
    var random = Seeded(state: most)
    var found = 0
    for round in 0..<6 {
      let sections = 1 + round % 3
      let oracle = Oracle(fragments(sections, most: most, &random))
      let isFree = oracle.isFree
      let index = rebuilt(isFree)
      let bytes = index.bytes
      for _ in 0..<20 {
        let count = 1 + Int(random.next(below: most + most / 2))
        let alignment = 1 << Int(random.next(below: random.next(below: 2) == 0 ? 4 : 14))
        let (a, b) = (Int(random.next(below: UInt64(isFree.count))), Int(random.next(below: UInt64(isFree.count))))
        let bounds = random.next(below: 2) == 0 ? 0..<isFree.count : min(a, b)..<max(a, b)
        let wanted = oracle.lowestRun(count, alignment: alignment, within: bounds)
        var (next, budget) = (0, Int.max)
        let first = index.tree.lowestRun(count, alignment: alignment, within: bounds, from: &next, &budget)
        #expect(first == wanted, "\(count) at \(alignment) in \(bounds)")
        // A step at a time it is the same.
        var stepped: Int?
        next = 0
        repeat {
          budget = 1
          stepped = index.tree.lowestRun(count, alignment: alignment, within: bounds, from: &next, &budget)
        } while stepped == nil && budget == 0
        #expect(stepped == wanted)
        if wanted != nil { found += 1 }
      }
      #expect(index.bytes == bytes)
    }
    #expect(found > 10 && (found < 110 || most < 9))
  }

  @Test("where none is long enough each place costs a few times the depth of the trees, and there are few places")
  func cost() {
    // Runs of 5 that hold one aligned pair or two, and no aligned 4.
    let sections = 4
    let isFree = (0..<sections * section).map { $0 % 8 != 0 && $0 % 8 != 6 && $0 % 8 != 7 }
    var tree = BuddyIndex(storage: CountedStorage())
    for number in 0..<sections {
      tree.addSection()
      tree.load(FrameRun(first: number * section, count: section), base: 0, from: FreeList(isFree: isFree))
    }
    for (count, places) in [(6, sections * section / 8), (7, 0), (12, 0)] {
      tree.storage.counted.accesses = 0
      var (next, budget) = (0, Int.max)
      let bounds = 0..<sections * section
      #expect(tree.lowestRun(count, alignment: 1, within: bounds, from: &next, &budget) == nil)
      #expect(Int.max - budget == places)
      #expect(tree.storage.counted.accesses <= sections + places * 8 * (SectionTree.topOrder + 1))
    }
  }

  /// A driver runs that has a lease in slot 30 and the tables it needs; of the frames `held` the index knows nothing.
  private func system() throws -> (TestSystem, held: [FrameRun], frees: [Int]) {
    let system = try TestSystem()
    try system.load(5, slot: driver)
    try system.start(slot: driver)
    var gate = system.client
    _ = try own.lease("all", index: 0, slot: 30, page: 0x180, &gate)
    try own.allocate(slot: 40, page: 0x4_0000, pages: 1, rights: [.read, .write], &gate)
    var held: [FrameRun] = []
    while let first = system.server.index.allocate(order: 0) { held.append(FrameRun(first: first, count: 1)) }
    return (system, held, held.map(\.first))
  }

  @Test("are given to a device whenever there are any, and otherwise refused", arguments: 1...8 as ClosedRange<UInt64>)
  func given(seed: UInt64) throws {
    let (system, held, frees) = try system()
    var random = Seeded(state: seed)
    let most: UInt64 = [3, 12, 60, 500][Int(seed % 4)]
    let pattern = fragments(1, most: most, &random)
    let all = Set(frees)
    let isFree = (0..<section).map { frame in pattern[frame] && all.contains(frame) }
    for frame in 0..<section where isFree[frame] {
      let isGiven = system.server.index.free(FrameRun(first: frame, count: 1))
      #expect(isGiven)
    }
    let oracle = Oracle(isFree)
    let base = system.machine.firstFrame & ~(Geometry.sectionFrames - 1)
    let before = system.server.freeFrames
    var (given, refused) = (0, 0)
    for _ in 0..<20 {
      let pages = min(1 + random.next(below: random.next(below: 2) == 0 ? most : 4 * most), 1400)
      let alignment = 1 << Int(random.next(below: 6))
      let end = random.next(below: 3) == 0 ? Int(random.next(below: UInt64(section))) : section
      let wanted = oracle.lowestRun(Int(pages), alignment: alignment, within: 0..<end)
      var gate = system.client
      do throws(MemoryRefusal) {
        let memory = try own.allocateDMA(
          lease: 30, slot: 31, page: 0x4_0001, pages: pages, alignment: UInt64(alignment) << 12,
          limit: (base + UInt64(end)) << 12 - 1, &gate)
        let first = Int(memory.bus >> 12 - base)
        #expect(wanted != nil && first % alignment == 0 && first + Int(pages) <= end)
        #expect(isFree[first..<first + Int(pages)].allSatisfy { $0 })
        given += 1
        try own.releaseLease(slot: 30, &gate)
        try own.free(slot: 31, &gate)
        _ = try own.lease("all", index: 0, slot: 30, page: 0x180, &gate)
      } catch {
        // Or the refusal says that so many are not free at all.
        let isRight = error.cause == .service(.noRun) || error.cause == .service(.outOfMemory) && pages > before
        #expect(wanted == nil && isRight, "\(pages) at \(alignment) below \(end): \(error)")
        refused += 1
      }
      #expect(system.server.freeFrames == before)
    }
    #expect(given > 0 && (refused > 0 || most < 12))
    for run in held where !isFree[run.first] {
      let isGiven = system.server.index.free(run)
      #expect(isGiven)
    }
    #expect(try system.verify().differing == 0)
    #expect(system.machine.audit() == [])
  }

  @Test("are looked for in steps, between which others are served")
  func steps() throws {
    let (system, held, frees) = try system()
    let last = try #require(frees.last.map { $0 & ~7 })
    // Pairs, more than one request looks at, and behind them five that hold no aligned four.
    let isFree = Set(frees.filter { ($0 & 3 < 2 && $0 < last - 16) || (last - 7..<last - 2).contains($0) })
    for frame in isFree {
      let isGiven = system.server.index.free(FrameRun(first: frame, count: 1))
      #expect(isGiven)
    }
    #expect(isFree.count / 2 > MemoryServer<TestViews>.searchBudget)
    var gate = system.client
    let request = MemoryInterface.Request.allocateDMA(
      lease: 30, slot: 31, page: 0x4_0001, pages: 5, alignment: 4096, limit: .max)
    #expect(throws: MemoryRefusal(.interface(.again))) { _ = try own.call(request, &gate) }
    _ = try own.memoryCounts(&gate)
    // Another search by the same task begins anew.
    #expect(throws: MemoryRefusal(.interface(.again))) {
      _ = try own.call(
        .allocateDMA(lease: 30, slot: 31, page: 0x4_0001, pages: 6, alignment: 4096, limit: .max), &gate)
    }
    #expect(throws: MemoryRefusal(.interface(.again))) { _ = try own.call(request, &gate) }
    let memory = try own.allocateDMA(lease: 30, slot: 31, page: 0x4_0001, pages: 5, &gate)
    let base = system.machine.firstFrame & ~(Geometry.sectionFrames - 1)
    #expect(memory.bus >> 12 == base + UInt64(last - 7))
    for run in held where !isFree.contains(run.first) {
      let isGiven = system.server.index.free(run)
      #expect(isGiven)
    }
    #expect(try system.verify().differing == 0)
  }
}
