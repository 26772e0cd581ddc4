import Machine

/// What an MMU may remember: it may have read any valid entry at any time, and keeps it until it is told to
/// forget and has finished doing so. Arm ARM D8.13, D8.14.
struct TranslationMemory {
  /// Entries that were valid once: (table frame, index) and the value.
  struct Entry: Hashable {
    var table: UInt64
    var index: UInt64
  }
  /// Entries whose removal the MMU has not yet been told of.
  var stale: [Entry: UInt64] = [:]
  /// Whether a store to a table has not been ordered yet.
  var unpublished = false
  /// Whether an invalidation has not been completed yet.
  var incomplete = false
}

extension Simulated {
  public func descriptor(table frame: UInt64, index: UInt64) -> UInt64 {
    memory(frame << 12 + index * 8, as: UInt64.self).pointee
  }

  public mutating func setDescriptor(table frame: UInt64, index: UInt64, to value: UInt64) {
    precondition(index < 512, "entry \(index) outside a table of 512")
    let entry = memory(frame << 12 + index * 8, as: UInt64.self)
    let key = TranslationMemory.Entry(table: frame, index: index)
    check(key, from: entry.pointee, to: value)
    if entry.pointee & 1 != 0, value & 1 == 0 { remembered.stale[key] = entry.pointee }
    entry.pointee = value
    remembered.unpublished = true
    note(.store(frame, index, value))
  }

  /// Break before make: a valid entry is emptied, forgotten and only then filled again. Arm ARM D8.14.1.
  private mutating func check(_ key: TranslationMemory.Entry, from old: UInt64, to value: UInt64) {
    guard value & 1 != 0 else { return }
    if old & 1 != 0, old != value { violations.append("entry \(key.index) of table \(key.table) changed without break") }
    if let before = remembered.stale[key], before != value {
      violations.append("entry \(key.index) of table \(key.table) made again before the MMU forgot it")
    }
  }

  public mutating func publishTables() {
    remembered.unpublished = false
    note(.publish)
  }

  public mutating func invalidate(page: UInt64, identifier: UInt64) {
    beforeInvalidation()
    remembered.stale = remembered.stale.filter { $0.key.index != page & 511 && $0.key.index != page >> 9 & 511 && $0.key.index != page >> 18 & 511 }
    note(.invalidatePage(page, identifier))
  }

  public mutating func invalidate(identifier: UInt64) {
    beforeInvalidation()
    remembered.stale.removeAll()
    note(.invalidateIdentifier(identifier))
  }

  public mutating func invalidateKernel(address: UInt64) {
    beforeInvalidation()
    note(.invalidateKernel(address))
  }

  /// DSB before TLBI: else the MMU may read the old entry again after it forgot it.
  private mutating func beforeInvalidation() {
    if remembered.unpublished { violations.append("TLBI before the stores to the tables were ordered") }
    remembered.incomplete = true
  }

  public mutating func completeInvalidation() {
    remembered.incomplete = false
    note(.complete)
  }

  public mutating func activate(translation: UInt64) {
    if remembered.incomplete { violations.append("TTBR0 written while an invalidation was under way") }
    self.translation = translation
    note(.activate(translation))
  }

  public func kernelRootEntry(_ index: UInt64) -> UInt64 { kernelRoot[Int(index)] }

  public mutating func setKernelRootEntry(_ index: UInt64, to value: UInt64) {
    if kernelRoot[Int(index)] & 1 != 0, value & 1 != 0 { violations.append("kernel entry \(index) changed without break") }
    kernelRoot[Int(index)] = value
    remembered.unpublished = true
    note(.storeKernelRoot(index, value))
  }

  /// Notes what must hold whenever the kernel returns to a task.
  public mutating func checkAtReturn() {
    if remembered.unpublished { violations.append("return to a task with unordered stores to tables") }
    if remembered.incomplete { violations.append("return to a task with an unfinished invalidation") }
    if !remembered.stale.isEmpty { violations.append("return to a task while the MMU remembers \(remembered.stale.count) removed entries") }
  }
}
