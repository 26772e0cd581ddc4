import ABI
import KernelCore
import TestSupport
import Testing

@Suite("The least number of tables")
struct LeastTablesTests {
  @Test(
    "whatever was mapped and unmapped, in whatever pieces, the tables are the fewest, the runs the largest",
    arguments: 1...6 as ClosedRange<UInt64>)
  func pieces(seed: UInt64) {
    let space = Space(frames: 8192, quota: 6000)
    let system = space.system
    var random = Seeded(state: seed)
    let areas: [Range<UInt64>] = [0x3f8..<0x808, 0x808..<0x810, 0x810..<0xa00, 0x3_ff80..<0x4_0480]
    let slots = areas.map { space.region($0.lowerBound, UInt64($0.count)) }
    // Each page has a frame that lies as it does, and one that does not.
    let pool = system.takeFrames(4096, aligned: 512)
    let spares = system.takeFrames(64)
    var largest = (blocks: 0, groups: 0)
    for step in 0..<300 {
      let index = Int(random.next(below: 4))
      let area = areas[index]
      // All of a leaf table that is the region's, or some pages of it.
      let isAll = random.next(below: 3) == 0
      let somewhere = area.lowerBound + random.next(below: UInt64(area.count))
      let page = isAll ? max(area.lowerBound, somewhere & ~511) : somewhere
      let most = min(area.upperBound, page | 511 + 1) - page
      let count = isAll ? most : 1 + random.next(below: min(most, 40))
      let free = (spares..<spares + 64).filter { system.kernel.ledger($0).pointee.isFree }
      if random.next(below: 3) > 0 {
        let frame = pool + UInt64(index / 3) * 2048 + page % 2048 + (random.next(below: 20) == 0 ? 8 : 0)
        fill(space, slots[index], page, count, frame, pool, free)
      } else {
        _ = space.unmap(slots[index], page, count, spare: free[0])
      }
      let least = LeastTables(system.pages(of: space.task), regions: areas)
      let has = LeastTables(of: space.task, in: system)
      #expect(has == least, "step \(step)")
      largest = (max(largest.blocks, has.blocks), max(largest.groups, has.groups))
    }
    #expect(largest.blocks > 0 && largest.groups > 20, "\(largest)")
    #expect(system.audit() == [])
  }

  /// Maps what is not mapped of some pages, a run of holes at a time.
  private func fill(
    _ space: Space, _ slot: UInt64, _ page: UInt64, _ count: UInt64, _ frame: UInt64, _ pool: UInt64, _ free: [UInt64]
  ) {
    let seen = space.system.pages(of: space.task)
    var next = page
    while next < page + count {
      var end = next
      while end < page + count, seen[end] == nil, space.system.kernel.ledger(frame + end - page).pointee.isFree {
        end += 1
      }
      if end > next {
        let result = space.map(slot, next, end - next, frame: frame + next - page, spares: (free[0], free[1]))
        // What took a spare leaves none for the next run.
        if result[1] != 0 { return }
      }
      next = end + 1
    }
  }
}
