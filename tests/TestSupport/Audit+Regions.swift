import ABI
import KernelCore

extension Audit {
  /// The tree of a task's regions holds them all, from left to right by their pages, and has the form that follows from
  /// the set of them: a region lies below another exactly if its rank is lower than those of all between them.
  mutating func checkRegions(_ task: UInt64) {
    var regions: [(page: UInt64, slot: UInt64, word: HandleWord)] = []
    for slot in 1..<system.kernel.task(task).pointee.slots {
      let handle = system.kernel.machine.memory(task + 1280 + slot * 32, as: Handle.self).pointee
      if handle.word.kind == .region { regions.append((handle.region.page, slot, handle.word)) }
    }
    regions.sort { $0.page < $1.page }
    let root = head(regions[...])
    expect(system.kernel.task(task).pointee.regions == root, "task \(task): the root of its regions is not \(root)")
  }

  /// The slot of the region that must lie above all others of a part, 0 where there is none; checks its links.
  private mutating func head(_ part: ArraySlice<(page: UInt64, slot: UInt64, word: HandleWord)>) -> UInt64 {
    let place = part.indices.max { rank(part[$0].page) < rank(part[$1].page) }
    guard let place else { return 0 }
    let (before, behind) = (head(part[..<place]), head(part[(place + 1)...]))
    let (_, slot, word) = part[place]
    expect(
      word.raw >> 40 & 0xfff == before && word.raw >> 52 == behind,
      "region \(slot): \(word.raw >> 40 & 0xfff) before it and \(word.raw >> 52) behind it, not \(before), \(behind)")
    return slot
  }

  private func rank(_ page: UInt64) -> UInt64 { page &* 0x9e37_79b9_7f4a_7c15 }
}
