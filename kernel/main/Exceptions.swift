internal import KernelEntry

/// A system call of the running thread; `operation` is the immediate of its SVC. Returns the block of the
/// thread to resume.
@c(kernelSystemCall) func kernelSystemCall(_ operation: UInt16) -> UInt64 { 0 }

/// An interrupt came while a thread ran.
@c(kernelInterrupt) func kernelInterrupt() -> UInt64 { 0 }

/// The running thread faulted: ESR_EL1 and FAR_EL1.
@c(kernelFault) func kernelFault(_ syndrome: UInt64, _ address: UInt64) -> UInt64 { 0 }
