public import ABI

/// The server's read-only view of the frame table. It may only be asked about sections that were claimed.
public protocol LedgerView: ~Copyable {
  /// The kernel's word about a frame; `frame` is an absolute number (address >> 12).
  func word(_ frame: UInt64) -> LedgerWord
  /// One past the last of the frames from `frame` on, `end` at most, that are all free.
  func endOfFree(from frame: UInt64, to end: UInt64) -> UInt64
}

extension LedgerView where Self: ~Copyable {
  /// Word by word.
  public func endOfFree(from frame: UInt64, to end: UInt64) -> UInt64 {
    var next = frame
    while next < end, word(next).isFree { next += 1 }
    return next
  }
}

extension BuddyIndex where Storage: ~Copyable {
  /// Forgets everything: no section, and zeros in the storage of all that there were.
  public mutating func removeAll() {
    for section in 0..<sections { storage.clear(section: section) }
    reset()
  }

  /// Frees all of `frames` that the ledger calls free; the frames lie in the section added last and are in use
  /// as far as the index knows. `base` is the absolute number of the first section's first frame.
  public mutating func load<View: LedgerView & ~Copyable>(_ frames: FrameRun, base: UInt64, from view: borrowing View) {
    var first = frames.first
    while first < frames.end {
      let end = Int(view.endOfFree(from: base + UInt64(first), to: base + UInt64(frames.end)) - base)
      if end > first { free(FrameRun(first: first, count: end - first)) }
      first = end + 1
    }
  }
}
