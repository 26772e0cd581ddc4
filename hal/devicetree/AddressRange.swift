/// A range of physical addresses that does not wrap.
public struct AddressRange: Equatable, Sendable {
  /// The first address.
  public let base: UInt64
  /// Bytes; `base + size` is at most 2^64 − 1.
  public let size: UInt64
  /// The first address behind the range.
  public var end: UInt64 { base + size }

  /// An empty range at address zero.
  public init() {
    base = 0
    size = 0
  }

  /// A range of `size` bytes from `base`, refused where it wraps.
  public init(checking base: UInt64, _ size: UInt64) throws(DeviceTreeError) {
    guard !base.addingReportingOverflow(size).overflow else {
      throw DeviceTreeError(.rangeOverflows, found: base, expected: size)
    }
    self.base = base
    self.size = size
  }
}

/// A list of ranges in place, of at most `capacity`.
public struct RangeList<let capacity: Int> {
  private var storage = InlineArray<capacity, AddressRange>(repeating: AddressRange())
  /// Ranges in the list.
  public private(set) var count = 0

  /// An empty list.
  public init() {}

  /// The range at `index`, which must be less than `count`.
  public subscript(index: Int) -> AddressRange {
    precondition(index >= 0 && index < count, "no such range")
    return storage[index]
  }

  /// The same, of a list that may change: it is not copied for one of its ranges.
  mutating func range(_ index: Int) -> AddressRange {
    precondition(index >= 0 && index < count, "no such range")
    return storage[index]
  }

  /// Adds a range at the end, refused where the list is full.
  public mutating func append(_ range: AddressRange) throws(DeviceTreeError) {
    guard count < capacity else { throw DeviceTreeError(.tooMany, count + 1, capacity) }
    storage[count] = range
    count += 1
  }

  /// Sorts the ranges by address and joins those that touch; overlaps are joined too, or refused.
  mutating func normalise(refusingOverlap: Bool) throws(DeviceTreeError) {
    sort()
    var kept = 0
    for index in 0..<count {
      let range = storage[index]
      guard kept > 0, range.base <= storage[kept - 1].end else {
        storage[kept] = range
        kept += 1
        continue
      }
      let last = storage[kept - 1]
      guard !refusingOverlap || range.base == last.end else {
        throw DeviceTreeError(.memoryOverlaps, found: range.base, expected: last.end)
      }
      storage[kept - 1] = try AddressRange(checking: last.base, max(last.end, range.end) - last.base)
    }
    count = kept
  }

  private mutating func sort() {
    for index in 0..<count {
      var slot = index
      while slot > 0, storage[slot].base < storage[slot - 1].base {
        let range = storage[slot]
        storage[slot] = storage[slot - 1]
        storage[slot - 1] = range
        slot -= 1
      }
    }
  }
}
