internal import ABI
internal import Interfaces
internal import Runtime

// Memory that tasks share: a region of private pages, its home, gets a name that travels as a handle; who holds that
// shows the pages in regions of its own. Pages and account are the home's, so there is nothing to remember here.
extension MemoryServer {
  /// `share`: a name for the caller's region, in a slot of the caller. Replies with its pages.
  mutating func share(_ slot: UInt64, _ destination: UInt64, _ caller: Caller, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal) -> Message
  {
    let task = Target(sessions[caller.place])
    // What is not whole yet may be taken back.
    guard let home = try region(inSlot: slot, of: task.number, &gate), home.isPrivate,
      home.flags.isLazy || home.mapped == home.count
    else { throw MemoryRefusal(.notRegion, slot) }
    let taken = try handle(inSlot: destination, of: task.number, &gate).word
    if taken.kind == .memory, let named = try sharedHome(destination, of: task.number, &gate),
      named.frame == task.frame, named.slot == slot
    {
      return Message(home.count)
    }
    guard taken.kind == .none else { throw MemoryRefusal(.slotOccupied, destination, limit: taken.kindNumber) }
    try withSpare(&gate) { gate, spare throws(Refusal) in
      try gate.share(
        region: slot, account: task.number, spare: spare, slot: destination, of: task.number,
        authority: HandOver.Slot.memory)
    }
    return Message(home.count)
  }

  /// `show`: a region of the caller's over the Memory that came along, from page `offset` of it on. What is there comes
  /// at once, the rest when it is touched. Page 0 lets the server choose. Replies with the first page.
  mutating func show(_ wanted: Shown, _ caller: Caller, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal) -> Message
  {
    let kind = ObjectKind.memory.rawValue
    guard caller.passed != 0 else { throw MemoryRefusal(.interface(.handleNeeded), 0, limit: kind) }
    let passed = try handle(inSlot: caller.passed, of: 0, &gate).word
    guard passed.kind == .memory, try sharedHome(caller.passed, of: 0, &gate) != nil else {
      throw MemoryRefusal(.interface(.handleNeeded), passed.kindNumber, limit: kind)
    }
    let task = Target(sessions[caller.place])
    var region = try checkedRegion(wanted.page, wanted.pages, wanted.rights, isPrivate: false)
    region.offset = wanted.offset
    region.flags = wanted.copies ? .copyOnWrite : .lazy(.page)
    region.page = try place(region, wanted.slot, in: task, &gate)
    let mapped = try openRegion(region, slot: wanted.slot, of: task.number, memory: caller.passed, &gate)
    try showPresent(region, wanted.slot, after: mapped, task, &gate)
    return Message(region.page)
  }

  /// `seal`: takes `write` from a home, for good.
  mutating func seal(_ slot: UInt64, _ caller: Caller, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal) -> Message
  {
    let task = Target(sessions[caller.place])
    guard let home = try region(inSlot: slot, of: task.number, &gate), home.isPrivate else {
      throw MemoryRefusal(.notRegion, slot)
    }
    try protect(slot, home.rights.subtracting(.write).rawValue, task, seals: true, &gate)
    return Message()
  }

  /// A page that a task writes in a region which copies on write: a copy takes its place. One that came meanwhile is as
  /// good.
  mutating func copyShown(
    touched page: UInt64, _ slot: UInt64, _ task: UInt64, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) {
    guard let frame = takeFrame(&gate) else { throw MemoryRefusal(.outOfMemory, 1, limit: freeFrames) }
    do throws(Refusal) {
      try gate.privatize(
        task: task, region: slot, page: page, frame: frame, authority: HandOver.Slot.memory)
    } catch {
      give(frame)
      if error.status != .alreadyMapped { throw refusal(error) }
    }
  }

  /// Maps what its home has of a region. No frame but for tables is needed: what cannot come now comes when touched.
  private mutating func showPresent(
    _ region: Region, _ slot: UInt64, after mapped: UInt64, _ task: Target, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) {
    var budget = Self.stepBudget
    var page = region.page + mapped
    while page < region.pages.upperBound, budget > 0 {
      budget -= 1
      guard let done = try? showRun(page, most: region.pages.upperBound - page, slot, task.number, &gate) else {
        return
      }
      page += done
    }
  }

