internal import AArch64
internal import ABI
internal import KernelCore
internal import KernelEntry

// The three doors from kernel/entry/vectors.S. Each returns the block of the thread to resume, by its address
// in the kernel's half.

/// A system call of the running thread; `operation` is the immediate of its SVC. x11–x18 were not saved.
@c(kernelSystemCall) func kernelSystemCall(_ operation: UInt16) -> UInt64 {
  kernel.systemCall(operation)
  return Hardware.directMap &+ kernel.cpu.current
}

/// An interrupt came while a thread ran.
@c(kernelInterrupt) func kernelInterrupt() -> UInt64 {
  kernel.interrupt()
  return Hardware.directMap &+ kernel.cpu.current
}

/// The running thread faulted: ESR_EL1 and FAR_EL1.
@c(kernelFault) func kernelFault(_ syndrome: UInt64, _ address: UInt64) -> UInt64 {
  kernel.fault(syndrome: syndrome, address: address)
  return Hardware.directMap &+ kernel.cpu.current
}

// The quick calls. The stack pointer is the thread block, whose first three words are the arguments behind the eighth:
// so these functions have no frame, and a check holds them to it.

/// `call`: eight words, label, handle and the caller's block.
@c(kernelQuickCall) func kernelQuickCall(
  _ w0: UInt64, _ w1: UInt64, _ w2: UInt64, _ w3: UInt64, _ w4: UInt64, _ w5: UInt64, _ w6: UInt64, _ w7: UInt64,
  _ label: UInt64, _ slot: UInt64, _ caller: UInt64
) {
  guard let next = kernel.quickCall(caller, slot: slot) else { return general_call(w0, w1, w2, w3, w4, w5, w6, w7) }
  quick_exit(
    w0, w1, w2, w3, w4, w5, w6, w7, label & ~Outcome.refused, next.badge, Hardware.directMap &+ next.thread)
}

/// `replyReceive`: eight words, label, handle and the server's block.
@c(kernelQuickReplyReceive) func kernelQuickReplyReceive(
  _ w0: UInt64, _ w1: UInt64, _ w2: UInt64, _ w3: UInt64, _ w4: UInt64, _ w5: UInt64, _ w6: UInt64, _ w7: UInt64,
  _ label: UInt64, _ slot: UInt64, _ server: UInt64
) {
  guard let next = kernel.quickReplyReceive(server, slot: slot) else {
    return general_reply_receive(w0, w1, w2, w3, w4, w5, w6, w7)
  }
  quick_exit(
    w0, w1, w2, w3, w4, w5, w6, w7, label & ~Outcome.refused, next.badge, Hardware.directMap &+ next.thread)
}
