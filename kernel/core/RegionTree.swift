internal import ABI
internal import Machine

// A task's regions, ordered by their pages: a tree, so that the region of a page and those beside it are found in as many
// steps as the tree is deep. From left to right go the pages, from the root down goes a hash of the first page (a treap):
// so its form follows from the set of regions alone, whatever came and went, and is as balanced as the hash is good. The
// links are slot numbers in the handles' first words.

/// Where the slot of a region is named: in the task's words, or in the handle of the region above it.
struct RegionLink {
  /// Address of the word.
  var word: UInt64
  /// Lowest of the 12 bits.
  var shift: UInt64

  /// The region with the root.
  @inline(__always) static func root(of owner: UInt64) -> RegionLink {
    RegionLink(word: owner &+ Task.regionsOffset, shift: 0)
  }
  /// The regions before the one in a slot.
  @inline(__always) static func before(_ slot: UInt64) -> RegionLink {
    RegionLink(word: slot, shift: HandleWord.beforeShift)
  }
  /// The regions behind it.
  @inline(__always) static func behind(_ slot: UInt64) -> RegionLink {
    RegionLink(word: slot, shift: HandleWord.behindShift)
  }
}

extension Kernel where M: ~Copyable {
  /// The regions between which a page lies: the last one that starts at it or before it, and the first one that starts
  /// behind it. Addresses of their slots; 0: none.
  @inline(__always) func regions(around page: UInt64, of owner: UInt64) -> (before: UInt64, behind: UInt64) {
    var (before, behind): (UInt64, UInt64) = (0, 0)
    var next = task(owner).pointee.regions
    while next != 0 {
      let slot = owner &+ Task.handlesOffset &+ next &* Task.handleBytes
      if handle(slot).pointee.region.page <= page {
        before = slot
        next = handle(slot).pointee.word.behind
      } else {
        behind = slot
        next = handle(slot).pointee.word.before
      }
    }
    return (before, behind)
  }

  /// Puts the region in a slot into the tree of its task.
  @inline(__always) func enterRegion(_ new: UInt64, of owner: UInt64) {
    let handles = owner &+ Task.handlesOffset
    let page = handle(new).pointee.region.page
    var link = RegionLink.root(of: owner)
    var next = slot(at: link)
    while next != 0 {
      let found = handles &+ next &* Task.handleBytes
      let other = handle(found).pointee.region.page
      if rank(other) < rank(page) { break }
      link = page < other ? .before(found) : .behind(found)
      next = slot(at: link)
    }
    set(link, to: (new &- handles) / Task.handleBytes)
    // What was there is divided: those before it and those behind it.
    var (before, behind) = (RegionLink.before(new), RegionLink.behind(new))
    while next != 0 {
      let found = handles &+ next &* Task.handleBytes
      if handle(found).pointee.region.page < page {
        set(before, to: next)
        before = .behind(found)
        next = slot(at: before)
      } else {
        set(behind, to: next)
        behind = .before(found)
        next = slot(at: behind)
      }
    }
    set(before, to: 0)
    set(behind, to: 0)
  }

  /// Takes the region in a slot out of the tree of its task.
  @inline(__always) func leaveRegion(_ old: UInt64, of owner: UInt64) {
    let handles = owner &+ Task.handlesOffset
    let page = handle(old).pointee.region.page
    var link = RegionLink.root(of: owner)
    while true {
      let number = slot(at: link)
      // A task that ends has let go of its tree.
      guard number != 0 else { return }
      let found = handles &+ number &* Task.handleBytes
      if found == old { break }
      link = page < handle(found).pointee.region.page ? .before(found) : .behind(found)
    }
    // Those before it and those behind it become one.
    var (before, behind) = (handle(old).pointee.word.before, handle(old).pointee.word.behind)
    while before != 0, behind != 0 {
      let (left, right) = (handles &+ before &* Task.handleBytes, handles &+ behind &* Task.handleBytes)
      if rank(handle(right).pointee.region.page) < rank(handle(left).pointee.region.page) {
        set(link, to: before)
        link = .behind(left)
        before = slot(at: link)
      } else {
        set(link, to: behind)
        link = .before(right)
        behind = slot(at: link)
      }
    }
    set(link, to: before | behind)
  }

  /// Of two regions the one with the higher rank lies above the other. No two have the same.
  @inline(__always) private func rank(_ page: UInt64) -> UInt64 { page &* 0x9e37_79b9_7f4a_7c15 }

  @inline(__always) private func slot(at link: RegionLink) -> UInt64 {
    machine.memory(link.word, as: UInt64.self).pointee &>> link.shift & HandleWord.linkMask
  }

  @inline(__always) private func set(_ link: RegionLink, to number: UInt64) {
    let word = machine.memory(link.word, as: UInt64.self)
    word.pointee = word.pointee & ~(HandleWord.linkMask &<< link.shift) | number &<< link.shift
  }
}

extension HandleWord {
  static var beforeShift: UInt64 { 40 }
  static var behindShift: UInt64 { 52 }
  /// Slot numbers: a table has at most 88 and 8 × 128 slots.
  static var linkMask: UInt64 { 0xfff }
  /// Of a region the slot of the one that heads those before it in the task's tree, 0: none.
  package var before: UInt64 { raw &>> Self.beforeShift & Self.linkMask }
  /// Of a region the slot of the one that heads those behind it.
  package var behind: UInt64 { raw &>> Self.behindShift }
}
