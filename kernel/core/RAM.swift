internal import ABI

/// A run of frames.
public struct FrameRange: Equatable, Sendable, BitwiseCopyable {
  /// First frame.
  public var first: UInt64
  /// One past the last.
  public var end: UInt64
  /// A run of frames.
  public init(_ first: UInt64, _ end: UInt64) {
    self.first = first
    self.end = end
  }
  /// Whether the run holds a frame.
  public func contains(_ frame: UInt64) -> Bool { frame >= first && frame < end }
  /// What two runs share.
  public func intersection(_ other: FrameRange) -> FrameRange {
    let first = max(first, other.first)
    return FrameRange(first, max(first, min(end, other.end)))
  }
  /// Frames in it.
  public var count: UInt64 { end - first }
  /// The whole groups of 16 in it; empty at its end where there is none.
  var inner16: FrameRange {
    let groups = FrameRange((first + 15) & ~15, end & ~15)
    return groups.first < groups.end ? groups : FrameRange(end, end)
  }
}

/// What the kernel knows of RAM as a whole. What a frame is stands in the ledger.
public struct RAM {
  /// The RAM that is used: whole blocks of 2 MiB.
  public var used = FrameRange(0, 0)
  /// RAM as the device tree gives it, the part that is given up included.
  public var whole = FrameRange(0, 0)
  /// The Memory authority that boot made.
  package var memory: UInt64 = 0
  /// Free frames that a `map` has cleared already and will map when it starts over.
  package var cleared = FrameRange(0, 0)
  /// Frames that instruction fetch sees as they are, which a call will let be executed when it starts over.
  package var published = FrameRange(0, 0)
  /// Whose call that is: another's finds what was written since.
  package var publisher: UInt64 = 0
  /// Ranges in the store's list of frames that are never given out.
  package var reservedCount = 0
  /// Ranges in the store's list of RAM that was added after boot.
  package var addedCount = 0
}
