/// The empty slots of a task's table that its program may use as it likes.
public struct Slots: Sendable {
  private let first: UInt64
  private var free: UInt64

  /// `count` slots from `first`, at most 64.
  public init(from first: UInt64, count: UInt64) {
    precondition(count > 0 && count <= 64, "a set holds 1 to 64 slots")
    self.first = first
    free = UInt64.max >> (64 - count)
  }

  /// Takes a slot; nothing where all are taken.
  public mutating func take() -> UInt64? {
    guard free != 0 else { return nil }
    let index = UInt64(free.trailingZeroBitCount)
    free &= free - 1
    return first + index
  }

  /// Gives a slot back, after its handle was dropped or moved on.
  public mutating func give(_ slot: UInt64) {
    let bit = UInt64(1) << (slot - first)
    precondition(free & bit == 0, "a slot given back twice")
    free |= bit
  }

  /// Slots that are free.
  public var count: Int { free.nonzeroBitCount }
}
