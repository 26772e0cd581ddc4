/// The tree of one section: a node for each aligned run of 2ⁿ frames, the root (node 1) for all 8192 and the
/// leaves (nodes 8192…16383) for single frames. A node's byte is the largest free order below it, plus one;
/// 0 says that nothing is free.
///
/// The bytes are a function of the set of free frames alone, so that an index rebuilt from the ledger is the
/// same byte for byte: a run that is free as a whole is said by its topmost node only, and below a node that
/// is wholly free or wholly used all bytes are 0.
public enum SectionTree {
  /// Order of a whole section.
  public static var topOrder: Int { 13 }
  /// Nodes of a tree, the unused node 0 included.
  public static var nodes: Int { 2 << topOrder }
  /// The root.
  public static var root: Int { 1 }

  /// The node of the run of 2^`order` frames that holds frame `offset` of the section.
  @inlinable static func node(offset: Int, order: Int) -> Int { (1 &<< topOrder | offset) &>> order }

  /// The byte of a run of 2^`order` frames that is free as a whole.
  @inlinable static func whole(_ order: Int) -> UInt8 { UInt8(truncatingIfNeeded: order + 1) }
}

/// A run of frames: 2^n of them where it came from the index at one piece, any number otherwise.
@frozen public struct FrameRun: Equatable, Sendable {
  /// The first frame, as the index counts: 0 is the first frame of the first section.
  public var first: Int
  /// How many.
  public var count: Int

  /// A run.
  @inlinable public init(first: Int, count: Int) {
    self.first = first
    self.count = count
  }

  /// One past the last frame.
  @inlinable public var end: Int { first + count }

  /// The largest aligned power of two that starts this run: how a run is taken apart.
  @inlinable var leadingOrder: Int {
    min(SectionTree.topOrder, first == 0 ? SectionTree.topOrder : first.trailingZeroBitCount, count.binaryOrder)
  }

  /// Removes and returns the leading aligned piece.
  @inlinable mutating func removePiece() -> (first: Int, order: Int) {
    let piece = (first, leadingOrder)
    first += 1 &<< piece.1
    count -= 1 &<< piece.1
    return piece
  }
}

extension Int {
  /// The largest n with 2ⁿ ≤ self; self is positive.
  @inlinable var binaryOrder: Int { Int.bitWidth - 1 - leadingZeroBitCount }
}
