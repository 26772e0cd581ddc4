import ABI
import Interfaces
import MemoryCore
import TestSupport
import Testing

private let own = Client<MemoryInterface>.own

extension Index {
  /// All sections, one after the other, against a ledger of free frames.
  func verify(_ isFree: [Bool]) -> SectionFindings {
    var all = SectionFindings()
    for number in 0..<isFree.count / section {
      let found = tree.verify(
        section: number, FrameRun(first: number * section, count: section), base: 0, from: FreeList(isFree: isFree)
      ) { _ in false }
      all.differing += found.differing
      all.freeByIndex += found.freeByIndex
      all.freeByLedger += found.freeByLedger
    }
    return all
  }
}

extension TestSystem {
  /// All sections of the server's index, asked for as a client does.
  func verify() throws -> IndexFacts {
    var gate = client
    var all = try own.verify(section: 0, &gate)
    for number in 1..<max(all.sections, 1) where number < all.sections {
      let found = try own.verify(section: number, &gate)
      all.differing += found.differing
      all.freeByIndex += found.freeByIndex
      all.freeByLedger += found.freeByLedger
    }
    return all
  }
}

@Suite("Verifying the index") struct VerifyTests {
  private func mixed(sections: Int, seed: UInt64) -> [Bool] {
    var random = Seeded(state: seed)
    var isFree: [Bool] = []
    while isFree.count < sections * section {
      isFree += Array(repeating: Bool.random(using: &random), count: Int.random(in: 1...900, using: &random))
    }
    return Array(isFree.prefix(sections * section))
  }

  @Test("an index that is right is left alone", arguments: [1, 2, 3, 5, 8])
  func right(sections: Int) {
    let isFree = mixed(sections: sections, seed: UInt64(sections))
    let index = rebuilt(isFree)
    let before = index.bytes
    let found = index.verify(isFree)
    #expect(found.differing == 0)
    #expect(found.freeByIndex == isFree.count { $0 } && found.freeByLedger == found.freeByIndex)
    #expect(index.bytes == before)
  }

  @Test("any byte that is wrong is found, counted once and put right", arguments: [1, 2, 3, 7])
  func oneByte(sections: Int) {
    let isFree = mixed(sections: sections, seed: 40 + UInt64(sections))
    let index = rebuilt(isFree)
    let before = index.bytes
    var random = Seeded(state: 9)
    // The root and the node over the sections of each section, and others at random.
    let nodes = (0..<sections).flatMap { [$0 * SectionTree.nodes, $0 * SectionTree.nodes + 1] }
    for byte in nodes + (0..<200).map({ _ in Int.random(in: 0..<before.count, using: &random) }) {
      index.tree.storage.bytes[byte] ^= UInt8.random(in: 1...255, using: &random)
      let found = index.verify(isFree)
      #expect(found.differing == 1, "byte \(byte)")
      #expect(index.bytes == before)
      #expect(index.freeFrames == found.freeByLedger)
    }
  }

  @Test("an index full of rubbish becomes the one that a rebuild makes") func rubbish() {
    let isFree = mixed(sections: 3, seed: 3)
    let index = rebuilt(isFree)
    let before = index.bytes
    var random = Seeded(state: 5)
    for byte in before.indices { index.tree.storage.bytes[byte] = UInt8.random(in: 0...255, using: &random) }
    #expect(index.verify(isFree).differing > 40000)
    #expect(index.bytes == before)
    #expect(index.verify(isFree).differing == 0)
  }

  @Test("frames that the index lost, or gave out though they are used, are put right, and so is their count")
  func drift() {
    let isFree = mixed(sections: 2, seed: 8)
    let index = rebuilt(isFree)
    let before = index.bytes
    let lost = index.allocate(order: 3)
    #expect(lost != nil)
    let used = isFree.firstIndex(of: false)!
    #expect(index.free(FrameRun(first: used, count: 1)))
    let found = index.verify(isFree)
    #expect(found.differing > 0 && found.freeByIndex == found.freeByLedger - 8 + 1)
    #expect(index.bytes == before && index.freeFrames == isFree.count { $0 })
  }

  @Test("the running server's index is what its ledger says, at any time, and says so") func server() throws {
    var services = TestSystem.services
    services[1].quota = 20000
    let system = try TestSystem(frames: 3 * Geometry.sectionFrames, services: services)
    var gate = system.client
    for pages: UInt64 in [1, 700, 9000] {
      try own.allocate(slot: 20, page: 0x10_0001, pages: pages, rights: [.read, .write], &gate)
      let found = try system.verify()
      #expect(found.differing == 0)
      #expect(found.freeByIndex == found.freeByLedger)
      let counts = try own.memoryCounts(&gate)
      #expect(found.freeByLedger == counts.free - counts.heldBack)
      try own.free(slot: 20, &gate)
    }
    #expect(try system.verify().sections == 2)
    #expect(throws: MemoryRefusal(.endOfList, 2)) { _ = try own.verify(section: 2, &gate) }
    #expect(throws: MemoryRefusal(.endOfList, .max)) { _ = try own.verify(section: .max, &gate) }
    // A byte of the server's own pages, and it is found there.
    var pages = TestIndex(window: Window(system.machine, task: system.machine.server))
    pages[section: 1, node: 300] ^= 1
    #expect(try system.verify().differing == 1)
    #expect(try system.verify().differing == 0)
  }
}
