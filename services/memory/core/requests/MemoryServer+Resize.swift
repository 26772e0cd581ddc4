internal import ABI
internal import Interfaces
internal import Runtime

// Regions that get longer or shorter where they are. The client names both lengths: with the one that it starts from a
// request knows how much of it was done, and how much to take back, by what the kernel holds.
extension MemoryServer {
  /// `resize`: another length for a region of private pages. What others show of a home they keep: it gets no shorter than
  /// that.
  mutating func resize(_ wanted: Resized, _ task: Target, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal) -> Message
  {
    let (found, words) = try handle(inSlot: wanted.slot, of: task.number, &gate)
    guard found.kind == .region else { throw MemoryRefusal(.notRegion, wanted.slot) }
    let region = Region(found, RegionWord(raw: words[1]), offset: words[2], mapped: words[3])
    guard region.isPrivate else { throw MemoryRefusal(.notRegion, wanted.slot) }
    if region.flags.isDMA { throw MemoryRefusal(.leaseHeld, wanted.slot, limit: region.offset) }
    guard wanted.to > 0, wanted.to <= Geometry.taskPages - region.page else {
      throw MemoryRefusal(.rangeOutside, region.page, limit: wanted.to)
    }
    let (least, most) = (min(wanted.from, wanted.to), max(wanted.from, wanted.to))
    let isBegun = isRepeated && least <= region.count && region.count <= most
    guard least > 0, region.count == wanted.from || region.count == wanted.to || isBegun else {
      throw MemoryRefusal(.lengthDiffers, region.count, limit: wanted.from)
    }
    if wanted.from > wanted.to {
      try shorten(region, wanted, isHome: found.object != 0, task, &gate)
    } else if region.flags.isLazy {
      _ = try setLength(wanted.slot, wanted.to, shown: wanted.to, task, &gate)
    } else {
      try lengthen(region, wanted, isHome: found.object != 0, task, &gate)
    }
    return Message()
  }

  /// Brings all pages behind those that are there. A refusal takes back what came.
  private mutating func lengthen(
    _ region: Region, _ wanted: Resized, isHome: Bool, _ task: Target, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) {
    let growth = Growth(page: region.page, wanted)
    guard region.mapped >= wanted.from, region.mapped == wanted.from || region.count == wanted.to else {
      throw MemoryRefusal(.lengthDiffers, region.mapped, limit: wanted.from)
    }
    var (length, done) = (region.count, region.mapped - wanted.from)
    if done > 0, done < growth.count, try !isMapped(region.page + growth.place(0).first, in: task.number, &gate) {
      // What a refused request had mapped was being taken back.
      try takeBack(growth, wanted, length, task, &gate)
      (length, done) = (wanted.from, 0)
    }
    let left = try accountLeft(task, &gate) + done
    var (spares, tables): (Spares, UInt64) = (Spares(), 0)
    var held = FrameRun(first: 0, count: 0)
    do throws(MemoryRefusal) {
      guard growth.count <= left else { throw MemoryRefusal(.quotaExceeded, growth.count, limit: left) }
      guard growth.count - done <= freeFrames else {
        throw MemoryRefusal(.outOfMemory, growth.count, limit: freeFrames)
      }
      // Who shows pages of a home sees none of this before it is whole.
      if length < wanted.to {
        length = try setLength(wanted.slot, wanted.to, shown: wanted.from, task, &gate)
      }
      if let last = growth.last(done) { held = try following(last, task, &gate) }
      var budget = Self.stepBudget
      while done < growth.count {
        guard budget > 0 else { throw MemoryRefusal(.interface(.again)) }
        budget -= 1
        done += try mapNext(growth, after: done, wanted.slot, task, &held, &spares, &tables, &gate)
      }
      if isHome { _ = try setLength(wanted.slot, wanted.to, shown: wanted.to, task, &gate) }
      give(spares)
    } catch {
      give(spares)
      index.free(held)
      if error.cause == .interface(.again) { throw error }
      try takeBack(growth, wanted, length, task, &gate)
      throw explained(error, growth.count + tables, left)
    }
  }

