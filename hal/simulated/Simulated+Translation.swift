import Machine

/// What an MMU may remember: it may have read any valid entry at any time, and keeps it until it is told to
/// forget and has finished doing so. Arm ARM D8.13, D8.14.
struct TranslationMemory: Equatable {
  /// Entries that were valid once: (table frame, index) and the value.
  struct Entry: Hashable {
    var table: UInt64
    var index: UInt64
  }
  /// Where a table stands in its tree: what its first entry translates.
  struct Place: Equatable {
    var root: UInt64
    var level: UInt64
    var page: UInt64
  }
  /// Tables that an entry refers to or referred to; others are roots.
  var places: [UInt64: Place] = [:]
  /// Identifiers under which roots were walked.
  var identifiers: [UInt64: UInt64] = [:]
  /// Entries whose removal or change the MMU has not yet been told of, as they were.
  var stale: [Entry: UInt64] = [:]
  /// Groups of 16 entries (table frame, index of the first) that were written since the last order.
  var groups: Set<Entry> = []
  /// Whether a store to a table has not been ordered yet.
  var unpublished = false
  /// Whether an invalidation has not been completed yet.
  var incomplete = false

  func place(of table: UInt64) -> Place { places[table] ?? Place(root: table, level: 1, page: 0) }

  /// Notes where the table that a new entry refers to stands.
  mutating func learn(_ key: Entry, _ value: UInt64) {
    let place = place(of: key.table)
    guard place.level < 3, value & 3 == 3 else { return }
    let page = place.page + key.index << ((3 - place.level) * 9)
    places[value >> 12 & 0xf_ffff_ffff] = Place(root: place.root, level: place.level + 1, page: page)
  }

  /// Whether forgetting a page of an address space forgets an entry: the leaf, and the tables on its way.
  func forgets(_ key: Entry, page: UInt64, identifier: UInt64) -> Bool {
    let place = place(of: key.table)
    guard identifiers[place.root] ?? identifier == identifier else { return false }
    let shift = (3 - place.level) * 9
    return place.page >> shift + key.index == page >> shift
  }
}

extension Simulated {
  package func descriptor(table frame: UInt64, index: UInt64) -> UInt64 {
    memory(DirectMap.address(frame) + index * 8, as: UInt64.self).pointee
  }

  package mutating func setDescriptor(table frame: UInt64, index: UInt64, to value: UInt64) {
    precondition(index < 512, "entry \(index) outside a table of 512")
    let entry = memory(DirectMap.address(frame) + index * 8, as: UInt64.self)
    let key = TranslationMemory.Entry(table: frame, index: index)
    check(key, from: entry.pointee, to: value)
    if entry.pointee & 1 != 0, value != entry.pointee {
      remembered.stale[key] = entry.pointee
      if value & 1 == 0 { remember(tableOf: key, entry.pointee) }
    }
    remembered.groups.insert(.init(table: frame, index: index & ~15))
    entry.pointee = value
    remembered.learn(key, value)
    remembered.unpublished = true
    note(.store(frame, index, value))
  }

  package mutating func setDescriptors(
    table frame: UInt64, index: UInt64, count: UInt64, to value: UInt64, step: UInt64
  ) {
    for offset in 0..<count { setDescriptor(table: frame, index: index + offset, to: value &+ offset &* step) }
  }

  /// Break before make: a valid entry is emptied, forgotten and only then filled again, unless only what EL0 may do
  /// changes. Arm ARM D8.14.1.
  private mutating func check(_ key: TranslationMemory.Entry, from old: UInt64, to value: UInt64) {
    guard value & 1 != 0 else { return }
    if old & 1 != 0, !isSame(old, value) {
      violations.append("entry \(key.index) of table \(key.table) changed without break")
    }
    if let before = remembered.stale[key], !isSame(before, value) {
      violations.append("entry \(key.index) of table \(key.table) made again before the MMU forgot it")
    }
  }

  /// Whether two leaves differ in nothing but AP[2] and UXN; where 16 must be alike, not even in these.
  private func isSame(_ one: UInt64, _ other: UInt64) -> Bool {
    (one ^ other) & ~(one >> 52 & 1 == 0 ? 1 << 7 | 1 << 54 : 0) == 0
  }

  /// A table that is taken out leaves behind what the MMU has read in it.
  private mutating func remember(tableOf key: TranslationMemory.Entry, _ old: UInt64) {
    guard remembered.place(of: key.table).level < 3, old & 2 != 0 else { return }
    let table = old >> 12 & 0xf_ffff_ffff
    for index in 0..<512 as Range<UInt64> {
      let below = descriptor(table: table, index: index)
      if below & 1 != 0 { remembered.stale[.init(table: table, index: index)] = below }
    }
  }

