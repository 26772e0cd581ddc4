internal import ABI
internal import Interfaces
internal import Runtime

extension MemoryServer {
  /// `protect`: other rights for all of a region. What has them already is passed over and costs no step, so that a
  /// request which answered *again* gets on.
  mutating func protect(
    _ slot: UInt64, _ rights: UInt64, _ task: Target, seals: Bool = false, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) {
    let rights = try checkedRights(rights)
    guard let region = try region(inSlot: slot, of: task.number, &gate) else { throw MemoryRefusal(.notRegion, slot) }
    guard region.isPrivate || region.rights.isSuperset(of: rights) else {
      throw MemoryRefusal(.invalidRights, rights.rawValue, limit: region.rights.rawValue)
    }
    var budget = Self.stepBudget
    var page = region.page
    while page < region.pages.upperBound {
      guard budget > 0 else { throw MemoryRefusal(.interface(.again)) }
      do throws(Refusal) {
        let done = try gate.protect(
          task: task.number, region: slot, page: page, count: region.pages.upperBound - page, rights: rights,
          seals: seals)
        if done.changed > 0 { budget -= 1 }
        page += done.pages
      } catch {
        throw MemoryRefusal(error)
      }
    }
  }
}
