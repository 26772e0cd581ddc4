import ABI
import KernelCore
import Machine

extension Audit {
  /// Threads are in the queue that their state names, and callers and servers name each other.
  mutating func checkThreads() {
    let ready = readyThreads()
    var all: [UInt64] = []
    for task in tasks { all += threads(of: task) }
    for address in all {
      let t = system.kernel.thread(address).pointee
      checkCopies(t)
      let shouldBeQueued = t.state == ThreadState.ready && t.isSuspended == 0 && system.current != address
      expect(ready[address] == (shouldBeQueued ? t.priority : nil), "thread \(address): ready queue")
      switch t.state {
      case ThreadState.calling, ThreadState.receiving:
        let endpoint = system.kernel.endpoint(t.queue).pointee
        let waiting = members(endpoint.queue)
        expect(waiting.contains(address), "thread \(address): endpoint's queue")
        let receivers = t.state == ThreadState.receiving ? waiting.count : 0
        expect(endpoint.receivers == receivers, "thread \(address): \(endpoint.receivers) receivers")
      case ThreadState.waiting:
        let queue = system.kernel.notification(t.queue).pointee.queue
        expect(members(queue).contains(address), "thread \(address): notification's queue")
      case ThreadState.waitingForReply: checkServer(address, t.server)
      default: break
      }
      if t.caller != 0 {
        expect(system.kernel.thread(t.caller).pointee.server == address, "thread \(address): its caller")
      }
      if t.boundNotification != 0 {
        let bound = system.kernel.notification(t.boundNotification).pointee.boundThread
        expect(bound == address, "thread \(address): its notification")
      }
    }
  }

  /// A task's first thread and its further ones, each on live slots of that task's frames of objects.
  private mutating func threads(of task: UInt64) -> [UInt64] {
    var found = [task + 256]
    var next = system.kernel.task(task).pointee.threads
    while next != 0, found.count < 100 {
      found.append(next)
      let t = system.kernel.thread(next).pointee
      let word = ledger(DirectMap.frame(next))
      expect(t.task == task && t.address == next && t.firstHandle != 0, "thread \(next) of task \(task)")
      expect(
        next & 1023 == 0 && word.kind == .objects && word.task == DirectMap.frame(task), "thread \(next): its frame")
      expect(word.live >> UInt32(next >> 7 & 31) & 0xff == 0xff, "thread \(next): its slots")
      next = t.nextOfTask
    }
    let count = system.kernel.task(task).pointee.threadCount
    expect(found.count == Int(count) + 1, "task \(task): threads \(count)")
    return found
  }

  /// What a thread has of its task's words and of the processor's, to be quick.
  private mutating func checkCopies(_ t: Thread) {
    let words = system.kernel.task(t.task).pointee
    expect(
      t.handles == t.task + 1280 && t.slots == words.slots && t.translation == words.translation,
      "thread \(t.address): its task's words")
    let access =
      system.kernel.machine.floatingPointOwner == t.address ? FloatingPointAccess.allowed : FloatingPointAccess.trapped
    expect(t.floatingPointAccess == access, "thread \(t.address): FP/SIMD")
  }

  private mutating func checkServer(_ address: UInt64, _ server: UInt64) {
    if server & 1 == 0 {
      expect(system.kernel.thread(server).pointee.caller == address, "thread \(address): its server")
    } else {
      let saved = system.kernel.machine.memory(server & ~1, as: Handle.self).pointee
      expect(saved.word.kind == .reply && saved.value == address, "thread \(address): its saved reply")
    }
  }

  private func members(_ head: UInt64) -> [UInt64] {
    guard head != 0 else { return [] }
    var found = [head]
    var next = system.kernel.thread(head).pointee.next
    while next != head, found.count < 100 {
      found.append(next)
      next = system.kernel.thread(next).pointee.next
    }
    return found
  }

  private mutating func readyThreads() -> [UInt64: UInt64] {
    var found: [UInt64: UInt64] = [:]
    for priority in 0..<64 {
      let queue = members(system.kernel.store.pointee.ready[priority])
      expect((system.kernel.cpu.ready >> UInt64(priority) & 1 == 1) == !queue.isEmpty, "ready bit \(priority)")
      for thread in queue { found[thread] = UInt64(priority) }
    }
    return found
  }
}
