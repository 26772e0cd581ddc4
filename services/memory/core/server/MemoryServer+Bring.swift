internal import ABI
internal import Interfaces
internal import Runtime

// Pages of lazy regions: zeroed by the kernel as it maps them, paid by the account when they come.
extension MemoryServer {
  /// Brings a page that was touched: the run or the block around it that the region's fit allows, where it lies whole
  /// within the region, nothing of it is there yet, the account can pay it and frames are free; else a smaller one. A
  /// page that came meanwhile is as good. Returns what came.
  @discardableResult mutating func bring(
    touched page: UInt64, of region: RegionWord, _ slot: UInt64, _ task: UInt64, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> Range<UInt64> {
    var fit = region.flags.fit
    while fit != .page {
      let first = page & ~(fit.pages - 1)
      if first >= region.page, first + fit.pages <= region.page + region.pages,
        let frame = takeAligned(fit.pages, &gate)
      {
        do throws(Refusal) {
          try mapFrames(frame, fit.pages, at: first, slot, task, &gate)
          return first..<first + fit.pages
        } catch {}
      }
      fit = fit == .block ? .run : .page
    }
    guard let frame = takeFrame(&gate) else { throw MemoryRefusal(.outOfMemory, 1, limit: freeFrames) }
    do throws(Refusal) { try mapFrames(frame, 1, at: page, slot, task, &gate) } catch {
      if error.status != .alreadyMapped { throw shortage(error, pages: 1) }
      return page..<page
    }
    return page..<page + 1
  }

  /// Brings pages from `page` on, at most `most`, in one step of the largest fit; what is there already is passed over.
  /// Returns how many are there now.
  mutating func bring(
    _ page: UInt64, most: UInt64, _ slot: UInt64, _ task: UInt64, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> UInt64 {
    var count = min(most, Geometry.blockFrames - page & (Geometry.blockFrames - 1))
    while true {
      guard let run = takeRun(count, for: page, &gate) else {
        throw MemoryRefusal(.outOfMemory, count, limit: freeFrames)
      }
      do throws(Refusal) {
        try mapFrames(run.first, run.count, at: page, slot, task, &gate)
        return run.count
      } catch {
        guard error.status == .alreadyMapped else { throw shortage(error, pages: run.count) }
        // A block is there to its end, a page alone.
        if error.value == page { return error.limit == 2 ? count : 1 }
        count = error.value - page
      }
    }
  }

  /// Maps frames that lie together as pages of a region; spare frames for tables are taken only where some are missing.
  /// Where the kernel refuses, all frames are free again.
  private mutating func mapFrames(
    _ frame: UInt64, _ count: UInt64, at page: UInt64, _ slot: UInt64, _ task: UInt64,
    _ gate: inout some Gate & ~Copyable
  ) throws(Refusal) {
    var spares = Spares()
    while true {
      do throws(Refusal) {
        let mapped = try gate.map(
          task: task, region: slot, page: page, count: count, frame: frame,
          spares: (spares.first, spares.second), authority: HandOver.Slot.memory)
        _ = spares.remove(mapped)
        give(mapped.table)
        return give(spares)
      } catch {
        if error.status == .tablesNeeded, spares.first == 0 {
          fill(&spares, &gate)
          if spares.first != 0 { continue }
        }
        give(spares)
        give(frame, count: count)
        throw error
      }
    }
  }

  /// A kernel's refusal of pages, as the account's or the machine's: needed and left.
  private mutating func shortage(_ error: Refusal, pages: UInt64) -> MemoryRefusal {
    guard error.status == .tablesNeeded else { return refusal(error) }
    return MemoryRefusal(.outOfMemory, pages + error.value, limit: freeFrames)
  }
}
