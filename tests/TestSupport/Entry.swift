package import ABI
import KernelCore

// What the exception entry does around the kernel's doors: kernel/entry/vectors.S and kernel/main/Exceptions.swift.

/// What has a quick form.
package enum QuickForm: CaseIterable, Sendable {
  case call, pass, replyReceive, resume, signal, wake, yield, null, wait, fault, interrupt
  case map, unmap, region, drop, inspect
}

extension SimulatedSystem {
  /// Makes a kernel call as the current thread; returns its registers afterwards, whoever runs then.
  @discardableResult
  package func invoke(_ operation: Operation, _ message: Message) -> Message {
    let caller = current
    setMessage(message, of: caller)
    // The svc itself: the saved instruction is the one behind it.
    kernel.thread(caller).pointee.registers.instruction &+= 4
    if isQuick(operation, message) {
      enter(
        "\(operation) of thread \(hex(caller)) with \(hex(message))",
        quick: { takesQuickPath(operation, message, caller) }, general: { takeGeneralPath(operation, caller) })
    } else {
      takeGeneralPath(operation, caller)
    }
    return self.message(of: caller)
  }

  /// Whether there is a quick form. A `call` that passes a handle has one of its own, a `replyReceive` that does has none.
  private func isQuick(_ operation: Operation, _ message: Message) -> Bool {
    switch operation {
    case .call, .signal, .wait, .yield, .null: true
    case .replyReceive: Transfer(raw: message.transfer).pass == 0
    case .map, .unmap: message[2] == 1
    case .region: message[4] == 0
    case .drop: message[1] | message[2] == 0
    case .inspect: message[0] == Inspection.handle.rawValue
    default: false
    }
  }

  private func takeGeneralPath(_ operation: Operation, _ caller: UInt64) {
    let after = kernel.thread(caller).pointee.registers.instruction
    repeat {
      kernel.thread(caller).pointee.registers.instruction = after
      kernel.systemCall(operation.rawValue)
      kernel.machine.checkAtReturn()
      // A call that restarts comes back at its svc, after the interrupt that waited.
      if current == caller, kernel.thread(caller).pointee.registers.instruction != after { interrupt() }
    } while current == caller && kernel.thread(caller).pointee.registers.instruction != after
  }

  private func takesQuickPath(_ operation: Operation, _ message: Message, _ caller: UInt64) -> Bool {
    let passed = Transfer(raw: message.transfer).pass
    guard isMostUrgent(caller) else { return false }
    let quick = quickCaller(caller)
    switch operation {
    case .call where passed != 0:
      return arrive(kernel.quickPass(quick, slot: message.handle, passing: passed), message, by: .pass)
    case .call: return arrive(kernel.quickCall(quick, slot: message.handle), message, by: .call)
    case .replyReceive:
      let t = kernel.thread(caller).pointee
      let reply = kernel.quickReplyReceive(
        quick, slot: message.handle, label: message.label, caller: t.caller, bound: t.boundNotification)
      switch reply {
      case .caller(let thread): return arrive(QuickSwitch(thread: thread, badge: 0), message, by: .replyReceive)
      case .faulter(let thread): return tookQuickPath(.resume, thread)
      case nil: return false
      }
    case .signal:
      if kernel.quickSignal(quick, slot: message.handle) { return succeeded(caller, by: .signal) }
      return tookQuickPath(.wake, kernel.quickWake(quick, slot: message.handle))
    case .yield:
      guard let next = kernel.quickYield(caller) else { return false }
      return succeeded(caller, next: next, by: .yield)
    case .null: return succeeded(caller, by: .null)
    case .map:
      let place = QuickPage(task: message.handle, region: message[0], page: message[1])
      guard kernel.quickMap(quick, place, frame: message[3], authority: message[6]) else { return false }
      return succeeded(caller, [1, 0, 0], by: .map)
    case .region:
      let place = QuickPage(task: message.handle, region: message[0], page: message[1])
      guard
        let tables = kernel.quickRegion(quick, place, pages: message[2], rights: message[3], flags: message[6])
      else { return false }
      return succeeded(caller, [tables, 0, 0], by: .region)
    case .drop:
      guard kernel.quickDrop(quick, task: message[0], slot: message.handle) else { return false }
      return succeeded(caller, by: .drop)
    case .inspect:
      guard let found = kernel.quickInspect(quick, task: message.handle, slot: message[1]) else { return false }
      return succeeded(caller, [found.word, found.value, found.offset, found.mapped], by: .inspect)
    case .unmap:
      let place = QuickPage(task: message.handle, region: message[0], page: message[1])
      guard let frame = kernel.quickUnmap(quick, place) else { return false }
      return succeeded(caller, [1, 0, 0, frame, frame == 0 ? 0 : 1, 0], by: .unmap)
    case .wait:
      return tookQuickPath(.wait, kernel.quickWait(quick, slot: message.handle, acknowledging: message[0]))
    default: return false
    }
  }

