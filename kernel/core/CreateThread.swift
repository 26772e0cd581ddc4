internal import ABI
internal import Machine

extension Kernel where M: ~Copyable {
  /// A further thread of a task: eight slots on its frames of objects. It stands still until it is started.
  mutating func createThread(_ caller: UInt64, of owner: UInt64, target: UInt64) throws(Refusal) {
    let count = task(owner).pointee.threadCount
    guard count < Task.mostThreads else { throw Refusal(.busy, count, limit: Task.mostThreads) }
    let (address, taken) = try objectSlot(caller, account: owner, slots: Thread.slots)
    // Word by word: as one value it would lie on the stack first.
    for offset in stride(from: 0, to: Thread.bytes, by: 8) {
      machine.memory(address + offset, as: UInt64.self).pointee = 0
    }
    join(address, to: owner)
    thread(address).pointee.nextOfTask = task(owner).pointee.threads
    task(owner).pointee.threads = address
    task(owner).pointee.threadCount = count + 1
    finish(caller, .thread, address + Thread.objectOffset, target: target, taken: taken)
  }

  /// Makes a cleared block a thread of a task.
  func join(_ address: UInt64, to owner: UInt64) {
    let t = thread(address)
    t.pointee.address = address
    t.pointee.handles = owner + Task.handlesOffset
    t.pointee.slots = task(owner).pointee.slots
    t.pointee.task = owner
    t.pointee.translation = task(owner).pointee.translation
    t.pointee.floatingPointAccess = FloatingPointAccess.trapped
  }
}