  /// The contiguous hint is on all 16 entries of an aligned group or on none; they are alike, and their frames lie
  /// together and aligned. Arm ARM D8.6.1.
  private mutating func checkGroups() {
    for group in remembered.groups {
      let entries = (0..<16).map { descriptor(table: group.table, index: group.index + $0) }
      guard entries.contains(where: { $0 & 1 != 0 && $0 >> 52 & 1 != 0 }) else { continue }
      let isWhole = entries.enumerated().allSatisfy { $1 == entries[0] + UInt64($0) << 12 }
      if !isWhole || entries[0] >> 12 & 15 != 0 {
        violations.append("the 16 entries from \(group.index) of table \(group.table) are not alike")
      }
    }
    remembered.groups = []
  }

  package mutating func publishTables() {
    checkGroups()
    remembered.unpublished = false
    note(.publish)
  }

  package mutating func invalidate(page: UInt64, identifier: UInt64) {
    beforeInvalidation()
    remembered.stale = remembered.stale.filter {
      !remembered.forgets($0.key, page: page, identifier: identifier)
    }
    note(.invalidatePage(page, identifier))
  }

  package mutating func invalidate(identifier: UInt64) {
    beforeInvalidation()
    remembered.stale = remembered.stale.filter {
      let root = remembered.place(of: $0.key.table).root
      return remembered.identifiers[root] ?? identifier != identifier
    }
    note(.invalidateIdentifier(identifier))
  }

  package mutating func invalidateKernel(address: UInt64) {
    beforeInvalidation()
    note(.invalidateKernel(address))
  }

  /// DSB before TLBI: else the MMU may read the old entry again after it forgot it.
  private mutating func beforeInvalidation() {
    if remembered.unpublished { violations.append("TLBI before the stores to the tables were ordered") }
    remembered.incomplete = true
  }

  package mutating func completeInvalidation() {
    remembered.incomplete = false
    note(.complete)
  }

  package mutating func activate(translation: UInt64) {
    if remembered.incomplete { violations.append("TTBR0 written while an invalidation was under way") }
    self.translation = translation
    remembered.identifiers[translation >> 12 & 0x7ff_ffff] = translation >> 48
    note(.activate(translation))
  }

  package func kernelRootEntry(_ index: UInt64) -> UInt64 { kernelRoot[Int(index)] }

  package mutating func setKernelRootEntry(_ index: UInt64, to value: UInt64) {
    if kernelRoot[Int(index)] & 1 != 0, value & 1 != 0 {
      violations.append("kernel entry \(index) changed without break")
    }
    kernelRoot[Int(index)] = value
    remembered.unpublished = true
    note(.storeKernelRoot(index, value))
  }

  /// The frame of the entry and the attributes' byte as MAIR names them, or the level at which the walk ended. Of the
  /// kernel's half only the first level is modelled.
  package func probe(_ address: UInt64, asTask: Bool, translation: UInt64, returningTo previous: UInt64) -> UInt64 {
    let fault: UInt64 = 1
    if address >> 63 != 0 {
      return kernelRoot[Int(address >> 30 & 511)] & 1 == 0 || asTask ? fault : address & 0x7f_ffff_f000
    }
    var table = translation & 0xffff_ffff_f000
    for (level, shift) in [(1, 30), (2, 21), (3, 12)] as [(UInt64, UInt64)] {
      let entry = memory(table + (address >> shift & 511) * 8, as: UInt64.self).pointee
      guard entry & 1 != 0 else { return fault | (4 + level) << 1 }
      if level == 3 || entry & 2 == 0 {
        let offset = address & (1 << shift - 1) & ~0xfff
        return entry >> 6 & 1 == 0 && asTask ? fault | (12 + level) << 1 : entry & 0xffff_ffff_f000 | offset
      }
      table = entry & 0xffff_ffff_f000
    }
    return fault
  }

  /// Notes what must hold whenever the kernel returns to a task.
  package mutating func checkAtReturn() {
    if remembered.unpublished { violations.append("return to a task with unordered stores to tables") }
    if remembered.incomplete { violations.append("return to a task with an unfinished invalidation") }
    if !remembered.stale.isEmpty {
      violations.append("return to a task while the MMU remembers \(remembered.stale.count) entries as they were")
    }
  }
}
