internal import ABI
internal import Interfaces
internal import Runtime

// RAM is claimed section by section, when what was claimed before does not suffice: boot does not cost more
// on a larger machine. The first section was claimed by boot.
extension MemoryServer {
  /// Sections of RAM, claimed or not.
  var allSections: Int {
    mutating get { ram.sections }
  }

  /// The RAM of a section, as the index counts, and what an absolute number is more than that.
  mutating func frames(ofSection number: Int) -> (frames: FrameRun, base: UInt64) {
    let range = ram.range(ofSection: number)
    let start = range.base &+ UInt64(number) &* Geometry.sectionFrames
    let first = max(start, range.first)
    let end = min(start + Geometry.sectionFrames, range.end)
    return (
      FrameRun(first: Int(truncatingIfNeeded: first &- range.base), count: Int(truncatingIfNeeded: end - first)),
      range.base
    )
  }

  /// Frames of sections that nobody claimed yet.
  var unclaimedFrames: UInt64 {
    mutating get { ram.frames(from: index.sections) }
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
    let (frames, base) = frames(ofSection: number)
    let first = base &+ UInt64(frames.first)
    try claim(section: first >> 13, &gate)
    try mapView(from: first, count: UInt64(frames.count), in: ram.range(ofSection: number), &gate)
    var cursor = FrameCursor(next: first, end: first + UInt64(frames.count))
    fillReserve(from: &cursor)
    // What an earlier server left there is out of date: frames that it had taken out and not used yet are free.
    if try mapIndex(of: number, &cursor, &gate) { index.clear(section: number) }
    fillReserve(from: &cursor)
    index.addSection()
    index.load(frames, base: base, from: views.ledger)
    for held in 0..<reserve.count {
      guard let place = ram.place(of: reserve[held]) else { continue }
      _ = index.take(FrameRun(first: place, count: 1))
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
  private mutating func mapView(
    from start: UInt64, count frames: UInt64, in range: RAMList.Range, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) {
    var page = HandOver.Address.ledger >> 12 + start >> 9
    var count = frames >> 9
    if try isMapped(page, in: HandOver.Slot.task, &gate) { return }
    let gigabyte = start >> 18
    if gigabyte > facts.firstFrame >> 18, (gigabyte + 1) << 18 <= range.end {
      page &= ~511
      count = Geometry.blockFrames
    }
    try mapOwn(ledgerRegion, page: page, count: count, frame: 0, &gate)
  }

  /// Maps a section's index on the first free frames of that section. Returns whether a page of it was there before.
  private mutating func mapIndex(
    of number: Int, _ cursor: inout FrameCursor, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> Bool {
    let first = indexPage(of: number)
    var wasThere = false
    for page in first..<first + OwnAddress.indexPages {
      if try isMapped(page, in: HandOver.Slot.task, &gate) {
        wasThere = true
        continue
      }
      guard let frame = nextFree(&cursor) else {
        throw MemoryRefusal(.outOfMemory, OwnAddress.indexPages, limit: 0)
      }
      try mapOwn(OwnSlot.index, page: page, count: 1, frame: frame, &gate)
      fillReserve(from: &cursor)
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

  private mutating func fillReserve(from cursor: inout FrameCursor) {
    while reserve.isShort, let frame = nextFree(&cursor) { reserve.add(frame) }
  }

  /// The next frame that the ledger calls free and the reserve does not hold.
  private mutating func nextFree(_ cursor: inout FrameCursor) -> UInt64? {
    while cursor.next < cursor.end {
      let frame = cursor.next
      cursor.next += 1
      if views.ledger.word(frame).isFree, !reserve.holds(frame) { return frame }
    }
    return nil
  }

  /// The region that boot made over the ledger's view.
  mutating func findLedgerRegion(_ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) {
    let page = HandOver.Address.ledger >> 12 + facts.firstFrame >> 9
    guard let found = try region(from: page, of: 0, &gate), found.region.pages.contains(page) else {
      throw MemoryRefusal(.notRegion, page)
    }
    ledgerRegion = found.slot
  }

  /// Makes the region of the index, for all sections that RAM may ever have.
  mutating func makeIndexRegion(_ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) {
    do throws(Refusal) {
      try gate.makeRegion(
        task: 0, slot: OwnSlot.index, page: OwnAddress.index >> 12,
        pages: Geometry.taskPages / Geometry.sectionFrames * OwnAddress.indexPages, rights: [.read, .write])
    } catch {
      throw MemoryRefusal(error)
    }
  }
}

/// Frames of a section, absolute, that were not looked at yet.
private struct FrameCursor {
  var next: UInt64
  var end: UInt64
}
