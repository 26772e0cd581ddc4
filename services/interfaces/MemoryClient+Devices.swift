public import ABI

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

// Memory for a device that masters the bus.
extension Client where Service == MemoryInterface {
  /// Private zeroed pages whose frames lie together, for the device whose lease is in slot `lease`. Neither the region
  /// nor a part of it is given back while the lease lasts: first reset the device and release it.
  ///
  /// - Parameters:
  ///   - slot: an empty slot, which takes the region.
  ///   - page: where; 0 leaves the choice to the server.
  ///   - pages: how many, up to 32 MiB.
  ///   - alignment: of the bus address, in bytes: a power of two up to 32 MiB; less than a page is a page.
  ///   - limit: the highest bus address that the device reaches.
  @inlinable public func allocateDMA(
    lease: UInt64, slot: UInt64, page: UInt64 = 0, pages: UInt64, alignment: UInt64 = 4096, limit: UInt64 = .max,
    _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> DMAMemory {
    let request = Service.Request.allocateDMA(
      lease: lease, slot: slot, page: page, pages: pages, alignment: alignment, limit: limit)
    let reply = try callUntilDone(request, &gate)
    return DMAMemory(address: reply[0] << 12, bus: reply[1], length: pages << 12)
  }

  /// The bus address of such a region, for as long as the lease lasts.
  @inlinable public func busAddress(slot: UInt64, _ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) -> UInt64 {
    try call(.busAddress(slot: slot), &gate)[0]
  }
}
