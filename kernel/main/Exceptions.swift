internal import AArch64
internal import ABI
internal import KernelCore
internal import KernelEntry
internal import Machine

// The three doors from kernel/entry/vectors.S. Each returns the block of the thread to resume, by its address
// in the kernel's half.

/// A system call of the thread that ran; `operation` is the immediate of its SVC. x11–x18 were not saved.
@c(kernelSystemCall) func kernelSystemCall(_ operation: UInt16, _ caller: UInt64) -> UInt64 {
  kernel.cpu.current = caller
  kernel.systemCall(operation)
  return kernel.cpu.current
}

/// An interrupt that came while a thread ran.
@c(kernelInterrupt) func kernelInterrupt(_ number: UInt32, _ current: UInt64) -> UInt64 {
  kernel.cpu.current = current
  kernel.interrupt(number)
  return kernel.cpu.current
}

/// The thread that ran faulted: ESR_EL1 and FAR_EL1.
@c(kernelFault) func kernelFault(_ syndrome: UInt64, _ address: UInt64, _ faulted: UInt64) -> UInt64 {
  kernel.cpu.current = faulted
  kernel.fault(syndrome: syndrome, address: address)
  return kernel.cpu.current
}

// The quick calls. The stack pointer is the thread block, whose first eight words are the arguments behind the eighth:
// so these functions have no frame, and a check holds them to it.

/// `call`: eight words, label and slot; then what the caller's block says: how many slots, where they lie, which block.
@c(kernelQuickCall) func kernelQuickCall(
  _ w0: UInt64, _ w1: UInt64, _ w2: UInt64, _ w3: UInt64, _ w4: UInt64, _ w5: UInt64, _ w6: UInt64, _ w7: UInt64,
  _ label: UInt64, _ slot: UInt64, _ slots: UInt64, _ handles: UInt64, _ caller: UInt64
) {
  guard let next = kernel.quickCall(QuickCaller(caller, handles: handles, slots: slots), slot: slot) else {
    return general_call(w0, w1, w2, w3, w4, w5, w6, w7)
  }
  quick_exit(
    w0, w1, w2, w3, w4, w5, w6, w7, label & ~Outcome.refused, next.badge, next.thread)
}

/// `call` with a handle: the same, and x10.
@c(kernelQuickPass) func kernelQuickPass(
  _ w0: UInt64, _ w1: UInt64, _ w2: UInt64, _ w3: UInt64, _ w4: UInt64, _ w5: UInt64, _ w6: UInt64, _ w7: UInt64,
  _ label: UInt64, _ slot: UInt64, _ slots: UInt64, _ handles: UInt64, _ caller: UInt64, _ transfer: UInt64
) {
  let caller = QuickCaller(caller, handles: handles, slots: slots)
  guard let next = kernel.quickPass(caller, slot: slot, passing: Transfer(raw: transfer).pass) else {
    return general_call(w0, w1, w2, w3, w4, w5, w6, w7)
  }
  quick_exit_passing(
    w0, w1, w2, w3, w4, w5, w6, w7, label & ~Outcome.refused, next.badge, next.thread)
}

/// `replyReceive`: the same as `call`, and to whom the server owes a reply and what notification is bound to it.
@c(kernelQuickReplyReceive) func kernelQuickReplyReceive(
  _ w0: UInt64, _ w1: UInt64, _ w2: UInt64, _ w3: UInt64, _ w4: UInt64, _ w5: UInt64, _ w6: UInt64, _ w7: UInt64,
  _ label: UInt64, _ slot: UInt64, _ slots: UInt64, _ handles: UInt64, _ server: UInt64, _ transfer: UInt64,
  _ caller: UInt64, _ bound: UInt64
) {
  let server = QuickCaller(server, handles: handles, slots: slots)
  switch kernel.quickReplyReceive(server, slot: slot, label: label, caller: caller, bound: bound) {
  case .caller(let thread):
    quick_exit(w0, w1, w2, w3, w4, w5, w6, w7, label & ~Outcome.refused, 0, thread)
  case .faulter(let thread): kernel_exit(thread)
  case nil: general_reply_receive(w0, w1, w2, w3, w4, w5, w6, w7)
  }
}

