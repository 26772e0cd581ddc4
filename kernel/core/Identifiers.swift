internal import Machine

// Address-space identifiers (ASIDs): a bit of the store for each that is in use. 0 belongs to nobody.
extension Kernel where M: ~Copyable {
  /// A free identifier; the search goes on in the word where the last one was found.
  mutating func takeIdentifier() -> UInt64? {
    for step in 0...64 {
      let index = (identifierCursor + step) & 63
      guard index * 64 <= Int(identifierLimit) else { continue }
      let used = store.pointee.identifiers[index] | (index == 0 ? 1 : 0)
      guard used != .max else { continue }
      let bit = (~used).trailingZeroBitCount
      let identifier = UInt64(index * 64 + bit)
      guard identifier <= UInt64(identifierLimit) else { continue }
      store.pointee.identifiers[index] |= 1 &<< UInt64(bit)
      identifierCursor = index
      return identifier
    }
    return nil
  }

  /// Gives an identifier back; the MMU has forgotten it.
  func giveBack(identifier: UInt64) {
    store.pointee.identifiers[Int(truncatingIfNeeded: identifier >> 6 & 63)] &= ~(1 &<< (identifier & 63))
  }
}
