internal import ABI
internal import Interfaces

extension MemoryServer {
  /// `verify`: one section of the index against the ledger. Whoever may ask what RAM is used for may ask this: it
  /// changes nothing that was right.
  mutating func verify(_ section: UInt64) throws(MemoryRefusal) -> IndexFacts {
    guard section < UInt64(index.sections) else { throw MemoryRefusal(.endOfList, section) }
    let number = Int(truncatingIfNeeded: section)
    let (frames, base) = frames(ofSection: number)
    let held = reserve
    let found = index.verify(section: number, frames, base: base, from: views.ledger) { held.holds($0) }
    return IndexFacts(
      sections: UInt64(index.sections), differing: UInt64(found.differing), freeByIndex: UInt64(found.freeByIndex),
      freeByLedger: UInt64(found.freeByLedger))
  }
}
