internal import AArch64
internal import ABI
internal import Machine

extension Kernel where M: ~Copyable {
  /// A task on 1 + `extra` frames in a row and a root table, all paid from its own quota, which comes out of
  /// the account's.
  mutating func createTask(_ caller: UInt64, account: UInt64, target: UInt64) throws(Refusal) {
    let authority = try authority(handleWord(caller), of: thread(caller).pointee.task)
    let first = word(caller, 2)
    let root = word(caller, 7) & (1 << 48 - 1)
    let extra = word(caller, 7) >> 48
    let quota = word(caller, 5)
    guard extra <= 8 else { throw Refusal(.outOfRange, extra, limit: 8) }
    guard first < 1 << 27 else { throw Refusal(.outOfRange, first, limit: 1 << 27) }
    for frame in first...first + extra { try checkFree(frame, by: authority) }
    try checkFree(root, by: authority)
    guard root < first || root > first + extra else { throw Refusal(.frameNotFree, root) }
    let needed = extra + 2
    guard quota >= needed else { throw Refusal(.quotaExceeded, needed, limit: quota) }
    try checkQuota(account, quota)
    guard let identifier = takeIdentifier() else {
      throw Refusal(.identifiersExhausted, UInt64(identifierLimit), limit: UInt64(identifierLimit))
    }
    task(account).pointee.used += quota
    task(account).pointee.given += quota
    task(account).pointee.children += 1
    makeTask(first: first, extra: extra, root: root, identifier: identifier, parent: account)
    let address = DirectMap.address(first)
    task(address).pointee.name = word(caller, 6)
    task(address).pointee.quota = quota
    task(address).pointee.used = needed
    install(target, HandleWord(.task, rights: 7, object: address), value: 0)
    succeed(caller)
  }

  /// Writes a task's frames; they are free and there is nothing left to refuse.
  mutating func makeTask(first: UInt64, extra: UInt64, root: UInt64, identifier: UInt64, parent: UInt64) {
    for frame in first...first + extra {
      machine.clear(frame: frame)
      ledger(frame).pointee = .objects(account: first, live: .max)
    }
    machine.clear(frame: root)
    ledger(root).pointee = .table(level: 1, used: 0, parent: first, entry: 0)
    machine.publishTables()
    let address = DirectMap.address(first)
    let translation = identifier << 48 | root << 12
    var words = Task()
    words.translation = translation
    words.parent = parent
    words.slots = Geometry.taskHandles + extra * Geometry.frameHandles
    words.extraFrames = extra
    words.objects = 1 + extra
    words.tables = 1
    task(address).pointee = words
    join(address + Task.threadOffset, to: address)
  }
}
