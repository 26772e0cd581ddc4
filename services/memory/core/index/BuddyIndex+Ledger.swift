public import ABI

/// The server's read-only view of the frame table. It may only be asked about sections that were claimed.
public protocol LedgerView: ~Copyable {
  /// The kernel's word about a frame; `frame` is an absolute number (address >> 12).
  func word(_ frame: UInt64) -> LedgerWord
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
      var end = first
      while end < frames.end, view.word(base + UInt64(end)).isFree { end += 1 }
      if end > first { free(FrameRun(first: first, count: end - first)) }
      first = end + 1
    }
  }
}
