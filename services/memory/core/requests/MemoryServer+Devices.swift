internal import ABI
internal import DeviceTree
internal import Interfaces
internal import Runtime

extension MemoryServer {
  /// `lease`: a range of a granted device, or its first pages, mapped execute-never. No physical address leaves the server.
  mutating func lease(
    _ grant: Name, _ index: UInt64, _ slot: UInt64, _ page: UInt64, _ pages: UInt64, _ caller: Caller,
    _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> Message {
    let found = try granted(grant, .range, index, caller)
    let range = found.device.ranges[found.part]
    guard range.size > 0, range.end <= 1 << 48 else { throw MemoryRefusal(.deviceRange, index, limit: range.size) }
    var holding = Holding(kind: .range, session: sessions[caller.place].number, region: slot, device: grant)
    holding.cover(range, pages: pages)
    holding.badge = found.badge(of: index)
    holding.isController = found.isController
    try checkShared(holding, found.node, caller)
    let (offset, length) = (holding.base & (Geometry.frameBytes - 1), holding.limit - holding.base)
    let first = try mapLease(holding, page, caller, &gate)
    return Lease(
      address: first << 12 | offset, length: length,
      interrupts: UInt64(found.device.interruptCount), firstInterrupt: found.firstInterrupt
    ).reply
  }

  private mutating func mapLease(
    _ wanted: consuming Holding, _ page: UInt64, _ caller: Caller, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> UInt64 {
    let task = Target(sessions[caller.place])
    let rights: Rights.Memory = [.read, .write]
    var region = try checkedRegion(page, wanted.end - wanted.first, rights.rawValue, isPrivate: false)
    region.page = try place(region, wanted.region, as: wanted.first, in: task, &gate)
    if let place = try heldBefore(wanted) {
      // Mapped whole, unless it was interrupted there.
      try checkOpened(region, place, task, &gate)
      try mapShown(region, slot: wanted.region, of: task, memory: holdings[place].slot, &gate)
      return region.page
    }
    guard let place = holdings.freePlace else {
      throw MemoryRefusal(.serverFull, UInt64(HoldingList.capacity), limit: UInt64(HoldingList.capacity))
    }
    // A region that is there is another's, or another lease's.
    let taken = try handle(inSlot: wanted.region, of: task.number, &gate).word
    guard taken.kind == .none else { throw MemoryRefusal(.slotOccupied, wanted.region, limit: taken.kindNumber) }
    let slot = try freeSlot(&gate)
    let (first, pages, badge) = (wanted.first, wanted.end - wanted.first, wanted.badge)
    let took = try withSpare(&gate) { gate, spare throws(Refusal) in
      try gate.createMemory(
        frame: first, pages: pages, account: task.number, spare: spare, slot: slot, badge: badge,
        authority: HandOver.Slot.devices)
    }
    do throws(MemoryRefusal) {
      try mapShown(region, slot: wanted.region, of: task, memory: slot, &gate)
    } catch {
      discard(slot, &gate)
      throw summed(error, taken: took ? 1 : 0)
    }
    holdings[place] = wanted
    holdings[place].slot = slot
    return region.page
  }

  /// Refuses a range of which a part is held, or a page by another task. Returns the place of the very same lease, if
  /// the caller has it already: a repeated request.
  private mutating func heldBefore(_ wanted: borrowing Holding) throws(MemoryRefusal) -> Int? {
    var same: Int?
    for place in 0..<HoldingList.capacity where holdings[place].kind == .range {
      guard holdings[place].first < wanted.end, wanted.first < holdings[place].end else { continue }
      if holdings[place].isSame(wanted) {
        same = place
      } else if holdings[place].session != wanted.session || holdings[place].overlaps(wanted) {
        throw held(place)
      }
    }
    return same
  }

  private mutating func checkOpened(
    _ wanted: Region, _ place: Int, _ task: Target, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) {
    guard let region = try region(inSlot: holdings[place].region, of: task.number, &gate), region.page == wanted.page
    else {
      throw held(place)
    }
  }

  /// The refusal that names the holder.
  private mutating func held(_ place: Int) -> MemoryRefusal {
    let holder = sessions.place(of: holdings[place].session).map { sessions[$0].name } ?? .none
    return MemoryRefusal(.deviceHeld, holdings[place].device.word, limit: holder.word)
  }

  /// The range that a task holds in a slot.
  mutating func heldRange(_ session: UInt64, _ slot: UInt64) -> Int? {
    holdings.first { $0.kind == .range && $0.session == session && $0.region == slot }
  }

  /// `releaseLease`: the region goes, and others may have the device.
  mutating func releaseLease(_ slot: UInt64, _ caller: Caller, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal) -> Message
  {
    let task = Target(sessions[caller.place])
    guard let place = heldRange(task.number, slot) else {
      if isRepeated, try handle(inSlot: slot, of: task.number, &gate).word == .empty { return Message() }
      throw MemoryRefusal(.notRegion, slot)
    }
    var budget = Self.stepBudget
    try endDMA(place, of: task, &gate)
    try closeRegion(slot: slot, of: task, budget: &budget, &gate)
    let held = holdings[place].slot
    discard(held, &gate)
    holdings[place] = Holding()
    return Message()
  }

  /// `interrupt`: a handle to an interrupt of a granted device, in the caller's slot.
  mutating func interrupt(
    _ grant: Name, _ index: UInt64, _ slot: UInt64, _ caller: Caller, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> Message {
    let found = try granted(grant, .interrupt, index, caller)
    let line = found.device.interrupts[found.part]
    let session = sessions[caller.place].number
    let (place, isNew) = try heldInterrupt(line, grant, session, &gate)
    let held = holdings[place].slot
    if isRepeated {
      let object = try handle(inSlot: held, of: 0, &gate).word.object
      let found = try handle(inSlot: slot, of: session, &gate).word
      if found.kind == .interrupt, found.object == object { return Message() }
    }
    do throws(Refusal) {
      try gate.copy(held, to: slot, task: session)
    } catch {
      if isNew {
        discard(held, &gate)
        holdings[place] = Holding()
      }
      throw refusal(error)
    }
    return Message()
  }

  /// The place of an interrupt that a task holds; made on its account when nobody holds it yet.
  private mutating func heldInterrupt(
    _ line: InterruptLine, _ grant: Name, _ session: UInt64, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> (place: Int, isNew: Bool) {
    let number = UInt64(line.number)
    if let place = holdings.first(where: { $0.kind == .interrupt && $0.first == number }) {
      if holdings[place].session == session { return (place, false) }
      guard try isLetGo(place, &gate) else { throw held(place) }
      discard(holdings[place].slot, &gate)
      holdings[place] = Holding()
    }
    guard let place = holdings.freePlace else {
      throw MemoryRefusal(.serverFull, UInt64(HoldingList.capacity), limit: UInt64(HoldingList.capacity))
    }
    let slot = try freeSlot(&gate)
    try withSpare(&gate) { gate, spare throws(Refusal) in
      try gate.createInterrupt(
        number: number, isEdge: line.trigger == .edge, account: session, spare: spare, slot: slot,
        authority: HandOver.Slot.devices)
    }
    holdings[place] = Holding(
      kind: .interrupt, session: session, slot: slot, first: number, end: number + 1, device: grant)
    return (place, true)
  }

  /// Whether a task has dropped all its handles to an interrupt that it held: the server's is the only one.
  private mutating func isLetGo(_ place: Int, _ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) -> Bool {
    let slot = holdings[place].slot
    do throws(Refusal) { return try gate.inspect(.interrupt, handle: slot)[4] == 0 } catch {
      throw MemoryRefusal(error)
    }
  }

  /// `attach`: the kernel gets its interrupt controller, on GICv2 with two frames for the tables of its window.
  mutating func attach(_ caller: Caller, _ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) -> Message {
    let session = sessions[caller.place].number
    guard holdings.first(where: { $0.isController && $0.session == session }) != nil else {
      throw MemoryRefusal(.notPermitted, Name("gic").word)
    }
    let isVersion2 = facts.interruptController == 2
    var spares = Spares()
    if isVersion2 { fill(&spares, &gate) }
    do throws(Refusal) {
      try gate.attachController(
        devices: HandOver.Slot.devices, frame: isVersion2 ? facts.cpuInterfaceFrame : 0,
        tables: (spares.first, spares.second))
      return Message()
    } catch {
      give(spares)
      if isRepeated, error.status == .busy { return Message() }
      throw summed(missing(error), taken: 0)
    }
  }
}
