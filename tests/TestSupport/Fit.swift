import ABI
import KernelCore
import Machine

/// What the mappings of a task take at least, computed from nothing but which frame is behind each page: no table is
/// looked at but to find that.
package struct LeastTables: Equatable {
  /// Tables, the root among them.
  package var tables = 1
  /// Blocks of 2 MiB.
  package var blocks = 0
  /// Groups of 16 pages that one entry of the MMU may hold, those of blocks left out.
  package var groups = 0

  /// - Parameter regions: the pages of each region. A run lies in one region.
  package init(_ pages: [UInt64: SeenPage], regions: [Range<UInt64>]) {
    func isRun(_ first: UInt64, _ count: UInt64) -> Bool {
      guard let start = pages[first], start.frame % count == 0 else { return false }
      guard regions.contains(where: { $0.contains(first) && $0.contains(first + count - 1) }) else { return false }
      return (0..<count).allSatisfy {
        guard let page = pages[first + $0] else { return false }
        return page.frame == start.frame + $0 && page.rights == start.rights && page.isDevice == start.isDevice
      }
    }
    tables += Set(pages.keys.map { $0 / 262_144 }).count
    for block in Set(pages.keys.map { $0 / 512 * 512 }) {
      if isRun(block, 512) {
        blocks += 1
      } else {
        tables += 1
        groups += stride(from: block, to: block + 512, by: 16).filter { isRun($0, 16) }.count
      }
    }
  }

  /// What a task has.
  package init(of actor: Actor, in system: SimulatedSystem) {
    tables = 0
    count(system, system.kernel.task(actor.task).pointee.translation >> 12 & 0x7ff_ffff, level: 1)
    groups /= 16
  }

  private mutating func count(_ system: SimulatedSystem, _ table: UInt64, level: Int) {
    tables += 1
    for index in 0..<512 as Range<UInt64> {
      let entry = system.kernel.machine.memory(DirectMap.address(table) + index * 8, as: UInt64.self).pointee
      guard entry & 1 == 1 else { continue }
      if level < 3, entry & 2 == 2 {
        count(system, entry >> 12 & 0xf_ffff_ffff, level: level + 1)
      } else if level == 2 {
        blocks += 1
      } else if entry >> 52 & 1 == 1 {
        groups += 1
      }
    }
  }
}
