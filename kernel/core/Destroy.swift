internal import ABI
internal import Machine

/// How far the end of a task has come. Each step is bounded; the caller repeats `destroy` until it is done.
enum DestroyPhase {
  static var alive: UInt64 { 0 }
  /// The first thread is stopped; the further ones end, one by one.
  static var threads: UInt64 { 1 }
  /// No thread is left; handles are being dropped.
  static var handles: UInt64 { 2 }
  /// Objects charged to the account end; their frames go back.
  static var objects: UInt64 { 3 }
  /// The root table goes back.
  static var root: UInt64 { 4 }
  /// Handles to the task are made `gone`; then its frames go back, the first one last.
  static var frames: UInt64 { 5 }
}

extension Kernel where M: ~Copyable {
  /// Slots and handles that one step visits.
  private var visits: UInt64 { 64 }

  /// `destroy`: one step of a task's end. x0 returns a frame that came free, x1 whether it is done.
  mutating func destroy(_ caller: UInt64) throws(Refusal) {
    let own = thread(caller).pointee.task
    let address = try find(handleWord(caller), of: own, .task, rights: Rights.Task.destroy.rawValue).word.object
    guard address != own, task(address).pointee.parent != 0 else { throw Refusal(.notPermitted, handleWord(caller)) }
    switch task(address).pointee.destroyPhase {
    case DestroyPhase.alive:
      try checkEnd(address)
      stopThread(address + Task.threadOffset)
      advance(address, to: task(address).pointee.threads == 0 ? DestroyPhase.handles : DestroyPhase.threads)
      succeed(caller)
    case DestroyPhase.threads:
      try endNextThread(of: address)
      succeed(caller)
    case DestroyPhase.handles:
      dropHandles(of: address)
      succeed(caller)
    case DestroyPhase.objects: succeed(caller, try endObjects(of: address))
    case DestroyPhase.root: succeed(caller, freeRoot(of: address))
    default: try freeFrames(caller, of: address)
    }
  }

  /// A task whose pages are gone and that has given nobody a part of its quota.
  private func checkEnd(_ address: UInt64) throws(Refusal) {
    guard task(address).pointee.children == 0 else { throw Refusal(.busy, task(address).pointee.children) }
    guard task(address).pointee.mappedPages > 0 else { return }
    for number in 1..<task(address).pointee.slots {
      let found = handle(address + Task.handlesOffset + number &* Task.handleBytes)
      guard found.pointee.word.kindNumber != ObjectKind.region.rawValue || found.pointee.mapped == 0 else {
        throw Refusal(.regionMapped, number, limit: found.pointee.mapped)
      }
    }
  }

  private func advance(_ address: UInt64, to phase: UInt64) {
    task(address).pointee.destroyPhase = phase
    task(address).pointee.destroyCursor = 0
    // Nobody asks for its regions any more: they need not leave the tree one by one.
    if phase == DestroyPhase.handles { task(address).pointee.regions = 0 }
  }

  /// Takes a thread out of whatever it is in. Whoever waits for its reply gets `peerGone`.
  mutating func stopThread(_ address: UInt64) {
    let t = thread(address)
    switch t.pointee.state {
    case ThreadState.ready where cpu.current == address: cpu.current = 0
    case ThreadState.ready where t.pointee.isSuspended == 0: removeReady(address)
    case ThreadState.calling, ThreadState.receiving, ThreadState.waiting: leaveQueue(address)
    case ThreadState.waitingForReply where t.pointee.server & 1 != 0:
      handle(t.pointee.server & ~1).pointee = Handle()
    case ThreadState.waitingForReply where t.pointee.server != 0: thread(t.pointee.server).pointee.caller = 0
    default: break
    }
    t.pointee.state = ThreadState.idle
    if t.pointee.caller != 0 {
      abandon(t.pointee.caller)
      t.pointee.caller = 0
    }
    if t.pointee.boundNotification != 0 { notification(t.pointee.boundNotification).pointee.boundThread = 0 }
    t.pointee.boundNotification = 0
    if machine.floatingPointOwner == address {
      machine.floatingPointOwner = 0
      t.pointee.floatingPointAccess = FloatingPointAccess.trapped
    }
  }

