internal import ABI
internal import Interfaces
internal import Runtime

// RAM is claimed section by section, when what was claimed before does not suffice: boot does not cost more
// on a larger machine. The first section was claimed by boot.
extension MemoryServer {
  /// The frame that the index calls 0: the start of the first section.
  var base: UInt64 {
    mutating get { facts.firstFrame & ~(Geometry.sectionFrames - 1) }
  }

  /// Sections of RAM, claimed or not.
  var allSections: Int {
    mutating get {
      Int(truncatingIfNeeded: (facts.endFrame - base + Geometry.sectionFrames - 1) / Geometry.sectionFrames)
    }
  }

  /// The RAM of a section.
  mutating func frames(ofSection number: Int) -> FrameRun {
    let start = base + UInt64(number) * Geometry.sectionFrames
    let first = max(start, facts.firstFrame)
    let end = min(start + Geometry.sectionFrames, facts.endFrame)
    return FrameRun(first: Int(truncatingIfNeeded: first - base), count: Int(truncatingIfNeeded: end - first))
  }

  /// Frames of sections that nobody claimed yet.
  var unclaimedFrames: UInt64 {
    mutating get {
      guard index.sections < allSections else { return 0 }
      return facts.endFrame - base - UInt64(index.sections) * Geometry.sectionFrames
    }
  }

  /// Claims the next section, if there is one. False when all RAM is claimed, or the kernel refuses.
  mutating func claimNext(_ gate: inout some Gate & ~Copyable) -> Bool {
    guard index.sections < allSections else { return false }
    do throws(MemoryRefusal) {
      try openSection(&gate)
      return true
    } catch {
      return false
    }
  }

  /// Claims a section, maps its part of the ledger's view and its index, and takes its free frames in. A step
  /// that was done before is not done again, so that an attempt which failed can be repeated.
  mutating func openSection(_ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) {
    let number = index.sections
    let frames = frames(ofSection: number)
    try claim(section: base >> 13 + UInt64(number), &gate)
    try mapView(of: frames, &gate)
    var cursor = frames.first
    fillReserve(from: frames, &cursor)
    // What an earlier server left there is out of date: frames that it had taken out and not used yet are free.
    if try mapIndex(of: number, frames, &cursor, &gate) { index.clear(section: number) }
    fillReserve(from: frames, &cursor)
    index.addSection()
    index.load(frames, base: base, from: views.ledger)
    for held in 0..<reserve.count where reserve[held] >= base {
      _ = index.take(FrameRun(first: Int(truncatingIfNeeded: reserve[held] - base), count: 1))
    }
  }

  private mutating func claim(section: UInt64, _ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) {
    do throws(Refusal) {
      let taken = try gate.claim(section: section, authority: HandOver.Slot.memory, spare: reserve[0])[0]
      reserve.remove(taken)
    } catch {
      guard error.status == .busy else { throw MemoryRefusal(error) }
    }
  }

  /// Maps the ledger's pages of a section; of a whole further GiB all of them in one block.
  private mutating func mapView(of frames: FrameRun, _ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) {
    let start = base + UInt64(frames.first)
    var page = HandOver.Address.ledger >> 12 + start >> 9
    var count = UInt64(frames.count) >> 9
    if try isMapped(page, in: HandOver.Slot.task, &gate) { return }
    let gigabyte = start >> 18
    if gigabyte > facts.firstFrame >> 18, (gigabyte + 1) << 18 <= facts.endFrame {
      page &= ~511
      count = Geometry.blockFrames
    }
    try mapOwn(ledgerRegion, page: page, count: count, frame: 0, &gate)
  }

  /// Maps a section's index on the first free frames of that section. Returns whether a page of it was there before.
  private mutating func mapIndex(
    of number: Int, _ frames: FrameRun, _ cursor: inout Int, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> Bool {
    let first = indexPage(of: number)
    var wasThere = false
    for page in first..<first + OwnAddress.indexPages {
      if try isMapped(page, in: HandOver.Slot.task, &gate) {
        wasThere = true
        continue
      }
      guard let frame = nextFree(in: frames, &cursor) else {
        throw MemoryRefusal(.outOfMemory, OwnAddress.indexPages, limit: 0)
      }
      try mapOwn(OwnSlot.index, page: page, count: 1, frame: frame, &gate)
      fillReserve(from: frames, &cursor)
    }
    return wasThere
  }

  private func indexPage(of number: Int) -> UInt64 {
    OwnAddress.index >> 12 + UInt64(number) * OwnAddress.indexPages
  }

  /// Whether a server before this one had begun to map a section's index.
  mutating func wasIndexed(_ number: Int, _ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) -> Bool {
    guard number < allSections else { return false }
    return try isMapped(indexPage(of: number), in: HandOver.Slot.task, &gate)
  }

  /// One `map` in the server's own space, with frames of the reserve as spares.
  private mutating func mapOwn(
    _ region: UInt64, page: UInt64, count: UInt64, frame: UInt64, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) {
    let spares = (reserve[0], reserve[1])
    do throws(Refusal) {
      let mapped = try gate.map(
        task: 0, region: region, page: page, count: count, frame: frame, spares: spares,
        authority: HandOver.Slot.memory)
      if mapped.tookFirst { reserve.remove(spares.0) }
      if mapped.tookSecond { reserve.remove(spares.1) }
      // The view of a whole GiB becomes a block when its last section is claimed.
      give(mapped.table)
    } catch {
      throw MemoryRefusal(error)
    }
  }

  private mutating func fillReserve(from frames: FrameRun, _ cursor: inout Int) {
    while reserve.isShort, let frame = nextFree(in: frames, &cursor) { reserve.add(frame) }
  }

  /// The next frame that the ledger calls free and the reserve does not hold.
  private mutating func nextFree(in frames: FrameRun, _ cursor: inout Int) -> UInt64? {
    while cursor < frames.end {
      let frame = base + UInt64(cursor)
      cursor += 1
      if views.ledger.word(frame).isFree, !reserve.holds(frame) { return frame }
    }
    return nil
  }

  /// The region that boot made over the ledger's view.
  mutating func findLedgerRegion(_ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) {
    let page = HandOver.Address.ledger >> 12 + facts.firstFrame >> 9
    for slot in HandOver.Slot.regions..<slots {
      guard let found = try region(inSlot: slot, of: 0, &gate) else { continue }
      if found.pages.contains(page) {
        ledgerRegion = slot
        return
      }
    }
    throw MemoryRefusal(.notRegion, page)
  }

  /// Makes the region of the index, for all sections that RAM has.
  mutating func makeIndexRegion(_ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) {
    do throws(Refusal) {
      try gate.makeRegion(
        task: 0, slot: OwnSlot.index, page: OwnAddress.index >> 12,
        pages: UInt64(allSections) * OwnAddress.indexPages, rights: [.read, .write])
    } catch {
      throw MemoryRefusal(error)
    }
  }
}
