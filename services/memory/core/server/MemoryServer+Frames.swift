internal import ABI
internal import Interfaces
internal import Runtime

// Frames on their way out of the index and back into it; absolute numbers.
extension MemoryServer {
  /// Takes one free frame; claims a section where that is needed.
  mutating func takeFrame(_ gate: inout some Gate & ~Copyable) -> UInt64? {
    repeat {
      if let first = index.allocateFrame() { return ram.frame(first) }
    } while claimNext(&gate)
    return nil
  }

  /// Takes frames that lie together, a power of two of them, aligned to their number; claims a section where that is
  /// needed.
  mutating func takeAligned(_ count: UInt64, _ gate: inout some Gate & ~Copyable) -> UInt64? {
    repeat {
      if let first = index.allocate(order: count.trailingZeroBitCount) { return ram.frame(first) }
    } while claimNext(&gate)
    return nil
  }

  /// Takes up to `count` frames (at most 512) that lie together: all of them where some section has them, else
  /// the longest run there is. A whole block is worth claiming a section for, so is the last frame.
  ///
  /// Where they are to hold 16 pages that may be one entry of the MMU, they lie as the pages from `page` on do.
  mutating func takeRun(_ count: UInt64, for page: UInt64 = 0, _ gate: inout some Gate & ~Copyable)
    -> (first: UInt64, count: UInt64)?
  {
    if count == 1 { return takeFrame(&gate).map { ($0, 1) } }
    let wanted = Int(truncatingIfNeeded: count)
    let holdsGroup = (page + 15) & ~15 + 16 <= page + count
    let phase = holdsGroup ? Int(truncatingIfNeeded: page & 15) : 0
    while true {
      let largest = index.largestFreeOrder.map { 1 &<< $0 } ?? 0
      if largest >= wanted + phase || !claimNext(&gate) { break }
    }
    guard let run = index.allocateRun(wanted, phase: phase) else { return nil }
    return (ram.frame(run.first), UInt64(run.count))
  }

  /// Takes frames back; 0 is none.
  @inline(__always) mutating func give(_ frame: UInt64, count: UInt64 = 1) {
    if frame != 0, count > 0 { giveBack(frame, count) }
  }

  private mutating func giveBack(_ frame: UInt64, _ count: UInt64) {
    guard let first = ram.place(of: frame) else { return }
    index.free(FrameRun(first: first, count: Int(truncatingIfNeeded: count)))
  }

  /// Fills the places of spare frames that are empty.
  mutating func fill(_ spares: inout Spares, _ gate: inout some Gate & ~Copyable) {
    if spares.first == 0 { spares.first = takeFrame(&gate) ?? 0 }
    if spares.second == 0 { spares.second = takeFrame(&gate) ?? 0 }
    // The kernel takes the first one first.
    if spares.first == 0 { swap(&spares.first, &spares.second) }
  }

  /// Takes spare frames back.
  mutating func give(_ spares: Spares) {
    give(spares.first)
    give(spares.second)
  }

  /// The lowest empty slot of the server's own table. It is looked for from where it was last, or from where one came
  /// empty since: below that all are taken.
  mutating func freeSlot(_ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) -> UInt64 {
    if let found = try firstEmpty(in: slotHint..<slots, &gate) { return found }
    if let found = try firstEmpty(in: OwnSlot.first..<slotHint, &gate) { return found }
    throw MemoryRefusal(.serverFull, slots, limit: slots)
  }

  private mutating func firstEmpty(in range: Range<UInt64>, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal) -> UInt64?
  {
    for slot in range {
      do throws(Refusal) {
        guard try gate.inspectHandle(slot).word == .empty else { continue }
      } catch {
        throw MemoryRefusal(error)
      }
      slotHint = slot
      return slot
    }
    return nil
  }

  /// A slot of the server's own table came empty.
  mutating func emptied(_ slot: UInt64) {
    if slot >= OwnSlot.first { slotHint = min(slotHint, slot) }
  }

  /// Makes an object in a slot of `owner`, paid by `account` (0: the server itself).
  mutating func makeObject(
    _ kind: ObjectKind, slot: UInt64, of owner: UInt64 = 0, account: UInt64 = 0, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) {
    try withSpare(&gate) { gate, spare throws(Refusal) in
      try gate.create(kind, account: account, spare: spare, slot: slot, of: owner, authority: HandOver.Slot.memory)
    }
  }

  /// Runs a `create` with a spare frame, which comes back unless the kernel took it. Returns whether it did.
  @discardableResult
  mutating func withSpare<G: Gate & ~Copyable>(
    _ gate: inout G, _ body: (inout G, UInt64) throws(Refusal) -> Bool
  ) throws(MemoryRefusal) -> Bool {
    let spare = takeFrame(&gate) ?? 0
    do throws(Refusal) {
      if try body(&gate, spare) { return true }
      give(spare)
      return false
    } catch {
      give(spare)
      // Without a spare the kernel says so before it looks at the account.
      let isMissing = spare == 0 && error.status == .quotaExceeded
      throw isMissing ? MemoryRefusal(.outOfMemory, 1, limit: 0) : refusal(error)
    }
  }

  /// Drops the server's handle to an object that it made for an account. A frame of objects on which nothing lives any
  /// more comes back.
  mutating func discard(_ slot: UInt64, _ gate: inout some Gate & ~Copyable) {
    do throws(Refusal) { give(try gate.drop(slot, authority: HandOver.Slot.memory)) } catch {}
    emptied(slot)
  }

  /// The kernel's refusal as the server's own where the server has words for it.
  mutating func refusal(_ refusal: Refusal) -> MemoryRefusal {
    switch refusal.status {
    case .quotaExceeded: MemoryRefusal(.quotaExceeded, refusal.value, limit: refusal.limit)
    case .slotOccupied: MemoryRefusal(.slotOccupied, refusal.value, limit: refusal.limit)
    default: MemoryRefusal(refusal)
    }
  }
}

/// Two frames that a `map` may turn into tables; 0 is none.
struct Spares {
  var first: UInt64 = 0
  var second: UInt64 = 0
  /// How many there are.
  var count: UInt64 { (first == 0 ? 0 : 1) + (second == 0 ? 0 : 1) }
}
