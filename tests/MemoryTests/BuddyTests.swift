import ABI
import MemoryCore
import TestSupport
import Testing

/// Index bytes in an array: 16 KiB a section, zeros at first.
struct ArrayStorage: IndexStorage {
  var bytes: [UInt8]
  init(sections: Int) { bytes = Array(repeating: 0, count: sections * SectionTree.nodes) }
  subscript(section section: Int, node node: Int) -> UInt8 {
    get { bytes[section * SectionTree.nodes + node] }
    set { bytes[section * SectionTree.nodes + node] = newValue }
  }
}

/// A ledger that is nothing but a list of free frames.
struct FreeList: LedgerView {
  var isFree: [Bool]
  func word(_ frame: UInt64) -> LedgerWord { isFree[Int(frame)] ? .free : .fixed }
}

let section = Int(Geometry.sectionFrames)

/// The index behind a reference, for expectations cannot call what mutates.
final class Index {
  var tree: BuddyIndex<ArrayStorage>
  init(sections: Int) { tree = BuddyIndex(storage: ArrayStorage(sections: sections)) }
  var bytes: [UInt8] { tree.storage.bytes }
  var freeFrames: Int { tree.freeFrames }
  var largestFreeOrder: Int? { tree.largestFreeOrder }
  func allocate(order: Int) -> Int? { tree.allocate(order: order) }
  func allocateRun(_ count: Int) -> FrameRun? { tree.allocateRun(count) }
  func free(_ run: FrameRun) -> Bool { tree.free(run) }
  func take(_ run: FrameRun) -> Bool { tree.take(run) }
  func load(_ isFree: [Bool]) {
    for number in 0..<isFree.count / section {
      tree.addSection()
      tree.load(FrameRun(first: number * section, count: section), base: 0, from: FreeList(isFree: isFree))
    }
  }
}

func fullIndex(sections: Int) -> Index { rebuilt(Array(repeating: true, count: sections * section)) }

/// The index that the ledger's view of the same frames gives.
func rebuilt(_ isFree: [Bool]) -> Index {
  let index = Index(sections: isFree.count / section)
  index.load(isFree)
  return index
}

@Suite("The index of free frames") struct BuddyTests {
  @Test("an index without sections has nothing to give") func empty() {
    let index = Index(sections: 0)
    #expect(index.allocate(order: 0) == nil)
    #expect(index.allocateRun(1) == nil)
    #expect(index.largestFreeOrder == nil)
  }