/// `signal`: the same as `call`.
@c(kernelQuickSignal) func kernelQuickSignal(
  _ w0: UInt64, _ w1: UInt64, _ w2: UInt64, _ w3: UInt64, _ w4: UInt64, _ w5: UInt64, _ w6: UInt64, _ w7: UInt64,
  _ label: UInt64, _ slot: UInt64, _ slots: UInt64, _ handles: UInt64, _ caller: UInt64
) {
  guard kernel.quickSignal(QuickCaller(caller, handles: handles, slots: slots), slot: slot) else {
    return general_signal(w0, w1, w2, w3, w4, w5, w6, w7)
  }
  quick_return(0, 0, 0, w3, w4, w5, w6, w7)
}

/// `signal` again, where somebody waits for it; all registers have been saved.
@c(kernelQuickWake) func kernelQuickWake(
  _ w0: UInt64, _ w1: UInt64, _ w2: UInt64, _ w3: UInt64, _ w4: UInt64, _ w5: UInt64, _ w6: UInt64, _ w7: UInt64,
  _ label: UInt64, _ slot: UInt64, _ slots: UInt64, _ handles: UInt64, _ caller: UInt64
) {
  let caller = QuickCaller(caller, handles: handles, slots: slots)
  guard let next = kernel.quickWake(caller, slot: slot) else { return general_wake() }
  kernel_exit(next)
}

/// `yield`: the same as `call`. All registers have been saved, and the results written.
@c(kernelQuickYield) func kernelQuickYield(
  _ w0: UInt64, _ w1: UInt64, _ w2: UInt64, _ w3: UInt64, _ w4: UInt64, _ w5: UInt64, _ w6: UInt64, _ w7: UInt64,
  _ label: UInt64, _ slot: UInt64, _ slots: UInt64, _ handles: UInt64, _ caller: UInt64
) {
  guard let next = kernel.quickYield(caller) else { return general_yield(w0, w1, w2, w3, w4, w5, w6, w7) }
  kernel_exit(next)
}

/// A fault: ESR_EL1 and FAR_EL1, then what the block holds. All registers have been saved.
@c(kernelQuickFault) func kernelQuickFault(
  _ syndrome: UInt64, _ address: UInt64, _ w2: UInt64, _ w3: UInt64, _ w4: UInt64, _ w5: UInt64, _ w6: UInt64,
  _ w7: UInt64, _ label: UInt64, _ slot: UInt64, _ slots: UInt64, _ handles: UInt64, _ faulted: UInt64
) {
  let caller = QuickCaller(faulted, handles: handles, slots: slots)
  guard let next = kernel.quickFault(caller, syndrome: syndrome, address: address) else {
    return general_fault(syndrome, address)
  }
  let registers = kernel.thread(faulted)
  quick_exit(
    syndrome, address, registers.pointee.registers.instruction, registers.pointee.registers.stack,
    registers.pointee.registers.link, next.region, next.handle, next.area, syndrome >> 26 & 63, next.pager.badge,
    next.pager.thread)
}

/// `map`: the same as `call`; x0–x7 have been saved.
@c(kernelQuickMap) func kernelQuickMap(
  _ region: UInt64, _ page: UInt64, _ count: UInt64, _ frame: UInt64, _ w4: UInt64, _ w5: UInt64, _ authority: UInt64,
  _ w7: UInt64, _ label: UInt64, _ slot: UInt64, _ slots: UInt64, _ handles: UInt64, _ caller: UInt64
) {
  let place = QuickPage(task: slot, region: region, page: page)
  let caller = QuickCaller(caller, handles: handles, slots: slots)
  guard count == 1, kernel.quickMap(caller, place, frame: frame, authority: authority) else { return general_map() }
  quick_return_three(1, 0, 0)
}

