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
    var budget = Self.stepBudget
    try mapPrivate(wanted, slot: slot, of: task, budget: &budget, &gate)
    return Message(wanted.page)
  }

  /// `free`: a region that is no lease goes, with its frames.
  mutating func free(_ slot: UInt64, _ task: Target, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal) -> Message
  {
    guard heldRange(task.number, slot) == nil else { throw MemoryRefusal(.notRegion, slot) }
    if isRepeated, try handle(inSlot: slot, of: task.number, &gate).word == .empty { return Message() }
    var budget = Self.stepBudget
    try closeRegion(slot: slot, of: task, keepsDMA: true, budget: &budget, &gate)
    return Message()
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
