public import ABI

// Memory that tasks share.
extension Client where Service == MemoryInterface {
  /// Gives the caller's region in `slot` a name in `destination`: a Memory handle with the region's rights, to be
  /// copied with fewer and passed on. The region's pages stay the caller's, and leave all others when it frees them.
  /// Returns the region's pages.
  @inlinable @discardableResult public func share(
    slot: UInt64, to destination: UInt64, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> UInt64 {
    try call(.share(slot: slot, destination: destination), &gate)[0]
  }

  /// Shows pages of a shared Memory, whose handle is in slot `memory`, in a region of the caller's. Returns the first
  /// page.
  ///
  /// - Parameters:
  ///   - slot: an empty slot, which takes the region; `free` empties it again.
  ///   - page: where; 0 leaves the choice to the server.
  ///   - pages: how many, from page `offset` of the Memory on.
  ///   - rights: at most those of the handle; `write` besides where it copies.
  ///   - copies: of a sealed Memory, whether a write gives the caller a page of its own.
  @inlinable @discardableResult public func show(
    memory: UInt64, slot: UInt64, page: UInt64 = 0, pages: UInt64, offset: UInt64 = 0, rights: Rights.Memory,
    copies: Bool = false, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> UInt64 {
    let request = Service.Request.show(
      slot: slot, page: page, pages: pages, offset: offset, rights: rights.rawValue, copies: Flag(copies))
    return try call(request, pass: memory, &gate)[0]
  }

  /// Seals the caller's shared region: nobody writes it any more, and others may copy on write. Refused while somebody
  /// else may write it.
  @inlinable public func seal(slot: UInt64, _ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) {
    _ = try callUntilDone(.seal(slot: slot), &gate)
  }
}
