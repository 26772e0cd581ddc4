internal import ABI
internal import Machine

// From a slot number that a task names to what the kernel knows. Everything a task says goes through here.
extension Kernel where M: ~Copyable {
  /// Address of a slot of a task's table.
  func slot(_ number: UInt64, of owner: UInt64) throws(Refusal) -> UInt64 {
    let slots = task(owner).pointee.slots
    guard number < slots else { throw Refusal(.slotOutside, number, limit: slots) }
    return owner + Task.handlesOffset + number &* Task.handleBytes
  }

  /// A slot that must be empty. Slot 0 is never used, so that 0 can say none.
  func emptySlot(_ number: UInt64, of owner: UInt64) throws(Refusal) -> UInt64 {
    guard number != 0 else { throw Refusal(.slotOutside, 0, limit: task(owner).pointee.slots) }
    let address = try slot(number, of: owner)
    guard handle(address).pointee.word == .empty else { throw Refusal(.slotOccupied, number) }
    return address
  }

  /// A handle of a kind, with at least the rights given.
  func find(_ number: UInt64, of owner: UInt64, _ kind: ObjectKind, rights: UInt64) throws(Refusal) -> Handle {
    let found = handle(try slot(number, of: owner)).pointee
    guard found.word.kindNumber == kind.rawValue else {
      if found.word == .empty { throw Refusal(.slotEmpty, number) }
      if found.word.kind == .gone { throw Refusal(.peerGone, number) }
      throw Refusal(.wrongKind, found.word.kindNumber, limit: kind.rawValue)
    }
    guard found.word.rights & rights == rights else {
      throw Refusal(.missingRight, found.word.rights, limit: rights)
    }
    return found
  }

  /// The task that a call acts on: the caller's own for slot 0, else the one named with a right.
  func actingTask(_ number: UInt64, of owner: UInt64, _ right: Rights.Task) throws(Refusal) -> UInt64 {
    if number == 0 { return owner }
    let found = try find(number, of: owner, .task, rights: right.rawValue).word.object
    // Nothing new gets into a task that is ending.
    guard task(found).pointee.destroyPhase == 0 else { throw Refusal(.busy, number) }
    return found
  }

  /// The task whose address space a call changes. Its own only the memory server changes without a handle: the
  /// index of free frames would not learn what another task unmaps.
  func addressSpace(_ number: UInt64, of owner: UInt64) throws(Refusal) -> UInt64 {
    guard number != 0 || task(owner).pointee.parent == 0 else {
      throw Refusal(.missingRight, 0, limit: Rights.Task.memory.rawValue)
    }
    return try actingTask(number, of: owner, .memory)
  }

  /// The task in whose table a slot lies: the account of the frame's objects.
  func owner(ofSlot address: UInt64) -> UInt64 {
    DirectMap.address(ledger(DirectMap.frame(address)).pointee.task)
  }
}
