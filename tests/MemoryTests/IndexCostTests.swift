import ABI
import TestSupport
import Testing

@testable import MemoryCore

/// Bytes of sections that were written, and how often any was read or written.
final class CountedBytes {
  var sections: [Int: [UInt8]] = [:]
  var accesses = 0
}

struct CountedStorage: IndexStorage {
  let counted = CountedBytes()
  subscript(section section: Int, node node: Int) -> UInt8 {
    get {
      counted.accesses += 1
      return counted.sections[section]?[node] ?? 0
    }
    set {
      counted.accesses += 1
      counted.sections[section, default: [UInt8](repeating: 0, count: SectionTree.nodes)][node] = newValue
    }
  }
}

/// What an operation on the index may read and write at most: from how deep the trees are, each step of each.
private struct Bound {
  /// Levels of the tree over the sections: the smallest t with 2ᵗ ≥ sections.
  let top: Int
  private let depth = SectionTree.topOrder

  init(sections: Int) { top = (0...).first { 1 << $0 >= sections } ?? 0 }

  /// From a byte that says nothing up to the first that does.
  var climb: Int { depth + 1 }
  /// On the way down each level reads two bytes, or writes two where it splits; its start is read and both ends are
  /// written. On the way up each reads two and writes one, or reads one and writes two where halves merge; over the
  /// sections each reads two and writes one.
  var write: Int { climb + 2 * depth + 3 + 3 * depth + 3 * top }
  /// A single frame is looked for near the last one first; then the section is found by one byte a level.
  var allocate: Int { top + 1 + write }
  /// A run of 512 at most is taken apart in 2 × 9 pieces at most; before that each has been looked at, level by level.
  var free: Int { 18 * (climb + write) }
  /// Nine orders that are not to be had are one byte each, the root's; what is left over of the tenth is freed.
  var allocateRun: Int { 10 + allocate + 18 * write }
}

@Suite("What the index costs") struct IndexCostTests {
  /// An index of which nothing is free.
  private func used(_ sections: Int) -> BuddyIndex<CountedStorage> {
    var index = BuddyIndex(storage: CountedStorage())
    for _ in 0..<sections { index.addSection() }
    return index
  }

  /// Counts what an operation reads and writes.
  private func cost<T>(
    _ index: inout BuddyIndex<CountedStorage>, _ body: (inout BuddyIndex<CountedStorage>) -> T
  ) -> (T, Int) {
    index.storage.counted.accesses = 0
    let result = body(&index)
    return (result, index.storage.counted.accesses)
  }

  /// 128 MiB to 256 GiB.
  static let sizes = (2...13).map { 1 << $0 } + [5, 1000, 8191]

  @Test(
    "whatever the size of RAM, what is the only free run anywhere is found, taken and given back by its depth",
    arguments: sizes)
  func onlyOne(sections: Int) {
    let bound = Bound(sections: sections)
    var index = used(sections)
    for number in Set([0, 1, sections / 3, sections / 2, sections - 1]) {
      for order in 0...13 {
        let run = FrameRun(first: number * section + (order < 13 ? section - 1 << order : 0), count: 1 << order)
        let (isFreed, freeing) = cost(&index) { $0.free(run) }
        #expect(isFreed && freeing <= bound.write + bound.climb)
        let (found, finding) = cost(&index) { $0.allocate(order: order) }
        #expect(found == run.first && finding <= bound.allocate, "order \(order) in section \(number)")
        let (nothing, looking) = cost(&index) { $0.allocate(order: 0) }
        #expect(nothing == nil && looking <= bound.top + 1 + bound.climb)
      }
    }
  }

  @Test(
    "under any load no operation reads or writes more than its depth allows, whatever the size of RAM",
    arguments: sizes)
  func load(sections: Int) {
    let bound = Bound(sections: sections)
    var index = used(sections)
    for number in 0..<sections { index.free(FrameRun(first: number * section, count: section)) }
    var random = Seeded(state: UInt64(sections))
    var held: [FrameRun] = []
    // Most sections have a hole or two, at random, so that there is something to search.
    for number in 0..<min(sections, 1000) {
      let first = number * section + Int(random.next(below: 8000))
      let run = FrameRun(first: first, count: 1 + Int(random.next(below: 190)))
      let (isTaken, taking) = cost(&index) { $0.take(run) }
      #expect(isTaken && taking <= bound.free)
      held.append(run)
    }
    for _ in 0..<600 {
      if random.next(below: 100) < 60 {
        let count = 1 + Int(random.next(below: 512))
        let phase = Int(random.next(below: 16))
        let (run, taking) = cost(&index) { $0.allocateRun(count, phase: phase) }
        #expect(taking <= bound.allocateRun, "\(count) frames: \(taking)")
        if let run { held.append(run) }
      } else if !held.isEmpty {
        let run = held.remove(at: Int(random.next(below: UInt64(held.count))))
        let (isFreed, freeing) = cost(&index) { $0.free(run) }
        #expect(isFreed && freeing <= bound.free, "\(run.count) frames: \(freeing)")
      }
    }
  }

  @Test("a section more is entered by the depth of the tree over the sections", arguments: sizes)
  func growth(sections: Int) {
    var index = used(sections)
    let (_, adding) = cost(&index) { $0.addSection() }
    #expect(adding <= 3 * Bound(sections: sections + 1).top)
  }
}