  /// Ends the first of the further threads. Handles to it become `gone`, wherever they lie.
  private mutating func endNextThread(of address: UInt64) throws(Refusal) {
    let next = task(address).pointee.threads
    stopThread(next)
    guard try makeHandlesGone(of: next + Thread.objectOffset) else { return }
    end(.thread, next + Thread.objectOffset)
    if task(address).pointee.threads == 0 { advance(address, to: DestroyPhase.handles) }
  }

  private mutating func dropHandles(of address: UInt64) {
    let first = task(address).pointee.destroyCursor
    let end = min(first + visits, task(address).pointee.slots)
    var (number, dropped) = (first, 0)
    while number < end {
      let slot = address &+ Task.handlesOffset &+ number &* Task.handleBytes
      number &+= 1
      guard handle(slot).pointee.word != .empty else { continue }
      empty(slot)
      dropped &+= 1
      if dropped & 15 == 0, machine.interruptIsPending() { break }
    }
    task(address).pointee.destroyCursor = number
    if number == task(address).pointee.slots { advance(address, to: DestroyPhase.objects) }
  }

  /// Ends what lives on the newest frame of objects; returns the frame once nothing does.
  private mutating func endObjects(of address: UInt64) throws(Refusal) -> UInt64 {
    let frame = task(address).pointee.objectFrames
    guard frame != 0 else {
      advance(address, to: DestroyPhase.root)
      return 0
    }
    let live = ledger(frame).pointee.live & ~1
    guard live == 0 else {
      let object = DirectMap.address(frame) + UInt64(live.trailingZeroBitCount) * ObjectHeader.slotBytes
      let kind = handle(listHead(object).pointee).pointee.word.kind
      if try makeHandlesGone(of: object) { end(kind == .region ? .memory : kind, object) }
      return 0
    }
    task(address).pointee.objectFrames = machine.memory(DirectMap.address(frame), as: UInt64.self).pointee
    task(address).pointee.objects -= 1
    task(address).pointee.used -= 1
    free(frame)
    return frame
  }

  /// Makes handles of an object `gone`, as many as a step may; true when none is left.
  func makeHandlesGone(of object: UInt64, except kept: UInt64 = 0) throws(Refusal) -> Bool {
    var next = listHead(object).pointee
    var visited: UInt64 = 0
    while next != 0 {
      let address = next
      let found = handle(address).pointee
      next = found.next
      guard address != kept else { continue }
      guard found.word.kind != .region || found.mapped == 0 else {
        // The next step refuses, without having changed anything.
        if visited > 0 { return false }
        let owner = owner(ofSlot: address)
        throw Refusal(
          .regionMapped, DirectMap.frame(owner), limit: number(ofSlot: address, of: owner))
      }
      makeGone(address)
      visited += 1
      // A region leaves the tree of its task, in as many steps as that is deep.
      let isLong = found.word.kind == .region && machine.interruptIsPending()
      if visited == visits || isLong, next != 0 { return false }
    }
    return true
  }

  private mutating func freeRoot(of address: UInt64) -> UInt64 {
    let words = task(address).pointee
    machine.invalidate(identifier: words.translation >> 48)
    machine.completeInvalidation()
    giveBack(identifier: words.translation >> 48)
    let frame = root(of: address)
    free(frame)
    advance(address, to: DestroyPhase.frames)
    return frame
  }

  /// The last frames of a table first; with the first one the task is no more and its quota goes back.
  private mutating func freeFrames(_ caller: UInt64, of address: UInt64) throws(Refusal) {
    let kept = try slot(handleWord(caller), of: thread(caller).pointee.task)
    guard try makeHandlesGone(of: address, except: kept) else { return succeed(caller) }
    let words = task(address).pointee
    let freed = words.extraFrames - words.destroyCursor
    let frame = DirectMap.frame(address) + freed
    free(frame)
    guard freed == 0 else {
      task(address).pointee.destroyCursor += 1
      return succeed(caller, frame)
    }
    handle(kept).pointee = Handle()
    task(words.parent).pointee.used -= words.quota
    task(words.parent).pointee.given -= words.quota
    task(words.parent).pointee.children -= 1
    succeed(caller, frame, 1)
  }
}
