internal import ABI
internal import Machine

// How a message gets from one thread's registers into another's.
extension Kernel where M: ~Copyable {
  /// Copies the eight words, the label and the badge, and the handle that goes along.
  func deliver(from sender: UInt64, to receiver: UInt64, badge: UInt64) {
    let source = thread(sender)
    let target = thread(receiver)
    let passed = Transfer(raw: source.pointee.transfer).pass
    let wanted = Transfer(raw: target.pointee.transfer).receive
    // One by one: as one value they would go through memcpy.
    for index in 0..<8 { target.pointee[index] = source.pointee[index] }
    target.pointee.label = source.pointee.label & ~Outcome.refused
    target.pointee.handle = badge
    target.pointee.transfer =
      passed == 0 ? 0 : pass(passed, of: source.pointee.task, to: target.pointee.task, slot: wanted)
  }

  /// Delivers the fault of a thread as a message; its own registers stay as they are.
  func deliverFault(of sender: UInt64, to receiver: UInt64, badge: UInt64) {
    let source = thread(sender)
    let target = thread(receiver)
    let owner = source.pointee.task
    let number = regionSlot(of: owner, page: FaultMessage.page(of: source.pointee.faultAddress))
    let region = handle(owner + Task.handlesOffset + number &* Task.handleBytes)
    target.pointee[FaultMessage.region] = number
    target.pointee[FaultMessage.handle] = region.pointee.word.withoutObject.raw
    target.pointee[FaultMessage.area] = region.pointee.value
    target.pointee[FaultMessage.syndrome] = source.pointee.faultSyndrome
    target.pointee[FaultMessage.address] = source.pointee.faultAddress
    target.pointee[FaultMessage.instruction] = source.pointee.registers.instruction
    target.pointee[FaultMessage.stack] = source.pointee.registers.stack
    target.pointee[FaultMessage.link] = source.pointee.registers.link
    target.pointee.label = source.pointee.faultSyndrome >> 26 & 63
    target.pointee.handle = badge | Badge.fault
    target.pointee.transfer = 0
  }

  /// Copies a handle into the receiver's slot; returns the slot, or 0 where the receiver takes none, the
  /// slot is taken, or the handle has gone since the sender named it.
  private func pass(_ number: UInt64, of sender: UInt64, to receiver: UInt64, slot wanted: UInt64) -> UInt64 {
    guard let source = try? slot(number, of: sender), let target = try? emptySlot(wanted, of: receiver) else {
      return 0
    }
    let copied = handle(source).pointee
    guard mayTravel(copied.word) else { return 0 }
    install(copied, in: target)
    return wanted
  }

  /// A reply is owed by one thread and a region belongs to one address space: neither travels.
  func mayTravel(_ word: HandleWord) -> Bool { isListed(word) || word.kindNumber == ObjectKind.power.rawValue }

  /// Puts a copy of a handle into an empty slot.
  func install(_ copied: Handle, in target: UInt64) {
    if isListed(copied.word) {
      install(target, copied.word, value: copied.value)
    } else {
      handle(target).pointee = Handle(word: copied.word, value: copied.value)
    }
  }

  /// Refuses, before anything is written, a message that names a handle which may not go along.
  func checkPassed(_ caller: UInt64, rights: UInt64) throws(Refusal) {
    let passed = Transfer(raw: word(caller, 10)).pass
    guard passed != 0 else { return }
    guard rights & Rights.Endpoint.pass.rawValue != 0 else {
      throw Refusal(.missingRight, rights, limit: Rights.Endpoint.pass.rawValue)
    }
    let found = handle(try slot(passed, of: thread(caller).pointee.task)).pointee.word
    guard found != .empty else { throw Refusal(.slotEmpty, passed) }
    guard mayTravel(found) else { throw Refusal(.wrongKind, found.kindNumber) }
  }
}
