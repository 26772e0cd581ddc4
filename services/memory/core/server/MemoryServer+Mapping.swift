internal import ABI
internal import Interfaces
internal import Runtime

extension MemoryServer {
  /// Kernel calls of a request before it answers *again*, so that nobody waits behind another's gigabyte.
  static var stepBudget: Int { 64 }

  /// Maps zeroed private pages as a region in a slot: the largest blocks that fit, frames that lie together in
  /// one call, tables on spare frames. A refusal leaves account, ledger, tables and slot as they were. Of a region that is
  /// open already a page could not be mapped without a table.
  mutating func mapPrivate(
    _ wanted: Region, slot: UInt64, isOpen: Bool = false, of task: Target, budget: inout Int,
    _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) {
    // What is soon taken back is tried without asking.
    if wanted.count > 16 { try checkAffordable(wanted, slot, task, &gate) }
    var done = isOpen ? 0 : try openRegion(wanted, slot: slot, of: task.number, &gate)
    var tables: UInt64 = 0
    var spares = Spares()
    if isOpen { fill(&spares, &gate) }
    do throws(MemoryRefusal) {
      while done < wanted.count {
        guard budget > 0 else { throw MemoryRefusal(.interface(.again)) }
        budget -= 1
        done += try mapRun(wanted, slot, from: done, of: task, &spares, &tables, &gate)
      }
      give(spares)
    } catch {
      give(spares)
      if error.cause == .interface(.again) { throw error }
      try undo(slot, of: task, &gate)
      throw explained(error, wanted.count + tables, try accountLeft(task, &gate))
    }
  }

  /// One run of pages: at most a leaf table, on frames that lie together; those of `given`, where there are such.
  mutating func mapRun(
    _ wanted: Region, _ slot: UInt64, from done: UInt64, of task: Target,
    on given: (first: UInt64, count: UInt64)? = nil, _ spares: inout Spares, _ tables: inout UInt64,
    _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> UInt64 {
    let page = wanted.page + done
    let most = min(wanted.count - done, Geometry.blockFrames - page & 511)
    guard let run = given ?? takeRun(most, for: page, &gate) else {
      throw MemoryRefusal(.outOfMemory, wanted.count - done, limit: 0)
    }
    // Most pages come under tables that are there, but where a table would begin: else spares are taken when the kernel
    // asks for them.
    if page & 511 == 0 { fill(&spares, &gate) }
    while true {
      do throws(Refusal) {
        let mapped = try gate.map(
          task: task.number, region: slot, page: page, count: run.count, frame: run.first,
          spares: (spares.first, spares.second), authority: HandOver.Slot.memory)
        tables += spares.remove(mapped)
        give(mapped.table)
        return run.count
      } catch {
        let had = spares.count
        if error.status == .tablesNeeded { fill(&spares, &gate) }
        if spares.count > had { continue }
        give(run.first, count: run.count)
        throw missing(error)
      }
    }
  }

  /// Maps all of a region that shows a Memory of the server's: a device, the bundle, the log. A refusal
  /// leaves everything as it was.
  mutating func mapShown(
    _ wanted: Region, slot: UInt64, of task: Target, memory: UInt64,
    _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) {
    var done = try openRegion(wanted, slot: slot, of: task.number, memory: memory, &gate)
    var tables: UInt64 = 0
    var spares = Spares()
    do throws(MemoryRefusal) {
      try mapRest(of: wanted, slot, task, &done, &spares, &tables, &gate)
      give(spares)
    } catch {
      give(spares)
      try undo(slot, of: task, &gate)
      throw summed(error, taken: tables)
    }
  }

  /// Maps the pages of a region from `done` on, a leaf table at a time: on frames that lie together from `first` on, or
  /// where it shows a Memory on that Memory's. `done` counts on up to where it was refused.
  mutating func mapRest(
    of region: Region, _ slot: UInt64, on first: UInt64 = 0, _ task: Target, _ done: inout UInt64,
    _ spares: inout Spares, _ tables: inout UInt64, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) {
    while done < region.count {
      let page = region.page + done
      let count = min(region.count - done, Geometry.blockFrames - page & 511)
      fill(&spares, &gate)
      do throws(Refusal) {
        let mapped = try gate.map(
          task: task.number, region: slot, page: page, count: count, frame: first + done,
          spares: (spares.first, spares.second), authority: HandOver.Slot.memory)
        tables += spares.remove(mapped)
        give(mapped.table)
      } catch {
        throw missing(error)
      }
      done += count
    }
  }

  /// Takes back what a refused request had done.
  mutating func undo(_ slot: UInt64, of task: Target, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal)
  {
    var budget = Int.max
    try closeRegion(slot: slot, of: task, budget: &budget, &gate)
  }

  /// A table for which no frame was left is memory that ran out.
  mutating func missing(_ error: Refusal) -> MemoryRefusal {
    error.status == .tablesNeeded ? MemoryRefusal(.outOfMemory, error.value, limit: error.limit) : refusal(error)
  }

  /// Names in a refusal what the whole request needed at least, and what there was before it.
  mutating func explained(_ error: MemoryRefusal, _ needed: UInt64, _ left: UInt64) -> MemoryRefusal {
    switch error.cause {
    case .service(.quotaExceeded): MemoryRefusal(.quotaExceeded, max(needed, left + 1), limit: left)
    case .service(.outOfMemory): MemoryRefusal(.outOfMemory, max(needed, freeFrames + 1), limit: freeFrames)
    default: error
    }
  }

  /// Adds to a refusal's numbers what the request had taken before, and has given back.
  mutating func summed(_ error: MemoryRefusal, taken: UInt64) -> MemoryRefusal {
    switch error.cause {
    case .service(.quotaExceeded): MemoryRefusal(.quotaExceeded, error.value + taken, limit: error.limit + taken)
    case .service(.outOfMemory): MemoryRefusal(.outOfMemory, error.value + taken, limit: freeFrames)
    default: error
    }
  }

  /// Refuses at once what the account or the machine cannot give, tables not counted. What an earlier step of the same
  /// request had mapped goes then. Returns what the account has for the request, that included.
  @discardableResult mutating func checkAffordable(
    _ wanted: Region, _ slot: UInt64, _ task: Target, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> UInt64 {
    var before = try region(inSlot: slot, of: task.number, &gate)
    let mapped = min(before?.mapped ?? 0, wanted.count)
    let pages = wanted.count - mapped
    let left = try accountLeft(task, &gate)
    guard pages > left || pages > freeFrames else { return left + mapped }
    let refusal =
      pages > left
      ? MemoryRefusal(.quotaExceeded, pages, limit: left) : MemoryRefusal(.outOfMemory, pages, limit: freeFrames)
    before?.mapped = wanted.mapped
    if before == wanted { try undo(slot, of: task, &gate) }
    throw refusal
  }

  /// Frames that a task's account may still use.
  mutating func accountLeft(_ task: Target, _ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) -> UInt64 {
    do throws(Refusal) {
      let facts = try gate.inspect(.task, handle: task.number)
      return facts[1] - min(facts[1], facts[2])
    } catch {
      throw MemoryRefusal(error)
    }
  }
}

extension Spares {
  /// Forgets the frames that became tables; returns how many did.
  mutating func remove(_ mapped: Mapped) -> UInt64 {
    let taken: UInt64 = (mapped.tookFirst ? 1 : 0) + (mapped.tookSecond ? 1 : 0)
    if mapped.tookSecond { second = 0 }
    if mapped.tookFirst {
      first = second
      second = 0
    }
    return taken
  }
}