  /// A fault of the thread that runs.
  package func fault(syndrome: UInt64, address: UInt64) {
    let faulted = current
    enter(
      "fault \(hex(syndrome)) of thread \(hex(faulted)) at \(hex(address))",
      quick: {
        guard
          isMostUrgent(faulted), syndrome >> 26 & 63 != ExceptionClass.floatingPoint,
          let taken = kernel.quickFault(quickCaller(faulted), syndrome: syndrome, address: address)
        else { return false }
        let registers = kernel.thread(faulted).pointee.registers
        let words = Message(
          syndrome, address, registers.instruction, registers.stack, registers.link, taken.region, taken.handle,
          taken.area, label: syndrome >> 26 & 63)
        return arrive(taken.pager, words, by: .fault)
      },
      general: { kernel.fault(syndrome: syndrome, address: address) })
  }

  /// An interrupt while a thread runs.
  package func interrupt() {
    let interrupted = current
    let number = kernel.machine.acknowledgeInterrupt()
    enter(
      "interrupt \(number) of thread \(hex(interrupted))",
      quick: {
        isMostUrgent(interrupted) && tookQuickPath(.interrupt, kernel.quickInterrupt(number, of: interrupted))
      },
      general: { kernel.interrupt(number) })
  }

  /// A test may run a thread while a more urgent one is ready, which the machine never does; the general forms make up
  /// for it.
  private func isMostUrgent(_ address: UInt64) -> Bool {
    kernel.cpu.ready & (~1 &<< kernel.thread(address).pointee.priority) == 0
  }

  private func quickCaller(_ address: UInt64) -> QuickCaller {
    let t = kernel.thread(address).pointee
    return QuickCaller(address, handles: t.handles, slots: t.slots)
  }

  /// What `quick_exit` leaves in the thread that goes on.
  private func arrive(_ taken: QuickSwitch?, _ message: Message, by form: QuickForm) -> Bool {
    guard let taken else { return false }
    var arrived = message
    arrived.label &= ~Outcome.refused
    arrived.handle = taken.badge
    arrived.transfer = form == .pass ? kernel.thread(taken.thread).pointee.transfer : 0
    setMessage(arrived, of: taken.thread)
    return tookQuickPath(form, taken.thread)
  }

  /// What `quick_return` leaves.
  private func succeeded(
    _ caller: UInt64, _ results: [UInt64] = [0, 0, 0], next: UInt64? = nil, by form: QuickForm
  ) -> Bool {
    for (index, result) in results.enumerated() { kernel.thread(caller).pointee[index] = result }
    kernel.thread(caller).pointee.label = 0
    return tookQuickPath(form, next ?? caller)
  }

  /// A quick form went on in a thread, if it did: who runs from here on, as the next entry will say.
  private func tookQuickPath(_ form: QuickForm, _ thread: UInt64?) -> Bool {
    guard let thread else { return false }
    kernel.cpu.current = thread
    carriedOut[form, default: 0] += 1
    kernel.machine.checkAtReturn()
    return true
  }
}
