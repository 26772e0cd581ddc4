internal import ABI
internal import Interfaces
internal import Runtime

extension MemoryServer {
  /// `allocate`: private zeroed pages; page 0 lets the server choose. Replies with the first page.
  mutating func allocate(
    _ slot: UInt64, _ page: UInt64, _ pages: UInt64, _ rights: UInt64, _ task: Target,
    _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> Message {
    var wanted = try checkedRegion(page, pages, rights, isPrivate: true)
    wanted.page = try place(wanted, slot, in: task, &gate)
    var call = Message(slot, wanted.page, pages, rights, handle: task.number)
    if pages == 1 {
      // Mostly the slot is empty, and the page's table there.
      gate.invoke(.region, &call)
      if call.label == 0, call[0] == 0, mapsAtOnce(wanted.page, slot, task, &gate) { return Message(wanted.page) }
    }
    let isOpen = pages == 1 && call.label == 0
    var budget = Self.stepBudget
    try mapPrivate(wanted, slot: slot, isOpen: isOpen, of: task, budget: &budget, &gate)
    return Message(wanted.page)
  }

  /// Maps the one page of a new region whose table is there. False where it is not mapped: the long way finds out why.
  @inline(__always) private mutating func mapsAtOnce(
    _ page: UInt64, _ slot: UInt64, _ task: Target, _ gate: inout some Gate & ~Copyable
  ) -> Bool {
    guard let frame = takeFrame(&gate) else { return false }
    var call = Message(slot, page, 1, frame, 0, 0, HandOver.Slot.memory, handle: task.number)
    gate.invoke(.map, &call)
    guard call.label & Outcome.refused == 0 else {
      give(frame)
      return false
    }
    if call[2] != 0 { give(call[2]) }
    return true
  }

  /// `free`: a region that is no lease goes, with its frames. A device's memory stays: what is freed could be another's
  /// while the device still writes.
  mutating func free(_ slot: UInt64, _ task: Target, _ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) {
    guard let region = try region(inSlot: slot, of: task.number, &gate),
      region.isPrivate || heldRange(task.number, slot) == nil
    else {
      if isRepeated, try handle(inSlot: slot, of: task.number, &gate).word == .empty { return }
      throw MemoryRefusal(.notRegion, slot)
    }
    guard !region.flags.isDMA else { throw MemoryRefusal(.leaseHeld, slot, limit: region.offset) }
    var budget = Self.stepBudget
    try close(region, slot: slot, of: task, budget: &budget, &gate)
  }

  /// `createEndpoint`, `createNotification` and `createThread`: in a slot of the caller, paid by the task.
  mutating func makeObject(
    _ kind: ObjectKind, _ slot: UInt64, _ caller: Caller, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> Message {
    let account = try target(caller, &gate)
    let owner = sessions[caller.place].number
    if isRepeated {
      let (found, words) = try handle(inSlot: slot, of: owner, &gate)
      let isMade = found.kind == kind && found.rights == 7 && words[1] == 0
      if isMade, views.ledger.word(found.object >> 12).task == account.frame { return Message() }
    }
    try makeObject(kind, slot: slot, of: owner, account: account.number, &gate)
    return Message()
  }

  /// A region as a client may ask for it.
  mutating func checkedRegion(_ page: UInt64, _ pages: UInt64, _ rights: UInt64, isPrivate: Bool)
    throws(MemoryRefusal) -> Region
  {
    guard pages > 0, pages < Geometry.taskPages, page <= Geometry.taskPages - pages else {
      throw MemoryRefusal(.rangeOutside, page, limit: pages)
    }
    return Region(page: page, count: pages, isPrivate: isPrivate, rights: try checkedRights(rights), mapped: 0)
  }

  /// Rights that a region may have.
  mutating func checkedRights(_ raw: UInt64) throws(MemoryRefusal) -> Rights.Memory {
    let rights = Rights.Memory(rawValue: raw)
    guard raw <= 7, rights.contains(.read), !rights.isSuperset(of: [.write, .execute]) else {
      throw MemoryRefusal(.invalidRights, raw)
    }
    return rights
  }

  /// The page of a region: the one asked for, or for 0 the first gap that fits; where its frames are known already, one
  /// that lies as these do from `frame` on. A repeated request finds its region where the first attempt put it.
  mutating func place(
    _ wanted: Region, _ slot: UInt64, as frame: UInt64 = 0, in task: Target, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> UInt64 {
    guard wanted.page == 0 else { return wanted.page }
    if let before = try region(inSlot: slot, of: task.number, &gate), before.count == wanted.count {
      return before.page
    }
    return try gap(wanted.count, as: frame, in: task.number, &gate)
  }
}
