internal import ABI
internal import Interfaces
internal import Runtime

// Tables that are there for leases alone: they map nothing else. Counted from the regions, so that nothing has to be
// kept, nor to survive.
extension MemoryServer {
  /// Those of all tasks together.
  mutating func leaseTables(_ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) -> UInt64 {
    var tables: UInt64 = 0
    for place in 0..<SessionList.capacity where sessions[place].number != 0 {
      tables += try leaseTables(of: sessions[place].number, &gate)
    }
    return tables
  }

  /// Those of one task.
  mutating func leaseTables(of session: UInt64, _ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) -> UInt64 {
    var tables: UInt64 = 0
    for place in 0..<HoldingList.capacity where holdings[place].kind == .range && holdings[place].session == session {
      guard let pages = try region(inSlot: holdings[place].region, of: session, &gate)?.pages else { continue }
      tables += try leaseTables(of: pages, order: 9, place, &gate)
      tables += try leaseTables(of: pages, order: 18, place, &gate)
    }
    return tables
  }

  /// Those that map areas of 2^`order` pages.
  private mutating func leaseTables(
    of pages: Range<UInt64>, order: UInt64, _ place: Int, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> UInt64 {
    var tables: UInt64 = 0
    for area in pages.lowerBound >> order...(pages.upperBound - 1) >> order
    where try isLeaseTable(area << order..<(area + 1) << order, pages, order, place, &gate) { tables += 1 }
    return tables
  }

  /// Whether a table maps `area`, nothing but leases, and this lease before all others.
  private mutating func isLeaseTable(
    _ area: Range<UInt64>, _ lease: Range<UInt64>, _ order: UInt64, _ place: Int, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> Bool {
    let session = holdings[place].session
    if order == 9 {
      let page = max(area.lowerBound, lease.lowerBound)
      do throws(Refusal) {
        guard try gate.inspectTranslation(page: page, task: session).level == 3 else { return false }
      } catch {
        throw MemoryRefusal(error)
      }
    }
    // Where the lease fills the area there is no room for another region.
    if lease.lowerBound <= area.lowerBound, area.upperBound <= lease.upperBound { return true }
    var page = area.lowerBound
    while let other = try region(from: page, of: session, &gate), other.region.page < area.upperBound {
      page = other.region.pages.upperBound
      guard other.region.mapped > 0, other.slot != holdings[place].region else { continue }
      guard let earlier = heldRange(session, other.slot), earlier > place else { return false }
    }
    return true
  }
}
