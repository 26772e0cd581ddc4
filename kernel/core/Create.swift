internal import ABI
internal import Machine

extension Kernel where M: ~Copyable {
  /// `create`: checks everything, then makes the object on frames of its account.
  mutating func create(_ caller: UInt64) throws(Refusal) {
    let own = thread(caller).pointee.task
    let account = try actingTask(word(caller, 0), of: own, .memory)
    let owner = try actingTask(word(caller, 4), of: own, .control)
    let target = try emptySlot(word(caller, 3), of: owner)
    switch ObjectKind(rawValue: word(caller, 1)) {
    case .task: try createTask(caller, account: account, target: target)
    case .endpoint:
      let (object, taken) = try objectSlot(caller, account: account)
      endpoint(object).pointee = Endpoint()
      finish(caller, .endpoint, object, target: target, taken: taken)
    case .notification:
      let (object, taken) = try objectSlot(caller, account: account)
      notification(object).pointee = Notification()
      finish(caller, .notification, object, target: target, taken: taken)
    case .interrupt: try createInterrupt(caller, account: account, target: target)
    case .memory where try isAuthority(handleWord(caller), over: MemoryUse.authority, of: own):
      try createShared(caller, of: account, target: target)
    case .memory: try createDevice(caller, account: account, target: target)
    case .thread: try createThread(caller, of: account, target: target)
    default: throw Refusal(.outOfRange, word(caller, 1), limit: ObjectKind.thread.rawValue)
    }
  }

  func finish(_ caller: UInt64, _ kind: ObjectKind, _ object: UInt64, target: UInt64, taken: UInt64) {
    install(target, HandleWord(kind, rights: 7, object: object), value: 0)
    succeed(caller, taken)
  }

  /// A free slot of 128 bytes, or `slots` of them aligned to their number (1 or 8), on the account's frames of objects;
  /// the spare frame x2 becomes a new one where the eight newest have none. The last of the checks: with a slot found
  /// nothing can be refused any more.
  mutating func objectSlot(
    _ caller: UInt64, account: UInt64, slots: Int = 1, authority wanted: Bool = true
  ) throws(Refusal) -> (object: UInt64, taken: UInt64) {
    if wanted { _ = try authority(handleWord(caller), of: thread(caller).pointee.task) }
    let newest = task(account).pointee.objectFrames
    var frame = newest
    for _ in 0..<searched where frame != 0 {
      if let free = freeSlot(ledger(frame).pointee.live, slots) { return (take(free, slots, of: frame), 0) }
      frame = machine.memory(DirectMap.address(frame), as: UInt64.self).pointee
    }
    let spare = word(caller, 2)
    guard spare != 0 else { throw Refusal(.quotaExceeded, 1, limit: 0) }
    try checkFree(spare, by: firstMemory)
    try checkQuota(account, 1)
    machine.clear(frame: spare)
    ledger(spare).pointee = .objects(account: DirectMap.frame(account), live: 1)
    // Slot 0 of a frame of objects holds the link to the frame before it.
    machine.memory(DirectMap.address(spare), as: UInt64.self).pointee = newest
    task(account).pointee.objectFrames = spare
    task(account).pointee.objects += 1
    task(account).pointee.used += 1
    return (take(slots, slots, of: spare), spare)
  }

  /// Frames of objects in which a free slot is looked for.
  private var searched: Int { 8 }

  /// The first of the slots that are free together.
  private func freeSlot(_ live: UInt32, _ slots: Int) -> Int? {
    var first = slots == 1 ? (~live).trailingZeroBitCount : slots
    while first < 32, live &>> UInt32(first) & (1 &<< UInt32(slots) &- 1) != 0 { first += slots }
    return first < 32 ? first : nil
  }

  private func take(_ first: Int, _ slots: Int, of frame: UInt64) -> UInt64 {
    let word = ledger(frame).pointee
    ledger(frame).pointee = .objects(
      account: word.task, live: word.live | (1 &<< UInt32(slots) &- 1) &<< UInt32(first))
    return DirectMap.address(frame) + UInt64(first) * ObjectHeader.slotBytes
  }

  /// Refuses what an account cannot pay.
  func checkQuota(_ account: UInt64, _ frames: UInt64) throws(Refusal) {
    let words = task(account)
    let left = words.pointee.quota &- words.pointee.used
    guard frames <= left else { throw Refusal(.quotaExceeded, frames, limit: left) }
  }

  /// The authority over device space that x9 names.
  func deviceAuthority(_ caller: UInt64) throws(Refusal) -> UInt64 {
    let object = try find(
      handleWord(caller), of: thread(caller).pointee.task, .memory, rights: Rights.Memory.read.rawValue
    ).word.object
    guard memoryObject(object).pointee.kind == MemoryUse.deviceAuthority else {
      throw Refusal(.wrongKind, memoryObject(object).pointee.kind, limit: MemoryUse.deviceAuthority)
    }
    return object
  }

  /// A device range: never RAM, never the interrupt controller's CPU interface, which is the kernel's.
  private mutating func createDevice(_ caller: UInt64, account: UInt64, target: UInt64) throws(Refusal) {
    _ = try deviceAuthority(caller)
    let range = FrameRange(word(caller, 5), word(caller, 5) &+ word(caller, 6))
    guard word(caller, 6) != 0, range.end > range.first, range.end <= 1 << 36 else {
      throw Refusal(.outOfRange, range.first, limit: 1 << 36)
    }
    guard range.intersection(ram.whole).count == 0, range.end <= ram.whole.first || !holdsAdded(range) else {
      throw Refusal(.notPermitted, range.first, limit: ram.whole.first)
    }
    let interface = FrameRange(devices.cpuInterfaceFrame, devices.cpuInterfaceFrame + devices.cpuInterfaceFrames)
    guard range.intersection(interface).count == 0 else {
      throw Refusal(.notPermitted, range.first, limit: interface.first)
    }
    let badge = word(caller, 7)
    guard badge <= Badge.mintable else { throw Refusal(.outOfRange, badge, limit: Badge.mintable) }
    let (object, taken) = try objectSlot(caller, account: account, authority: false)
    noteDevice(range)
    memoryObject(object).pointee = Memory(
      kind: MemoryUse.device, frame: range.first, frames: range.count)
    install(target, HandleWord(.memory, rights: 3, object: object), value: badge)
    succeed(caller, taken)
  }

  private mutating func createInterrupt(_ caller: UInt64, account: UInt64, target: UInt64) throws(Refusal) {
    _ = try deviceAuthority(caller)
    let number = word(caller, 5)
    guard number >= 16, number < UInt64(InterruptNumber.none), number != UInt64(InterruptNumber.timer) else {
      throw Refusal(.outOfRange, number, limit: UInt64(InterruptNumber.none))
    }
    guard interruptHolder(number) <= strayInterrupt else { throw Refusal(.busy, number) }
    let (object, taken) = try objectSlot(caller, account: account, authority: false)
    interruptObject(object).pointee = Interrupt(number: number, trigger: word(caller, 6) & 1)
    interruptObject(object).pointee.isActive = interruptHolder(number) == strayInterrupt ? 1 : 0
    setInterruptHolder(number, object)
    finish(caller, .interrupt, object, target: target, taken: taken)
  }

  /// The Memory that boot gave the memory server: all RAM.
  var firstMemory: UInt64 { ram.memory }
}
