internal import ABI
internal import Interfaces
internal import Runtime

// The end of a task, and of all that live on its quota.
extension MemoryServer {
  /// `destroyTask`: everything that the task held comes back. What it started ends before it: those tasks live on its
  /// quota, and nobody else has a handle that could end them.
  mutating func destroyTask(_ caller: Caller, _ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) -> Message {
    try require(.supervise, caller)
    let task = try passedTask(caller, &gate)
    guard let place = sessions.place(of: task.number), try !isSelfOrAbove(task, caller, &gate) else {
      throw MemoryRefusal(.notPermitted, task.number)
    }
    var budget = Self.stepBudget
    while true {
      // From the last of them up; each is stopped first, so that it starts nobody any more.
      let ending = try lowest(below: place, &gate)
      try emptyTask(ending, &budget, &gate)
      try endTask(ending, &gate)
      if ending == place { return Message() }
      budget -= min(budget, Self.stepBudget / 4)
      if budget == 0 { throw MemoryRefusal(.interface(.again)) }
    }
  }

  /// Whether a task is the caller's own, or one on whose quota the caller lives.
  private mutating func isSelfOrAbove(_ task: Target, _ caller: Caller, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal) -> Bool
  {
    var next: Int? = caller.place
    while let place = next {
      if sessions[place].number == task.number { return true }
      next = sessions.place(ofFrame: try account(sessions[place].number, &gate).parent)
    }
    return false
  }

  /// A task that gave nobody a part of its quota, found from `place` downwards. All on the way are stopped: they must not
  /// run while their memory goes, they would only fault.
  private mutating func lowest(below place: Int, _ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) -> Int {
    var place = place
    while true {
      do throws(Refusal) { try gate.suspend(task: sessions[place].number) } catch  where error.status != .busy {
        throw MemoryRefusal(error)
      } catch {}
      guard let child = try child(of: place, &gate) else { return place }
      place = child
    }
  }

  /// A task that lives on the quota of another.
  private mutating func child(of parent: Int, _ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) -> Int? {
    let frame = sessions[parent].frame
    guard try account(sessions[parent].number, &gate).children > 0 else { return nil }
    for place in 0..<SessionList.capacity where sessions[place].number != 0 {
      if try account(sessions[place].number, &gate).parent == frame { return place }
    }
    return nil
  }

  /// Unmaps all regions of a task; one whose end has begun has none any more.
  private mutating func emptyTask(_ place: Int, _ budget: inout Int, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal)
  {
    let task = Target(sessions[place])
    var next: Found?
    do throws(MemoryRefusal) { next = try region(from: 0, of: task.number, &gate) } catch {
      if error.cause == .kernel(.busy) { return }
      throw error
    }
    while let found = next {
      if found.object != 0, found.region.isPrivate {
        // Others may have copies of its pages, which keep its name from ending with the account.
        try closeRegion(slot: found.slot, of: task, budget: &budget, &gate)
      } else {
        try unmap(found.region, slot: found.slot, of: task, budget: &budget, &gate)
      }
      next = try region(from: found.region.pages.upperBound, of: task.number, &gate)
    }
  }

  /// Ends a task whose regions are unmapped; its frames come back one by one, its quota goes back to the task that gave
  /// it, and others may have its devices.
  mutating func endTask(_ place: Int, _ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) {
    do throws(Refusal) {
      while true {
        let step = try gate.destroy(sessions[place].number)
        give(step.frame)
        if step.isDone { break }
      }
    } catch {
      throw MemoryRefusal(error)
    }
    // With the account its devices' objects ended; the server's handles to them name what is gone.
    let number = sessions[place].number
    while let held = holdings.first(where: { $0.kind != .none && $0.session == number }) {
      try? gate.drop(holdings[held].slot)
      emptied(holdings[held].slot)
      holdings[held] = Holding()
    }
    emptied(number)
    sessions[place] = Session()
  }
}
