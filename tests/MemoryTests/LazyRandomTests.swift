import ABI
import Interfaces
import KernelCore
import MemoryCore
import TestSupport
import Testing

private let own = Client<MemoryInterface>.own

@Suite("Memory on demand, at random") struct LazyRandomTests {
  /// What one region should hold: pages that are there and what was written to them.
  private struct Model {
    var base: UInt64
    var pages: UInt64
    var fit: RegionFit
    var written: [UInt64: UInt64] = [:]
  }

  /// Now and then a region gets another length; what is cut off is forgotten.
  private func resize(_ models: inout [Model], _ random: inout Seeded, _ gate: inout ClientGate) throws {
    guard random.next(below: 6) == 0 else { return }
    let index = random.next(below: 3)
    let (from, to) = (models[Int(index)].pages, 1 + random.next(below: 1400))
    try own.resize(slot: 30 + index, from: from, to: to, &gate)
    models[Int(index)].pages = to
    for (page, _) in models[Int(index)].written where page >= models[Int(index)].base + to {
      models[Int(index)].written[page] = nil
    }
  }

  @Test(
    "any touches, prefaults and decommits keep what was written, bring zeroes, and end with the frames of the start",
    arguments: 1...4 as ClosedRange<UInt64>)
  func work(seed: UInt64) throws {
    let lazy = try LazySystem()
    var gate = lazy.system.client
    var (random, lengths) = (Seeded(state: seed), Seeded(state: seed + 10))
    let (before, frees) = (lazy.words, lazy.system.frees)
    var models = try (0..<3 as Range<UInt64>).map { index in
      let fit = [RegionFit.page, .run, .block][Int(index)]
      let model = Model(base: 0x1_0000 * (index + 1) + random.next(below: 40), pages: 700, fit: fit)
      try own.reserve(slot: 30 + index, page: model.base, pages: model.pages, fit: fit, &gate)
      return model
    }
    for step in 0..<300 {
      try resize(&models, &lengths, &gate)
      let index = Int(random.next(below: 3))
      let page = models[index].base + random.next(below: models[index].pages)
      let most = models[index].base + models[index].pages - page
      let count = 1 + random.next(below: min(most, random.pick([4, 40] as [UInt64])))
      let slot = 30 + UInt64(index)
      switch random.next(below: 8) {
      case 0: try own.prefault(slot: slot, page: page, pages: count, &gate)
      case 1:
        try own.decommit(slot: slot, page: page, pages: count, &gate)
        for gone in page..<page + count { models[index].written[gone] = nil }
        #expect(lazy.mapped(page..<page + count) == [])
      default:
        #expect(lazy.touchPage(page))
        #expect(lazy[page] == models[index].written[page] ?? 0, "step \(step)")
        lazy[page] = UInt64(step) + 1
        models[index].written[page] = UInt64(step) + 1
      }
      if step % 100 == 99 { lazy.check() }
    }
    for model in models {
      for (page, value) in model.written { #expect(lazy[page] == value) }
    }
    for slot in 30..<33 as Range<UInt64> { try own.free(slot: slot, &gate) }
    #expect(lazy.words.used == before.used && lazy.words.tables == before.tables)
    #expect(lazy.system.frees == frees)
    lazy.check()
  }
}
