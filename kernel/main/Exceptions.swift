internal import AArch64
internal import KernelCore

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
