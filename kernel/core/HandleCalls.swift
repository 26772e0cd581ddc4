internal import ABI
internal import Machine

extension Kernel where M: ~Copyable {
  /// `copy`: a handle with the same or fewer rights, badged once, into one's own table or a child's.
  mutating func copyHandle(_ caller: UInt64) throws(Refusal) {
    let own = thread(caller).pointee.task
    let number = handleWord(caller)
    var copied = handle(try slot(number, of: own)).pointee
    guard copied.word != .empty else { throw Refusal(.slotEmpty, number) }
    guard mayTravel(copied.word) else { throw Refusal(.wrongKind, copied.word.kindNumber) }
    let owner = try actingTask(word(caller, 0), of: own, .control)
    let target = try emptySlot(word(caller, 1), of: owner)
    let badge = word(caller, 3)
    if badge != 0 {
      guard copied.value == 0 else { throw Refusal(.notPermitted, badge, limit: copied.value) }
      guard badge <= Badge.mintable else { throw Refusal(.outOfRange, badge, limit: Badge.mintable) }
      copied.value = badge
    }
    let rights = copied.word.rights & word(caller, 2)
    copied.word = HandleWord(raw: copied.word.raw & ~(7 << 4) | rights << 4)
    install(copied, in: target)
    succeed(caller)
  }

  /// `drop`: empties a slot. The last handle takes the object with it. In the table of another task (x0) only a
  /// region may be dropped: what may make regions there may also take them away; with x1 = 1 it leaves the slot gone, so
  /// that a touch can be told to be of what was taken. With the authority over RAM in x2, a frame of objects on which
  /// nothing lives any more comes back as x0.
  mutating func drop(_ caller: UInt64) throws(Refusal) {
    let number = handleWord(caller)
    let own = thread(caller).pointee.task
    let owner = try actingTask(word(caller, 0), of: own, .memory)
    let address = try slot(number, of: owner)
    let dropped = handle(address).pointee
    guard dropped.word != .empty else { throw Refusal(.slotEmpty, number) }
    guard owner == own || dropped.word.kind == .region else {
      throw Refusal(.wrongKind, dropped.word.kindNumber, limit: ObjectKind.region.rawValue)
    }
    if dropped.word.kind == .region, dropped.mapped != 0 {
      throw Refusal(.regionMapped, number, limit: dropped.mapped)
    }
    if word(caller, 2) != 0 { _ = try authority(word(caller, 2), of: own) }
    // A task ends by `destroy`, in steps; its last handle cannot be lost.
    if dropped.word.kind == .task, task(dropped.word.object).pointee.firstHandle == address, dropped.next == 0 {
      throw Refusal(.busy, number)
    }
    let wasLease = showsDevice(dropped)
    // What a region had to show goes with it.
    if dropped.isHome, try !makeHandlesGone(of: dropped.word.object, except: address) { return restart() }
    empty(address)
    if owner != own, word(caller, 1) == 1 { leaveGone(dropped.region, wasLease, in: address) }
    succeed(
      caller, word(caller, 2) != 0 && dropped.word.kind != .task ? freeObjects(DirectMap.frame(dropped.word.object)) : 0
    )
  }

  /// Frees an account's newest frame of objects if nothing lives on it any more, and returns it; else 0.
  private mutating func freeObjects(_ frame: UInt64) -> UInt64 {
    guard isClaimed(frame), ledger(frame).pointee.kind == .objects, ledger(frame).pointee.live == 1 else { return 0 }
    let account = DirectMap.address(ledger(frame).pointee.task)
    guard task(account).pointee.objectFrames == frame else { return 0 }
    task(account).pointee.objectFrames = machine.memory(DirectMap.address(frame), as: UInt64.self).pointee
    task(account).pointee.objects -= 1
    task(account).pointee.used -= 1
    free(frame)
    return frame
  }

  /// Empties a slot whose handle may be dropped.
  mutating func empty(_ address: UInt64) {
    let dropped = handle(address).pointee
    if dropped.word.kind == .region { leaveRegion(address, of: owner(ofSlot: address)) }
    switch dropped.word.kind {
    case .endpoint, .notification, .memory, .interrupt, .thread: unlinkLast(address, dropped.word.kind)
    case .task, .timer: unlink(address)
    case .region where dropped.word.object != 0:
      if dropped.isHome { memoryObject(dropped.word.object).pointee.home = 0 }
      unlinkLast(address, .memory)
    case .reply:
      handle(address).pointee = Handle()
      abandon(dropped.value)
    case .region, .power, .gone, .none: handle(address).pointee = Handle()
    }
  }

