internal import ABI
internal import Interfaces
internal import Runtime

/// How far the search for frames that lie together has come, for the session that wants them. It is a hint: a server
/// that starts anew begins the search anew.
struct RunSearch: Equatable {
  /// How many frames.
  var count = 0
  /// What the first one is a multiple of.
  var alignment = 0
  /// One past the last frame that will do, absolute.
  var end: UInt64 = 0
  /// Where it goes on, as the index counts.
  var next = 0

  /// Whether this is a search for the same.
  func isSame(_ other: RunSearch) -> Bool {
    count == other.count && alignment == other.alignment && end == other.end
  }
}

extension MemoryServer {
  /// Places that one request looks at; then others have their turn.
  static var searchBudget: Int { 1024 }

  /// Takes frames that lie together, aligned and below a frame, wherever such are free; claims sections as long as they
  /// lie below it too.
  ///
  /// The lowest aligned power of two that holds them is looked for first, by the trees' depth. Where there is none,
  /// they may still lie together otherwise: then the free runs are gone through, from the lowest on, and the request
  /// answers *again* between steps.
  mutating func takeTogether(
    _ count: UInt64, alignment: UInt64, below end: UInt64, for session: Int, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> UInt64 {
    var search = RunSearch(
      count: Int(truncatingIfNeeded: count), alignment: Int(truncatingIfNeeded: alignment), end: end)
    if sessions[session].search.isSame(search) {
      search = sessions[session].search
    } else {
      if let found = takePower(search, &gate) { return found }
      // Of powers of two that are aligned to their size the trees say all.
      if count == alignment { throw noRun(count) }
    }
    sessions[session].search = RunSearch()
    var budget = Self.searchBudget
    while true {
      if let found = find(&search, &budget) {
        _ = index.take(FrameRun(first: found, count: search.count))
        return ram.frame(found)
      }
      if budget == 0 {
        sessions[session].search = search
        throw MemoryRefusal(.interface(.again))
      }
      guard claimNext(below: end, &gate) else { throw noRun(count) }
    }
  }

  /// Takes them as the start of the lowest free power of two that holds them. Larger ones than half a section has no
  /// section: its index lies in it.
  private mutating func takePower(_ wanted: RunSearch, _ gate: inout some Gate & ~Copyable) -> UInt64? {
    let most = max(wanted.count, wanted.alignment)
    let order = most == 1 ? 0 : (most - 1).binaryOrder + 1
    guard order < SectionTree.topOrder else { return nil }
    repeat {
      guard let found = index.allocate(order: order) else { continue }
      let first = ram.frame(found)
      let fits = first < wanted.end && UInt64(wanted.count) <= wanted.end - first
      let kept = fits ? wanted.count : 0
      give(first + UInt64(kept), count: UInt64(1 << order - kept))
      return fits ? first : nil
    } while claimNext(below: wanted.end, &gate)
    return nil
  }

  /// Goes on with a search, range by range: what lies between two of them is no RAM.
  private mutating func find(_ search: inout RunSearch, _ budget: inout Int) -> Int? {
    for number in 0..<ram.count {
      let bounds = ram.places(inRange: number, below: search.end, sections: index.sections)
      guard search.next < bounds.upperBound else { continue }
      let found = index.lowestRun(
        search.count, alignment: search.alignment, within: bounds, from: &search.next, &budget)
      if found != nil || budget == 0 { return found }
    }
    return nil
  }

  /// Claims the next section where it lies below a frame. Its index lies on its first frames that are free, so that no
  /// run reaches into it from below.
  private mutating func claimNext(below end: UInt64, _ gate: inout some Gate & ~Copyable) -> Bool {
    ram.start(ofSection: index.sections) < end && claimNext(&gate)
  }

  private mutating func noRun(_ count: UInt64) -> MemoryRefusal {
    MemoryRefusal(.noRun, count, limit: index.largestFreeOrder.map { 1 << UInt64($0) } ?? 0)
  }
}
