internal import AArch64
internal import DeviceTree

/// What boot learned, from the loader and the device tree.
struct BootState: ~Copyable {
  /// Physical address of the device tree.
  var tree: UInt64 = 0
  /// The exception level at which the loader entered.
  var level: UInt64 = 0
  /// First address of the RAM that holds the image.
  var memoryBase: UInt64 = 0
  /// One past the last address of that RAM.
  var memoryEnd: UInt64 = 0
  /// The facts of the device tree; nil until it was read.
  var facts: BootFacts?
}

// Safety: one processor runs, with interrupts masked, so these are never touched twice at once. They are
// statically initialised: `make check` looks for a lazy one.
nonisolated(unsafe) var machine = Hardware()
nonisolated(unsafe) var state = BootState()
