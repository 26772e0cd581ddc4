internal import ABI

/// A run of frames.
public struct FrameRange: Equatable, Sendable {
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
  /// Frames that are never given out: image, device tree, what the tree reserves.
  var reserved: InlineArray<20, FrameRange> = .init(repeating: FrameRange(0, 0))
  package var reservedCount = 0
  /// Sections that were claimed: a bit for each of the 32 of a GiB.
  package var claimed: InlineArray<512, UInt32> = .init(repeating: 0)

  /// Keeps frames back. False when the list is full.
  public mutating func reserve(_ range: FrameRange) -> Bool {
    guard reservedCount < 20 else { return false }
    reserved[reservedCount] = range
    reservedCount += 1
    return true
  }

  /// Whether the section of a frame was claimed, so that the frame has a ledger word.
  package func isClaimed(_ frame: UInt64) -> Bool {
    let gigabyte = frame >> 18
    return gigabyte < 512 && claimed[Int(truncatingIfNeeded: gigabyte)] >> UInt32(frame >> 13 & 31) & 1 != 0
  }

  mutating func setClaimed(section: UInt64) {
    claimed[Int(truncatingIfNeeded: section >> 5)] |= 1 &<< UInt32(section & 31)
  }

  /// Whether a GiB had a section claimed before.
  func isOpen(gigabyte: UInt64) -> Bool { claimed[Int(truncatingIfNeeded: gigabyte)] != 0 }

  /// The frames at the start of a GiB that hold its ledger.
  func ledger(ofGigabyte gigabyte: UInt64) -> FrameRange {
    let whole = FrameRange(gigabyte << 18, (gigabyte + 1) << 18)
    let held = used.intersection(whole)
    return FrameRange(whole.first, whole.first + ((held.end - whole.first) * 8 + 4095) >> 12)
  }
}