/// `region`: likewise.
@c(kernelQuickRegion) func kernelQuickRegion(
  _ region: UInt64, _ page: UInt64, _ pages: UInt64, _ rights: UInt64, _ memory: UInt64, _ w5: UInt64, _ flags: UInt64,
  _ w7: UInt64, _ label: UInt64, _ slot: UInt64, _ slots: UInt64, _ handles: UInt64, _ caller: UInt64
) {
  let place = QuickPage(task: slot, region: region, page: page)
  let caller = QuickCaller(caller, handles: handles, slots: slots)
  guard memory == 0,
    let tables = kernel.quickRegion(caller, place, pages: pages, rights: rights, flags: flags)
  else { return general_region() }
  quick_return_three(tables, 0, 0)
}

/// `drop` of a region: the same as `call`.
@c(kernelQuickDrop) func kernelQuickDrop(
  _ task: UInt64, _ w1: UInt64, _ w2: UInt64, _ w3: UInt64, _ w4: UInt64, _ w5: UInt64, _ w6: UInt64, _ w7: UInt64,
  _ label: UInt64, _ slot: UInt64, _ slots: UInt64, _ handles: UInt64, _ caller: UInt64
) {
  let caller = QuickCaller(caller, handles: handles, slots: slots)
  guard w1 | w2 == 0, kernel.quickDrop(caller, task: task, slot: slot) else {
    return general_drop(task, w1, w2, w3, w4, w5, w6, w7)
  }
  quick_return(0, 0, 0, w3, w4, w5, w6, w7)
}

/// `inspect` of a handle: the same as `call`.
@c(kernelQuickInspect) func kernelQuickInspect(
  _ what: UInt64, _ w1: UInt64, _ w2: UInt64, _ w3: UInt64, _ w4: UInt64, _ w5: UInt64, _ w6: UInt64, _ w7: UInt64,
  _ label: UInt64, _ slot: UInt64, _ slots: UInt64, _ handles: UInt64, _ caller: UInt64
) {
  let caller = QuickCaller(caller, handles: handles, slots: slots)
  guard what == Inspection.handle.rawValue, let found = kernel.quickInspect(caller, task: slot, slot: w1) else {
    return general_inspect(what, w1, w2, w3, w4, w5, w6, w7)
  }
  quick_return(found.word, found.value, found.offset, found.mapped, w4, w5, w6, w7)
}

/// `unmap`: likewise.
@c(kernelQuickUnmap) func kernelQuickUnmap(
  _ region: UInt64, _ page: UInt64, _ count: UInt64, _ w3: UInt64, _ w4: UInt64, _ w5: UInt64, _ w6: UInt64,
  _ w7: UInt64, _ label: UInt64, _ slot: UInt64, _ slots: UInt64, _ handles: UInt64, _ caller: UInt64
) {
  let place = QuickPage(task: slot, region: region, page: page)
  let caller = QuickCaller(caller, handles: handles, slots: slots)
  guard count == 1, let frame = kernel.quickUnmap(caller, place) else { return general_unmap() }
  quick_return_six(1, 0, 0, frame, frame == 0 ? 0 : 1, 0)
}

/// `wait`: the same as `call`; all registers have been saved.
@c(kernelQuickWait) func kernelQuickWait(
  _ w0: UInt64, _ w1: UInt64, _ w2: UInt64, _ w3: UInt64, _ w4: UInt64, _ w5: UInt64, _ w6: UInt64, _ w7: UInt64,
  _ label: UInt64, _ slot: UInt64, _ slots: UInt64, _ handles: UInt64, _ caller: UInt64
) {
  let caller = QuickCaller(caller, handles: handles, slots: slots)
  guard let next = kernel.quickWait(caller, slot: slot, acknowledging: w0) else {
    return general_wait(w0, w1, w2, w3, w4, w5, w6, w7)
  }
  kernel_exit(next)
}

/// An interrupt while a thread ran, whose block is on the stack.
@c(kernelQuickInterrupt) func kernelQuickInterrupt(
  _ w0: UInt64, _ w1: UInt64, _ w2: UInt64, _ w3: UInt64, _ w4: UInt64, _ w5: UInt64, _ w6: UInt64, _ w7: UInt64,
  _ label: UInt64, _ slot: UInt64, _ slots: UInt64, _ handles: UInt64, _ current: UInt64
) {
  let number = kernel.machine.acknowledgeInterrupt()
  guard let next = kernel.quickInterrupt(number, of: current) else { return general_interrupt(number) }
  kernel_exit(next)
}