  /// The next run of pages; with those frames that are held for it where it is their turn. Where no other frames are left
  /// they serve elsewhere.
  private mutating func mapNext(
    _ growth: Growth, after done: UInt64, _ slot: UInt64, _ task: Target, _ held: inout FrameRun,
    _ spares: inout Spares, _ tables: inout UInt64, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> UInt64 {
    let part = growth.place(done)
    let reached = Region(page: growth.page, count: part.end, isPrivate: true, rights: .read, mapped: 0)
    if held.count > 0, growth.last(done)?.lowerBound == growth.page + part.first {
      let run = (ram.frame(held.first), UInt64(held.count))
      held.count = 0
      return try mapRun(reached, slot, from: part.first, of: task, on: run, &spares, &tables, &gate)
    }
    do throws(MemoryRefusal) {
      return try mapRun(reached, slot, from: part.first, of: task, &spares, &tables, &gate)
    } catch {
      guard held.count > 0, error.cause == .service(.outOfMemory) else { throw error }
      index.free(held)
      held.count = 0
      return try mapRun(reached, slot, from: part.first, of: task, &spares, &tables, &gate)
    }
  }

  /// Takes the pages behind a region's new end away, then the end itself.
  private mutating func shorten(
    _ region: Region, _ wanted: Resized, isHome: Bool, _ task: Target, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) {
    guard region.count > wanted.to else { return }
    // From here on nobody gets to show what goes.
    if isHome { _ = try setLength(wanted.slot, region.count, shown: wanted.to, task, &gate) }
    var budget = Self.stepBudget
    do throws(MemoryRefusal) {
      if region.mapped > 0 {
        try unmapPages(
          region.page + wanted.to..<region.page + region.count, wanted.slot, task, budget: &budget, &gate)
      }
    } catch {
      // The first step alone may want a frame: for a table, where the end lies within a block.
      if isHome, error.cause != .interface(.again) {
        _ = try setLength(wanted.slot, region.count, shown: region.count, task, &gate)
      }
      throw error
    }
    try cut(wanted.slot, from: region.count, to: wanted.to, task, &gate)
  }

  /// Takes back what a refused request had mapped, in the order in which it came.
  private mutating func takeBack(
    _ growth: Growth, _ wanted: Resized, _ length: UInt64, _ task: Target, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) {
    var budget = Int.max
    let (first, middle, end) = (growth.page + wanted.from, growth.page + growth.middle, growth.page + length)
    if middle < end { try unmapPages(middle..<end, wanted.slot, task, budget: &budget, &gate) }
    if first < end { try unmapPages(first..<min(middle, end), wanted.slot, task, budget: &budget, &gate) }
    try cut(wanted.slot, from: length, to: wanted.from, task, &gate)
  }

  /// Unmaps pages upwards; nothing of them stays.
  private mutating func unmapPages(
    _ pages: Range<UInt64>, _ slot: UInt64, _ task: Target, budget: inout Int, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) {
    var next = pages.lowerBound
    while next < pages.upperBound {
      guard budget > 0 else { throw MemoryRefusal(.interface(.again)) }
      budget -= 1
      next += try unmapPart(slot, from: next, count: pages.upperBound - next, of: task, &gate)
    }
  }

  /// Ends a region earlier, where nothing of it is mapped any more. A call of the kernel's may do so in part.
  private mutating func cut(
    _ slot: UInt64, from length: UInt64, to pages: UInt64, _ task: Target, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) {
    var length = length
    while length > pages {
      let now = try setLength(slot, pages, shown: pages, task, &gate)
      guard now < length else { throw MemoryRefusal(.interface(.again)) }
      length = now
    }
  }

  private mutating func setLength(
    _ slot: UInt64, _ pages: UInt64, shown: UInt64, _ task: Target, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> UInt64 {
    do throws(Refusal) {
      return try gate.resize(task: task.number, region: slot, pages: pages, shown: shown)
    } catch { throw refusal(error) }
  }

  /// Takes the frames that follow those of the page before, where they are free and the pages lie as they do: for all of
  /// the pages, or for those that complete 16. So runs and blocks merge over what was the end.
  private mutating func following(_ pages: Range<UInt64>, _ task: Target, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal) -> FrameRun
  {
    let none = FrameRun(first: 0, count: 0)
    let first: UInt64
    do throws(Refusal) {
      first = try gate.inspectTranslation(page: pages.lowerBound - 1, task: task.number).frame + 1
    } catch { throw MemoryRefusal(error) }
    guard (first ^ pages.lowerBound) & 15 == 0, let place = ram.place(of: first) else { return none }
    let all = pages.upperBound - pages.lowerBound
    for count in [all, min(all, 16 - pages.lowerBound & 15)] {
      let run = FrameRun(first: place, count: Int(truncatingIfNeeded: count))
      if ram.place(of: first + count - 1) == run.end - 1, index.take(run) { return run }
    }
    return none
  }
}