  /// Takes a handle off its object's list; without any handle left the object ends.
  private mutating func unlinkLast(_ address: UInt64, _ kind: ObjectKind) {
    let object = handle(address).pointee.word.object
    unlink(address)
    if listHead(object).pointee == 0 { end(kind, object) }
  }

  /// A thread whose reply will never come gets `peerGone`.
  mutating func abandon(_ caller: UInt64) {
    let t = thread(caller)
    t.pointee.server = 0
    if t.pointee.isFault != 0 {
      t.pointee.isFault = 0
      t.pointee.state = ThreadState.idle
      return
    }
    refuse(caller, Refusal(.peerGone))
    makeReady(caller)
  }

  /// `revoke`: all other handles of the object go; of a badged handle those with the same badge.
  mutating func revoke(_ caller: UInt64) throws(Refusal) {
    let number = handleWord(caller)
    let address = try slot(number, of: thread(caller).pointee.task)
    let kept = handle(address).pointee
    guard kept.word != .empty else { throw Refusal(.slotEmpty, number) }
    guard isListed(kept.word) else { throw Refusal(.wrongKind, kept.word.kindNumber) }
    try checkKeeper(kept.word)
    if kept.word.kind == .memory {
      let use = memoryObject(kept.word.object).pointee.kind
      guard use != MemoryUse.shared else { throw Refusal(.wrongKind, use) }
      try checkRegions(of: kept.word.object)
    }
    var next = listHead(kept.word.object).pointee
    var (visits, removed) = (0, 0)
    while next != 0 {
      let visited = next
      let found = handle(visited).pointee
      next = found.next
      visits += 1
      if visited != address, kept.value == 0 || found.word.kind == .region || found.value == kept.value {
        makeGone(visited)
        removed += 1
      }
      // A region leaves the tree of its task, in as many steps as that is deep.
      let isLong = visits & 31 == 0 || found.word.kind == .region
      if removed > 0, isLong, machine.interruptIsPending() { return restart() }
    }
    succeed(caller)
  }

  /// Refuses a handle without the right that an object's keeper has and those who only use it have not: a
  /// client could else take it from all others.
  private func checkKeeper(_ word: HandleWord) throws(Refusal) {
    let needed: UInt64 =
      switch word.kind {
      case .endpoint: Rights.Endpoint.receive.rawValue
      case .notification: Rights.Notification.wait.rawValue
      case .task: Rights.Task.destroy.rawValue
      case .thread: Rights.Thread.control.rawValue
      // Who only sets the deadline has bit 0.
      case .timer: 4
      default: 1
      }
    guard word.rights & needed != 0 else { throw Refusal(.missingRight, word.rights, limit: needed) }
  }

  /// Refuses while a region shows pages of a Memory.
  private func checkRegions(of object: UInt64) throws(Refusal) {
    var next = listHead(object).pointee
    while next != 0 {
      let found = handle(next).pointee
      guard found.word.kind != .region || found.mapped == 0 else {
        throw Refusal(.regionMapped, DirectMap.frame(owner(ofSlot: next)), limit: found.mapped)
      }
      next = found.next
    }
  }

  /// A slot whose object is gone says so until it is dropped.
  func makeGone(_ address: UInt64) {
    let old = handle(address).pointee
    let wasLease = showsDevice(old)
    if old.word.kind == .region { leaveRegion(address, of: owner(ofSlot: address)) }
    unlink(address)
    leaveGone(old.word.kind == .region ? old.region : RegionWord(raw: 0), wasLease, in: address)
  }

  /// Fills an empty slot with what was there: nothing any more, but of a region its pages, and whether it was a lease.
  private func leaveGone(_ region: RegionWord, _ wasLease: Bool, in address: UInt64) {
    let word = HandleWord(.gone, rights: wasLease ? HandleWord.lease : 0, object: 0)
    handle(address).pointee = Handle(word: word, value: region.raw)
  }

  /// Whether a handle is a region over a device's registers.
  private func showsDevice(_ found: Handle) -> Bool {
    found.word.kind == .region && found.word.object != 0
      && memoryObject(found.word.object).pointee.kind == MemoryUse.device
  }
}
