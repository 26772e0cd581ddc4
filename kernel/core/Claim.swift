internal import AArch64
internal import ABI
internal import Machine

// RAM is claimed section by section (32 MiB), so that neither boot nor idle costs grow with it. A claim makes
// the section part of the kernel's direct map and gives its frames their ledger words.
extension Kernel where M: ~Copyable {
  /// `claim`: x0 section, x1 a spare frame for the table of a ragged GiB; returns the table's frame if taken.
  mutating func claim(_ caller: UInt64) throws(Refusal) {
    let own = thread(caller).pointee.task
    if try isAuthority(handleWord(caller), over: MemoryUse.deviceAuthority, of: own) { return try addRAM(caller) }
    let authority = try authority(handleWord(caller), of: own)
    let section = word(caller, 0)
    let range = held(FrameRange(section &<< 13, section &<< 13 &+ Geometry.sectionFrames))
    guard section < 512 << 5, range.count > 0, memoryObject(authority).pointee.isAuthority(over: range) else {
      throw Refusal(.outOfRange, section, limit: (ram.addedCount == 0 ? ram.used : lastRAM).end >> 13)
    }
    guard !isClaimed(range.first) else { throw Refusal(.busy, section) }
    var table: UInt64 = 0
    if needsTable(section) {
      table = word(caller, 1)
      guard table != 0 else { throw Refusal(.tablesNeeded, 1, limit: 0) }
      try checkFree(table, by: authority)
    }
    openSection(section, table: table)
    succeed(caller, table)
  }

  /// The authority over RAM that a slot names.
  func authority(_ number: UInt64, of owner: UInt64) throws(Refusal) -> UInt64 {
    let object = try find(number, of: owner, .memory, rights: Rights.Memory.read.rawValue).word.object
    guard memoryObject(object).pointee.kind == MemoryUse.authority else {
      throw Refusal(.wrongKind, memoryObject(object).pointee.kind, limit: MemoryUse.authority)
    }
    return object
  }

  /// Refuses a frame that is not claimed or not free.
  func checkFree(_ frame: UInt64, by authority: UInt64) throws(Refusal) {
    guard isClaimed(frame), isRAM(frame) else {
      throw Refusal(.frameNotClaimed, frame, limit: frame >> 13)
    }
    let word = ledger(frame).pointee
    guard word.isFree, memoryObject(authority).pointee.isAuthority(over: FrameRange(frame, frame + 1)) else {
      throw Refusal(.frameNotFree, frame, limit: word.kind.rawValue)
    }
  }

  /// Books a frame as free.
  mutating func free(_ frame: UInt64) {
    ledger(frame).pointee = .free
    noteFree(FrameRange(frame, frame + 1))
  }

  /// What a call has prepared and not mapped yet may be dirty again.
  @inline(__always) mutating func noteFree(_ frames: FrameRange) {
    if ram.cleared.intersection(frames).count > 0 { ram.cleared = FrameRange(0, 0) }
    if ram.published.intersection(frames).count > 0 { ram.published = FrameRange(0, 0) }
  }

  /// Whether a call has prepared a frame that it will map when it starts over.
  @inline(__always) func isPrepared(_ frame: UInt64) -> Bool {
    ram.cleared.contains(frame) || ram.published.contains(frame)
  }

  /// A GiB that holds less than a GiB of RAM, and is not the image's, needs a table of blocks.
  private func needsTable(_ section: UInt64) -> Bool {
    let gigabyte = section >> 5
    let whole = FrameRange(gigabyte << 18, (gigabyte + 1) << 18)
    return machine.kernelRootEntry(gigabyte) == 0 && held(whole) != whole
  }

  /// Maps and initialises a section; `table` is a free frame where one is needed.
  public mutating func openSection(_ section: UInt64, table: UInt64) {
    let range = held(FrameRange(section << 13, (section + 1) << 13))
    mapDirectly(range, table: table)
    setClaimed(section: section)
    // 64 KiB of ledger: all words zero says free.
    let firstLedgerFrame = (section >> 5) << 18 + (section & 31) << 4
    for index in 0..<((range.count * 8 + 4095) >> 12) { machine.clear(frame: firstLedgerFrame + index) }
    fix(ledgerFrames(ofGigabyte: section >> 5), within: range)
    for index in 0..<ram.reservedCount { fix(store.pointee.reserved[index], within: range) }
    if table != 0 {
      ledger(table).pointee = .table(level: 2, used: 0, parent: 0, entry: section >> 5)
      facts.grownTables += 1
    }
  }

  /// Puts frames of the image's GiB into the direct map that boot has to read before their section is claimed.
  /// False where they lie elsewhere.
  public mutating func reach(_ range: FrameRange) -> Bool {
    let gigabyte = ram.used.first >> 18
    guard range.count > 0, range.intersection(ram.used) == range, range.first >> 18 == gigabyte,
      (range.end - 1) >> 18 == gigabyte
    else { return false }
    mapDirectly(FrameRange(range.first & ~511, (range.end + 511) & ~511), table: 0)
    return true
  }

  /// The frames at the start of a GiB that hold its ledger.
  private func ledgerFrames(ofGigabyte gigabyte: UInt64) -> FrameRange {
    let whole = FrameRange(gigabyte << 18, (gigabyte + 1) << 18)
    return FrameRange(whole.first, whole.first + ((held(whole).end - whole.first) * 8 + 4095) >> 12)
  }

  private func fix(_ reserved: FrameRange, within range: FrameRange) {
    let shared = reserved.intersection(range)
    machine.fill(ledgerAddress(shared.first), count: shared.count, with: LedgerWord.fixed.raw, step: 0)
  }

  /// The kernel's half: 2 MiB blocks in the image's GiB and in a ragged one, one block of 1 GiB elsewhere.
  private mutating func mapDirectly(_ range: FrameRange, table: UInt64) {
    let gigabyte = range.first >> 18
    let entry = Descriptor(raw: machine.kernelRootEntry(gigabyte))
    if entry.isLeaf(level: 1) { return }
    if entry == .empty && table == 0 {
      machine.setKernelRootEntry(gigabyte, to: Descriptor.kernel(frame: gigabyte << 18, level: 1, use: .data).raw)
    } else {
      if table != 0 { machine.clear(frame: table) }
      // The ledger's own block first: sections may be claimed in any order.
      mapBlock(gigabyte << 9, table: table != 0 ? table : entry.frame)
      for block in range.first >> 9..<range.end >> 9 { mapBlock(block, table: table != 0 ? table : entry.frame) }
      if table != 0 {
        machine.publishTables()
        machine.setKernelRootEntry(gigabyte, to: Descriptor.table(frame: table).raw)
      }
    }
    machine.publishTables()
  }

  /// One block of 2 MiB of the kernel's half, unless it is there.
  private mutating func mapBlock(_ block: UInt64, table: UInt64) {
    guard machine.descriptor(table: table, index: block & 511) == 0 else { return }
    let descriptor = Descriptor.kernel(frame: block << 9, level: 2, use: .data)
    machine.setDescriptor(table: table, index: block & 511, to: descriptor.raw)
  }
}

extension Memory {
  /// Whether this is an authority over all of a range.
  func isAuthority(over range: FrameRange) -> Bool {
    kind == MemoryUse.authority && range.first >= frame && range.end <= frame + frames
  }
}
