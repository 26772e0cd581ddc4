package import ABI
import KernelCore
import Machine

/// A task of a test: its handle in the memory server's table, its object and one of its threads.
package struct Actor: Sendable {
  /// Slot of the Task handle, all rights, in the memory server's table.
  package let slot: UInt64
  /// Physical address of the task.
  package let task: UInt64
  /// Physical address of its thread.
  package let thread: UInt64
  /// An actor that a test made by its own calls; without a thread given, the task's first one.
  package init(slot: UInt64, task: UInt64, thread: UInt64? = nil) {
    self.slot = slot
    self.task = task
    self.thread = thread ?? task + 256
  }
}

extension SimulatedSystem {
  /// The memory server as an actor: its own Task handle lies in slot 1.
  package var memoryServer: Actor { Actor(slot: HandOver.Slot.task, task: server) }

  /// Frames in a row that the ledger calls free, each given out once.
  package func takeFrames(_ count: UInt64 = 1, aligned: UInt64 = 1) -> UInt64 {
    var first = (nextFrame + aligned - 1) / aligned * aligned
    while (first..<first + count).contains(where: { !kernel.ledger($0).pointee.isFree }) { first += aligned }
    nextFrame = first + count
    return first
  }

  /// Makes a thread that is ready the current one, as if all others had been preempted.
  package func makeCurrent(_ thread: UInt64) {
    guard current != thread else { return }
    precondition(kernel.thread(thread).pointee.state == ThreadState.ready, "only a ready thread can run")
    kernel.removeReady(thread)
    if current != 0 {
      let preempted = current
      kernel.cpu.current = 0
      kernel.makeReady(preempted, first: true)
    }
    kernel.switchTo(thread)
  }

  /// Makes a kernel call as an actor that is ready, whoever runs; returns its registers afterwards.
  @discardableResult
  package func call(_ actor: Actor, _ operation: Operation, _ message: Message = Message()) -> Message {
    makeCurrent(actor.thread)
    return invoke(operation, message)
  }

  /// Makes a task by the memory server's calls and starts its thread.
  @discardableResult
  package func spawn(
    slot: UInt64, priority: UInt64 = 10, quota: UInt64 = 64, name: UInt64 = 0x6b736174, extra: UInt64 = 0,
    account: UInt64 = 0
  ) -> Actor {
    let first = takeFrames(1 + extra)
    let root = takeFrames()
    must(memoryServer, .create, Message(account, 3, first, slot, 0, quota, name, root | extra << 48, handle: 2))
    must(memoryServer, .thread, Message(0, 0x1000, 0x8000, 0, priority, handle: slot))
    return Actor(slot: slot, task: DirectMap.address(first))
  }

  /// Makes a further thread of a task by the memory server's calls, with its handle in a slot of that task, and starts
  /// it as the task itself would.
  package func spawnThread(of actor: Actor, slot: UInt64, priority: UInt64 = 10) -> Actor {
    must(memoryServer, .create, Message(actor.slot, 11, takeFrames(), slot, actor.slot, handle: 2))
    let thread = Actor(slot: actor.slot, task: actor.task, thread: handle(actor, slot).object - 384)
    must(actor, .thread, Message(0, 0x2000, 0x9000, 0, priority, handle: slot))
    return thread
  }

  /// Makes an endpoint (1) or a notification (2) of the memory server's account in one of its slots.
  package func make(_ kind: ObjectKind, slot: UInt64) {
    must(memoryServer, .create, Message(0, kind.rawValue, takeFrames(), slot, 0, handle: 2))
  }

  /// Copies a handle of the memory server's into a task.
  package func give(_ slot: UInt64, to actor: Actor, _ target: UInt64, rights: UInt64 = 7, badge: UInt64 = 0) {
    must(memoryServer, .copy, Message(actor.slot, target, rights, badge, handle: slot))
  }

  /// A call that the kernel does not refuse.
  @discardableResult
  package func must(_ actor: Actor, _ operation: Operation, _ message: Message = Message()) -> Message {
    let result = call(actor, operation, message)
    precondition(result.refusal == nil, "\(operation) was refused: \(String(describing: result.refusal))")
    return result
  }

  /// What a thread is doing: `ThreadState`.
  package func state(_ actor: Actor) -> UInt64 { kernel.thread(actor.thread).pointee.state }

  /// The word of a handle in a task's slot.
  package func handle(_ actor: Actor, _ slot: UInt64) -> HandleWord {
    kernel.machine.memory(actor.task + 1280 + slot * 32, as: Handle.self).pointee.word
  }

  /// The account of a task: frames used.
  package func used(_ actor: Actor) -> UInt64 { kernel.task(actor.task).pointee.used }
}

extension SimulatedSystem {
  /// Ends a task by the memory server's steps, which must each succeed; returns the frames that came free.
  @discardableResult
  package func destroy(_ actor: Actor) -> [UInt64] {
    var frames: [UInt64] = []
    for _ in 0..<1000 {
      let step = must(memoryServer, .destroy, Message(handle: actor.slot))
      if step[0] != 0 { frames.append(step[0]) }
      if step[1] == 1 { return frames }
    }
    preconditionFailure("a task that never ends")
  }
}