  /// A page of a region that shows another's was touched: its home brings the page first, where it is lazy itself.
  mutating func bringShown(
    touched page: UInt64, of area: RegionWord, _ slot: UInt64, _ task: UInt64, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) {
    do throws(MemoryRefusal) {
      _ = try showRun(page, most: area.page + area.pages - page, slot, task, &gate)
    } catch {
      guard error.cause == .kernel(.notMapped), let named = try sharedHome(slot, of: task, &gate),
        let place = sessions.place(ofFrame: named.frame),
        let region = try self.region(inSlot: slot, of: task, &gate)
      else { throw error }
      let owner = Target(sessions[place])
      guard let home = try self.region(inSlot: named.slot, of: owner.number, &gate), home.flags.isLazy else {
        throw error
      }
      let free = freeFrames
      let brought = try bring(
        touched: home.page + region.offset + page - region.page, of: home.area, named.slot, owner.number, &gate)
      do throws(MemoryRefusal) { _ = try showRun(page, most: 1, slot, task, &gate) } catch {
        // What came for a touch that is refused goes again; the refusal names it with what else was needed.
        let taken = free - min(free, freeFrames)
        try decommit(brought, named.slot, owner, &gate)
        throw error.cause == .service(.outOfMemory)
          ? MemoryRefusal(.outOfMemory, error.value + taken, limit: freeFrames) : error
      }
    }
  }

  /// Maps pages of a shared Memory as far as they lie together under one leaf table; returns how many are there now.
  private mutating func showRun(
    _ page: UInt64, most: UInt64, _ slot: UInt64, _ task: UInt64, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> UInt64 {
    var count = min(most, Geometry.blockFrames - page & (Geometry.blockFrames - 1))
    var spares = Spares()
    defer { give(spares) }
    while true {
      do throws(Refusal) {
        let mapped = try gate.map(
          task: task, region: slot, page: page, count: count, spares: (spares.first, spares.second),
          authority: HandOver.Slot.memory)
        _ = spares.remove(mapped)
        give(mapped.table)
        return mapped.pages
      } catch {
        switch error.status {
        case .alreadyMapped where error.value == page: return 1
        case .alreadyMapped: count = error.value - page
        case .tablesNeeded where spares.first == 0:
          fill(&spares, &gate)
          if spares.first == 0 { throw MemoryRefusal(.outOfMemory, error.value, limit: freeFrames) }
        case .tablesNeeded: throw MemoryRefusal(.outOfMemory, error.value, limit: freeFrames + spares.count)
        default: throw refusal(error)
        }
      }
    }
  }

  /// Takes a region that shows a home's pages from whoever has it: a home that goes, or whose owner asks for it, goes
  /// with all that others see of it. Their slots say that it is gone.
  mutating func withdraw(
    _ slot: UInt64, fromFrame frame: UInt64, budget: inout Int, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) {
    guard let place = sessions.place(ofFrame: frame) else { throw MemoryRefusal(.noSuchTask, frame) }
    try takeRegion(slot, of: Target(sessions[place]), budget: &budget, &gate)
  }

  /// Where the Memory in a slot has its home; nil where it is not shared, or its home is gone.
  private mutating func sharedHome(_ slot: UInt64, of task: UInt64, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal) -> (frame: UInt64, slot: UInt64)?
  {
    do throws(Refusal) {
      let told = try gate.inspect(.memory, slot, handle: task)
      return told[2] == 0 ? nil : (told[2], told[3])
    } catch {
      throw MemoryRefusal(error)
    }
  }
}

/// A region as `show` asks for it.
struct Shown {
  var slot: UInt64
  var page: UInt64
  var pages: UInt64
  var offset: UInt64
  var rights: UInt64
  var copies: Bool
}

extension SessionList {
  /// The place of the session whose task object lies in a frame.
  mutating func place(ofFrame frame: UInt64) -> Int? {
    for place in 0..<SessionList.capacity where self[place].number != 0 && self[place].frame == frame { return place }
    return nil
  }
}