  @Test("single frames come lowest address first and give out every frame of every section once", arguments: 1...5)
  func lowestFirst(sections: Int) {
    let index = fullIndex(sections: sections)
    for frame in 0..<sections * section { #expect(index.allocate(order: 0) == frame) }
    #expect(index.allocate(order: 0) == nil)
    #expect(index.freeFrames == 0)
  }

  @Test("a run of every order is aligned to its length", arguments: 0...13)
  func alignment(order: Int) throws {
    let index = fullIndex(sections: 2)
    #expect(index.allocate(order: 0) == 0)
    let first = try #require(index.allocate(order: order))
    #expect(first % (1 << order) == 0)
    #expect(first == 1 << order)
  }

  @Test("an order outside a section is refused", arguments: [-1, 14, 63]) func badOrder(order: Int) {
    let index = fullIndex(sections: 1)
    #expect(index.allocate(order: order) == nil)
    #expect(index.freeFrames == section)
  }

  @Test("what is given back merges until the bytes are those of the untouched index", arguments: [1, 3])
  func merging(sections: Int) {
    let index = fullIndex(sections: sections)
    let untouched = index.bytes
    var random = Seeded(state: 7)
    var frames = (0..<600).map { _ in index.allocate(order: 0)! }
    frames.shuffle(using: &random)
    for frame in frames { #expect(index.free(FrameRun(first: frame, count: 1))) }
    #expect(index.bytes == untouched)
    #expect(index.largestFreeOrder == 13)
  }

  @Test("a run of any length comes in one piece while there is an aligned one that holds it", arguments: 1...512)
  func wholeRun(count: Int) {
    let index = fullIndex(sections: 1)
    #expect(index.allocateRun(count) == FrameRun(first: 0, count: count))
    #expect(index.freeFrames == section - count)
    #expect(index.free(FrameRun(first: 0, count: count)))
    #expect(index.bytes == fullIndex(sections: 1).bytes)
  }

  @Test("a run falls back to the longest aligned piece that is free") func partialRun() {
    let index = rebuilt((0..<section).map { $0 >= 100 && $0 < 300 })
    #expect(index.allocateRun(512) == FrameRun(first: 128, count: 128))
    #expect(index.allocateRun(512) == FrameRun(first: 256, count: 32))
  }

  @Test("a run of no frames or of more than a block is refused", arguments: [-1, 0, 513]) func badRun(count: Int) {
    let index = fullIndex(sections: 1)
    #expect(index.allocateRun(count) == nil)
  }

  @Test(
    "giving back what is free, in part or outside changes nothing",
    arguments: [(0, 1), (9, 3), (5, 600), (-1, 2), (8191, 2), (8192, 1), (0, 0), (3, -1), (1, Int.max)])
  func doubleFree(first: Int, count: Int) {
    let index = fullIndex(sections: 1)
    #expect(index.take(FrameRun(first: 10, count: 500)))
    let before = index.bytes
    #expect(!index.free(FrameRun(first: first, count: count)))
    #expect(index.bytes == before)
    #expect(index.freeFrames == section - 500)
  }

  @Test("taking what is not wholly free changes nothing", arguments: [(9, 2), (10, 1), (509, 3), (0, 8192), (8191, 2)])
  func badTake(first: Int, count: Int) {
    let index = fullIndex(sections: 1)
    #expect(index.take(FrameRun(first: 10, count: 500)))
    let before = index.bytes
    #expect(!index.take(FrameRun(first: first, count: count)))
    #expect(index.bytes == before)
  }

  @Test("a random load never gives a frame twice, and the bytes stay those of a rebuild", arguments: [1, 2, 3, 7])
  func randomLoad(sections: Int) throws {
    var random = Seeded(state: UInt64(sections))
    let index = fullIndex(sections: sections)
    var isFree = Array(repeating: true, count: sections * section)
    var held: [FrameRun] = []
    for step in 1...6000 {
      if Int.random(in: 0..<100, using: &random) < 55 {
        var run: FrameRun?
        if Bool.random(using: &random) {
          let order = Int.random(in: 0...10, using: &random)
          run = index.allocate(order: order).map { FrameRun(first: $0, count: 1 << order) }
        } else {
          run = index.allocateRun(Int.random(in: 1...512, using: &random))
        }
        guard let run else { continue }
        for frame in run.first..<run.end { #expect(isFree[frame]); isFree[frame] = false }
        held.append(run)
      } else if !held.isEmpty {
        var run = held.remove(at: Int.random(in: 0..<held.count, using: &random))
        let part = Int.random(in: 1...run.count, using: &random)
        if part < run.count { held.append(FrameRun(first: run.first + part, count: run.count - part)) }
        run.count = part
        #expect(index.free(run))
        for frame in run.first..<run.end { isFree[frame] = true }
      }
      if step % 1000 == 0 {
        #expect(index.freeFrames == isFree.count { $0 })
        #expect(index.bytes == rebuilt(isFree).bytes)
      }
    }
    for run in held { #expect(index.free(run)) }
    #expect(index.bytes == fullIndex(sections: sections).bytes)
  }

  @Test("a single frame is the lowest that is free, whatever was taken and given back before", arguments: [1, 2, 3])
  func lowestFrame(seed: UInt64) {
    var random = Seeded(state: seed)
    let index = fullIndex(sections: 2)
    var free = Set(0..<2 * section)
    for _ in 0..<3000 {
      let first = Int(random.next(below: UInt64(2 * section)))
      switch random.next(below: 4) {
      case 0: if !free.contains(first), index.free(FrameRun(first: first, count: 1)) { free.insert(first) }
      case 1: if index.take(FrameRun(first: first, count: 1)) { free.remove(first) }
      default:
        let lowest = free.min()
        #expect(index.allocate(order: 0) == lowest)
        if let lowest { free.remove(lowest) }
      }
    }
    #expect(index.bytes == rebuilt((0..<2 * section).map { free.contains($0) }).bytes)
  }

  @Test("the lowest run that fits is the one that a naive search finds", arguments: 1...20)
  func naive(seed: UInt64) {
    var random = Seeded(state: seed)
    var isFree: [Bool] = []
    while isFree.count < 2 * section {
      let value = Bool.random(using: &random)
      isFree += Array(repeating: value, count: Int.random(in: 1...400, using: &random))
    }
    isFree.removeLast(isFree.count - 2 * section)
    for order in 0...13 {
      let index = rebuilt(isFree)
      let naive = stride(from: 0, to: isFree.count, by: 1 << order).first { first in
        isFree[first..<first + 1 << order].allSatisfy { $0 }
      }
      #expect(index.allocate(order: order) == naive)
    }
  }

  @Test("forgetting and loading again gives the same bytes") func rebuild() {
    var random = Seeded(state: 3)
    let isFree = (0..<3 * section).map { _ in Int.random(in: 0..<3, using: &random) > 0 }
    let index = rebuilt(isFree)
    let bytes = index.bytes
    index.tree.removeAll()
    #expect(index.bytes.allSatisfy { $0 == 0 })
    index.load(isFree)
    #expect(index.bytes == bytes)
  }
}
