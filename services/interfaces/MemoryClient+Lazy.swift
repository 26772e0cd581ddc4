public import ABI

// Memory that is reserved now and comes with the first touch.
extension Client where Service == MemoryInterface {
  /// Reserves pages: each comes zeroed when it is first touched, and is paid for then. Returns the first page.
  ///
  /// - Parameters:
  ///   - slot: an empty slot, which takes the region.
  ///   - page: where; 0 leaves the choice to the server.
  ///   - fit: how much one touch may bring.
  ///   - isGuarded: whether a page below and one above stay free for good, as a stack wants it.
  ///   - task: the slot of a Task handle; 0: the caller.
  @inlinable @discardableResult public func reserve(
    slot: UInt64, page: UInt64 = 0, pages: UInt64, rights: Rights.Memory = Rights.Memory.read.union(.write),
    fit: RegionFit = .page, isGuarded: Bool = false, task: UInt64 = 0, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> UInt64 {
    let request = Service.Request.reserve(
      slot: slot, page: page, pages: pages, rights: rights.rawValue, fit: fit.rawValue, isGuarded: Flag(isGuarded))
    return try call(request, pass: task, &gate)[0]
  }

  /// Brings pages of a reserved region now, so that no touch of them waits or fails. What came before a refusal stays.
  @inlinable public func prefault(
    slot: UInt64, page: UInt64, pages: UInt64, task: UInt64 = 0, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) {
    try callForParts(page, pages, task: task, &gate) { .prefault(slot: slot, page: $0, pages: $1) }
  }

  /// Gives the frames of a part of a reserved region back; a later touch brings zeroes. What went before a refusal stays
  /// away.
  @inlinable public func decommit(
    slot: UInt64, page: UInt64, pages: UInt64, task: UInt64 = 0, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) {
    try callForParts(page, pages, task: task, &gate) { .decommit(slot: slot, page: $0, pages: $1) }
  }

  /// Asks for pages, and again for those that a reply has left, until it leaves none.
  @inlinable func callForParts(
    _ page: UInt64, _ pages: UInt64, task: UInt64, _ gate: inout some Gate & ~Copyable,
    _ request: (UInt64, UInt64) -> Service.Request
  ) throws(MemoryRefusal) {
    var done: UInt64 = 0
    repeat {
      let more = try call(request(page &+ done, pages &- done), pass: task, &gate)[0]
      // Where nothing more is done there is nothing to wait for.
      guard more > 0 else { return }
      done &+= more
    } while done < pages
  }
}
