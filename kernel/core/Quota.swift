internal import ABI
internal import Machine

extension Kernel where M: ~Copyable {
  /// `quota`: a task's quota becomes x0. What it gets more its parent pays, what it gets less its parent has again; all
  /// or nothing, so that the quotas of the tasks that a task started are a part of its own at all times.
  mutating func setQuota(_ caller: UInt64) throws(Refusal) {
    let own = thread(caller).pointee.task
    let child = try actingTask(handleWord(caller), of: own, .memory)
    let parent = try actingTask(word(caller, 1), of: own, .memory)
    _ = try authority(word(caller, 6), of: own)
    let words = task(child).pointee
    guard words.parent == parent else { throw Refusal(.notPermitted, word(caller, 1)) }
    let quota = word(caller, 0)
    guard quota >= words.used else { throw Refusal(.busy, words.used, limit: quota) }
    if quota > words.quota { try checkQuota(parent, quota - words.quota) }
    task(parent).pointee.used = task(parent).pointee.used &- words.quota &+ quota
    task(parent).pointee.given = task(parent).pointee.given &- words.quota &+ quota
    task(child).pointee.quota = quota
    succeed(caller, task(parent).pointee.quota - task(parent).pointee.used, words.used)
  }
}
