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
    let (device, isController) = try granted(grant, caller)
    guard index < UInt64(device.ranges.count) else {
      throw MemoryRefusal(.deviceRange, index, limit: UInt64(device.ranges.count))
    }
    let range = device.ranges[Int(truncatingIfNeeded: index)]
    guard range.size > 0, range.end <= 1 << 48 else { throw MemoryRefusal(.deviceRange, index, limit: range.size) }
    var holding = Holding(kind: .range, session: sessions[caller.place].number, region: slot, device: grant)
    holding.first = range.base >> 12
    holding.end = (range.end + Geometry.frameBytes - 1) >> 12
    if pages != 0 { holding.end = min(holding.end, holding.first &+ min(pages, 1 << 36)) }
    holding.isController = isController
    let offset = range.base & (Geometry.frameBytes - 1)
    let length = min(range.size, (holding.end - holding.first) << 12 - offset)
    let first = try mapLease(holding, page, caller, &gate)
    return Lease(
      address: first << 12 | offset, length: length,
      interrupts: UInt64(device.interruptCount)
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
    let slot = try freeSlot(&gate)
    let (first, pages) = (wanted.first, wanted.end - wanted.first)
    let took = try withSpare(&gate) { gate, spare throws(Refusal) in
      try gate.createMemory(
        frame: first, pages: pages, account: task.number, spare: spare, slot: slot, authority: HandOver.Slot.devices)
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

  /// Refuses a range of which another holds a part. Returns the place of the very same lease, if the caller
  /// has it already: a repeated request.
  private mutating func heldBefore(_ wanted: borrowing Holding) throws(MemoryRefusal) -> Int? {
    let (first, end) = (wanted.first, wanted.end)
    guard let place = holdings.first(where: { $0.kind == .range && $0.first < end && first < $0.end }) else {
      return nil
    }
    guard holdings[place].isSame(wanted) else { throw held(place) }
    return place
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
    let device = try granted(grant, caller).device
    guard index < UInt64(device.interruptCount) else {
      throw MemoryRefusal(.deviceRange, index, limit: UInt64(device.interruptCount))
    }
    let line = device.interrupts[Int(truncatingIfNeeded: index)]
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
      guard holdings[place].session == session else { throw held(place) }
      return (place, false)
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

  /// The device that the caller's entry grants under a name, and whether it is the interrupt controller.
  private mutating func granted(_ name: Name, _ caller: Caller) throws(MemoryRefusal) -> (
    device: Device, isController: Bool
  ) {
    let entry = try entry(sessions[caller.place].entry)
    for index in 0..<entry.grantCount where entry.grants[index].name == name.word {
      return try device(of: entry.grants[index])
    }
    throw MemoryRefusal(.notGranted, name.word)
  }

  /// The device of the tree that a grant means.
  mutating func device(of grant: Bundle.Grant) throws(MemoryRefusal) -> (device: Device, isController: Bool) {
    guard let node = tree.node(compatibleWithAny: grant.compatibles.span.extracting(0..<grant.byteCount)) else {
      throw MemoryRefusal(.deviceAbsent, grant.name)
    }
    do throws(DeviceTreeError) {
      return (try tree.device(node), tree.property("interrupt-controller", of: node) != nil)
    } catch {
      throw MemoryRefusal(.deviceAbsent, grant.name, limit: error.found)
    }
  }
}
