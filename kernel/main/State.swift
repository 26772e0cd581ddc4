internal import AArch64
internal import DeviceTree
internal import KernelCore

/// What boot learned from the loader and the device tree; nothing of it is used after hand-over but by a panic.
struct BootState: ~Copyable {
  /// Physical address of the device tree.
  var tree: UInt64 = 0
  /// The exception level at which the loader entered.
  var level: UInt64 = 0
  /// The RAM that holds the image, in bytes.
  var memoryBase: UInt64 = 0
  /// One past its last byte.
  var memoryEnd: UInt64 = 0
  /// The facts of the device tree; none until it was read. Read where they lie: they are too long to be passed on.
  var survey = Survey()
}

// Safety: one processor runs, with interrupts masked, so these are never touched twice at once. Both are
// statically initialised: the check for a `_Wz` symbol would find a lazy one.
@safe nonisolated(unsafe) var kernel = Kernel(machine: Hardware())
@safe nonisolated(unsafe) var state = BootState()
