extension Client where Service == MemoryInterface {
  /// Gives a region of private pages another length where it is. What comes is zeroed, of a reserved region it comes with
  /// the first touch; what goes is gone. A shared region gets no shorter than what others show of it.
  ///
  /// - Parameters:
  ///   - slot: the region's.
  ///   - from: the pages that it has.
  ///   - to: the pages that it is to have.
  ///   - task: the slot of a Task handle; 0: the caller.
  @inlinable public func resize(
    slot: UInt64, from: UInt64, to: UInt64, task: UInt64 = 0, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) {
    _ = try callUntilDone(.resize(slot: slot, from: from, to: to), pass: task, &gate)
  }
}
