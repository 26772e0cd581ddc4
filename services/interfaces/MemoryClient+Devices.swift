// What a supervisor may ask about devices.
extension Client where Service == MemoryInterface {
  /// Takes the ranges and interrupts that a task holds under the name of a grant: others may have the device at once. The
  /// task's next touch of the registers is a fault, and its next use of an interrupt is refused `peerGone`.
  ///
  /// - Parameter task: the slot of its Task handle.
  @inlinable public func revokeLease(_ device: Name, task: UInt64, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal)
  {
    _ = try callUntilDone(.revokeLease(device: device), pass: task, &gate)
  }
}
