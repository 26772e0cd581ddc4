internal import AArch64
internal import ABI
internal import Machine

/// Where a walk for one page ended.
struct Walk {
  /// Table of level 2, or 0 where the root has none.
  var middle: UInt64 = 0
  /// Table of level 3, or 0 where level 2 has none (a block is none).
  var leaf: UInt64 = 0
  /// The entry at which the walk ended and its level.
  var entry = Descriptor.empty
  var level: UInt64 = 1
}

extension Kernel where M: ~Copyable {
  /// Frame of a task's root table.
  func root(of owner: UInt64) -> UInt64 { task(owner).pointee.translation >> 12 & 0x7ff_ffff }

  /// Walks a task's tables for a page, as the MMU would.
  func walk(_ owner: UInt64, page: UInt64) -> Walk {
    var walk = Walk()
    walk.entry = entry(of: root(of: owner), page: page, level: 1)
    guard walk.entry.isTable(level: 1) else { return walk }
    walk.middle = walk.entry.frame
    walk.level = 2
    walk.entry = entry(of: walk.middle, page: page, level: 2)
    guard walk.entry.isTable(level: 2) else { return walk }
    walk.leaf = walk.entry.frame
    walk.level = 3
    walk.entry = entry(of: walk.leaf, page: page, level: 3)
    return walk
  }

  @inline(__always) func entry(of table: UInt64, page: UInt64, level: UInt64) -> Descriptor {
    Descriptor(raw: machine.descriptor(table: table, index: TableGeometry.index(page: page, level: level)))
  }

  /// Entries of whatever level that one call passes over.
  private var visits: UInt64 { 512 }

  /// The first page of a range that is mapped, with other rights than these where rights are given, and the walk to it.
  /// What a table that is absent would hold is passed over at one visit; where the visits are used up, an interrupt waits
  /// or there is no such page, the walk's entry is empty.
  func firstMapped(
    _ owner: UInt64, _ range: FrameRange, except rights: Rights.Memory? = nil
  ) -> (page: UInt64, walk: Walk) {
    var page = range.first
    var visited: UInt64 = 0
    while page < range.end, visited < visits, visited == 0 || !machine.interruptIsPending() {
      var walk = walk(owner, page: page)
      if walk.level == 3 {
        // As far as the next look for an interrupt.
        let end = min(range.end, min(page | (pagesBetweenLooks - 1) + 1, page &+ visits &- visited))
        let found = firstEntry(walk.leaf, FrameRange(page, end), except: rights)
        if found < end {
          walk.entry = entry(of: walk.leaf, page: found, level: 3)
          return (found, walk)
        }
        visited += end - page
        page = end
      } else {
        if walk.entry.isValid, walk.entry.rights != rights { return (page, walk) }
        page = page | (TableGeometry.frames(level: walk.level) - 1) + 1
        visited += 1
      }
    }
    return (min(page, range.end), Walk())
  }

  /// The end of a range of pages without those at its end that are not mapped. What a table that is absent would hold is
  /// passed over at one visit; where the visits are used up or an interrupt waits, it is where the call stopped.
  func emptyEnd(_ owner: UInt64, _ range: FrameRange) -> UInt64 {
    var end = range.end
    var visited: UInt64 = 0
    while end > range.first, visited < visits, visited == 0 || !machine.interruptIsPending() {
      let walk = walk(owner, page: end - 1)
      guard !walk.entry.isValid else { return end }
      end = max(range.first, (end - 1) & ~(TableGeometry.frames(level: walk.level) - 1))
      visited += 1
    }
    return end
  }

  /// Entries of a leaf table that a loop goes through before it looks whether an interrupt waits.
  var pagesBetweenLooks: UInt64 { 64 }

  /// The first page of a range in a leaf table that is mapped and has other rights; the range's end where none is.
  private func firstEntry(_ leaf: UInt64, _ range: FrameRange, except rights: Rights.Memory?) -> UInt64 {
    let model = Descriptor.page(frame: 0, rights: rights ?? Rights.Memory(rawValue: 1), kind: .normal)
    let isAny = rights == nil
    var page = range.first
    while page < range.end {
      let found = entry(of: leaf, page: page, level: 3)
      if found.isValid, isAny || !found.hasPermissions(of: model) { return page }
      page &+= 1
    }
    return page
  }

  /// Refuses a range that holds a part of the block at which a walk for its first page ended.
  func checkWhole(_ walk: Walk, _ range: FrameRange) throws(Refusal) {
    guard walk.level != 2 || range.count == 512 || !walk.entry.isValid else {
      throw Refusal(.unaligned, range.first, limit: 512)
    }
  }

  /// Puts a table on a free frame into an empty entry of its parent: cleared, in the ledger, then linked.
  mutating func grow(_ owner: UInt64, _ frame: UInt64, level: UInt64, parent: UInt64, page: UInt64) {
    machine.clear(frame: frame)
    let index = TableGeometry.index(page: page, level: level - 1)
    ledger(frame).pointee = .table(level: level, used: 0, parent: parent, entry: index)
    // The table's own stores must be visible before the entry that leads the MMU to it.
    machine.publishTables()
    machine.setDescriptor(table: parent, index: index, to: Descriptor.table(frame: frame).raw)
    ledger(parent).pointee = ledger(parent).pointee.using(1)
    task(owner).pointee.tables += 1
    task(owner).pointee.used += 1
  }

  /// Takes an empty table out of its parent. The MMU must forget it before the frame is freed.
  mutating func prune(_ owner: UInt64, _ frame: UInt64) {
    let word = ledger(frame).pointee
    machine.setDescriptor(table: word.parent, index: word.entry, to: Descriptor.empty.raw)
    ledger(word.parent).pointee = ledger(word.parent).pointee.using(-1)
    task(owner).pointee.tables -= 1
    task(owner).pointee.used -= 1
    task(owner).pointee.forgetLeaf(frame)
  }
}

extension Task {
  /// Remembers the leaf table of a page.
  @inline(__always) mutating func noteLeaf(_ frame: UInt64, _ page: UInt64) {
    leafNumber = page >> 9
    leaf = frame
  }

  /// A table goes.
  mutating func forgetLeaf(_ frame: UInt64) {
    if leaf == frame { leafNumber = .max }
  }
}
