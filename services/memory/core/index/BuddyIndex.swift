import ABI

/// The memory server's index of free frames: a buddy tree for each section and a tree over the sections.
///
/// Everything here is a hint that the kernel rechecks; the truth is the ledger. Frames are counted from the
/// first section. Whatever is asked, the lowest address that fits is taken, so the same requests always get
/// the same frames. All steps are O(log n) in the number of frames.
///
/// The tree over the sections needs no memory of its own: the node over sections [a, a + 2ᵏ) is byte 0, which
/// the section's own tree leaves free, of section a + 2ᵏ⁻¹; each section lends its byte to exactly one node.
@frozen public struct BuddyIndex<Storage: IndexStorage & ~Copyable>: ~Copyable {
  /// The bytes.
  public var storage: Storage
  /// Sections that take part: always the first ones.
  public private(set) var sections = 0
  /// Frames that are free.
  public private(set) var freeFrames = 0
  /// No frame before this one is free: where single ones are looked for. What is right always, if slow, is 0.
  var lowest = 0

  /// An index without sections.
  public init(storage: consuming Storage) { self.storage = storage }

  /// Adds the next section, all of it in use. Its bytes must read as zeros.
  public mutating func addSection() {
    sections += 1
    settleTop(sections - 1)
  }

  /// Makes the bytes of a section that does not take part read as zeros.
  mutating func clear(section: Int) { storage.clear(section: section) }

  /// Corrects the count of free frames; returns whether it was wrong.
  mutating func setFreeFrames(_ count: Int) -> Bool {
    lowest = 0
    defer { freeFrames = count }
    return freeFrames != count
  }

  /// Forgets the sections; what the storage holds is the caller's affair.
  mutating func reset() {
    sections = 0
    freeFrames = 0
    lowest = 0
  }

  /// Takes the lowest free run of 2^`order` frames that is aligned to its length; nil where there is none.
  public mutating func allocate(order: Int) -> Int? {
    guard order > 0 else { return order == 0 ? allocateFrame() : nil }
    guard order <= SectionTree.topOrder, let section = lowestSection(SectionTree.whole(order)) else { return nil }
    return takeLowest(order, section, SectionTree.root, SectionTree.topOrder)
  }

  /// Takes the lowest free frame; nil where there is none. Mostly it is near the one that was taken before.
  public mutating func allocateFrame() -> Int? {
    var section = lowest &>> SectionTree.topOrder
    if section < sections {
      var node = SectionTree.node(offset: lowest & (1 &<< SectionTree.topOrder &- 1), order: 0)
      var height = 0
      var byte = storage[section: section, node: node]
      while byte == 0, node != SectionTree.root {
        node &>>= 1
        height &+= 1
        byte = storage[section: section, node: node]
      }
      if byte != 0 {
        lowest = takeLowest(0, section, node, height) &+ 1
        return lowest &- 1
      }
    }
    guard let lowestSection = lowestSection(SectionTree.whole(0)) else { return nil }
    section = lowestSection
    lowest = takeLowest(0, section, SectionTree.root, SectionTree.topOrder) &+ 1
    return lowest &- 1
  }

  /// Takes the lowest run of an order at or below a node that has one.
  @inline(__always)
  private mutating func takeLowest(_ order: Int, _ section: Int, _ node: Int, _ height: Int) -> Int {
    let wanted = SectionTree.whole(order)
    var (node, height) = (node, height)
    var byte = storage[section: section, node: node]
    while byte != SectionTree.whole(height) {
      node = 2 &* node
      height &-= 1
      byte = storage[section: section, node: node]
      if byte < wanted {
        node |= 1
        byte = storage[section: section, node: node]
      }
    }
    // It is free as a whole: of each half that is taken apart further the other one stays.
    let (whole, wholeHeight) = (node, height)
    storage[section: section, node: node] = UInt8(truncatingIfNeeded: height)
    while height > order {
      node = 2 &* node
      height &-= 1
      storage[section: section, node: node | 1] = SectionTree.whole(height)
      storage[section: section, node: node] = UInt8(truncatingIfNeeded: height)
    }
    storage[section: section, node: node] = 0
    freeFrames &-= 1 &<< order
    lower(section, whole, wholeHeight > order ? UInt8(truncatingIfNeeded: wholeHeight) : 0)
    return section &<< SectionTree.topOrder &+ node &<< order &- 1 &<< SectionTree.topOrder
  }

  /// Takes up to `count` frames that lie together, `count` at most 512: all of them where some aligned run is
  /// long enough, else the longest aligned run there is. Nil when nothing is free.
  ///
  /// With a `phase` (0…15) the first frame is that many behind a multiple of 16, as long as a run is free in which a
  /// whole 16 follows it.
  public mutating func allocateRun(_ count: Int, phase: Int = 0) -> FrameRun? {
    guard count > 0, count <= Int(Geometry.blockFrames), phase >= 0, phase < 16 else { return nil }
    let span = phase + count
    let upper = span == 1 ? 0 : (span - 1).binaryOrder + 1
    for order in stride(from: upper, through: 0, by: -1) {
      let skipped = 1 &<< order >= phase + 16 || order == upper ? phase : 0
      guard let first = allocate(order: order) else { continue }
      let taken = min(count, 1 &<< order - skipped)
      release(FrameRun(first: first, count: skipped))
      release(FrameRun(first: first + skipped + taken, count: 1 &<< order - skipped - taken))
      return FrameRun(first: first + skipped, count: taken)
    }
    return nil
  }

  /// The largest order of which a run is free; nil when nothing is.
  public var largestFreeOrder: Int? {
    let byte = top(first: 0, order: topTreeOrder)
    return byte == 0 ? nil : Int(byte) - 1
  }
}

// MARK: - Giving back and marking

extension BuddyIndex where Storage: ~Copyable {
  /// Gives back any run of frames; aligned pieces merge with their neighbours. Returns false, with nothing
  /// changed, where a part of it is free already or lies outside the sections.
  @discardableResult public mutating func free(_ run: FrameRun) -> Bool {
    guard holds(run), isUsed(run) else { return false }
    release(run)
    return true
  }

  /// Takes exactly these frames. Returns false, with nothing changed, where one of them is not free.
  public mutating func take(_ run: FrameRun) -> Bool {
    guard holds(run), isFree(run) else { return false }
    var rest = run
    while rest.count > 0 {
      let (first, order) = rest.removePiece()
      take(first, order)
    }
    return true
  }

  /// Whether all of the run is free.
  public func isFree(_ run: FrameRun) -> Bool { isUniform(run, isFree: true) }
  /// Whether none of the run is free.
  public func isUsed(_ run: FrameRun) -> Bool { isUniform(run, isFree: false) }

  func holds(_ run: FrameRun) -> Bool {
    run.first >= 0 && run.count > 0 && run.count <= sections &<< SectionTree.topOrder - run.first
  }

  private func isUniform(_ run: FrameRun, isFree: Bool) -> Bool {
    guard holds(run) else { return false }
    var rest = run
    while rest.count > 0 {
      let (first, order) = rest.removePiece()
      guard self.isFree(first, order) == isFree else { return false }
    }
    return true
  }

  /// Whether an aligned piece is wholly free (true), wholly used (false) or neither (nil). Where its own byte does not
  /// tell, the next above that says something does: below what is free as a whole all say nothing.
  private func isFree(_ first: Int, _ order: Int) -> Bool? {
    let section = first &>> SectionTree.topOrder
    var node = SectionTree.node(offset: first & (1 &<< SectionTree.topOrder &- 1), order: order)
    var height = order
    var byte = storage[section: section, node: node]
    if byte != 0 { return byte == SectionTree.whole(height) ? true : nil }
    while byte == 0, node != SectionTree.root {
      node &>>= 1
      height &+= 1
      byte = storage[section: section, node: node]
    }
    return byte == SectionTree.whole(height)
  }

  /// Frees a run that is wholly used.
  private mutating func release(_ run: FrameRun) {
    if run.count > 0 { lowest = min(lowest, run.first) }
    var rest = run
    while rest.count > 0 {
      let (first, order) = rest.removePiece()
      freeFrames &+= 1 &<< order
      let section = first &>> SectionTree.topOrder
      raise(section, SectionTree.node(offset: first & (1 &<< SectionTree.topOrder &- 1), order: order), order)
    }
  }
}

// MARK: - One path of one tree

extension BuddyIndex where Storage: ~Copyable {
  /// Takes an aligned piece that is free as a whole, alone or as a part of a larger one.
  private mutating func take(_ first: Int, _ order: Int) {
    let section = first &>> SectionTree.topOrder
    let offset = first & (1 &<< SectionTree.topOrder &- 1)
    var height = order
    while storage[section: section, node: SectionTree.node(offset: offset, order: height)] == 0 { height &+= 1 }
    let (whole, wholeHeight) = (SectionTree.node(offset: offset, order: height), height)
    while height > order {
      let above = SectionTree.node(offset: offset, order: height)
      storage[section: section, node: above] = UInt8(truncatingIfNeeded: height)
      height &-= 1
      storage[section: section, node: SectionTree.node(offset: offset, order: height) ^ 1] = SectionTree.whole(height)
    }
    storage[section: section, node: SectionTree.node(offset: offset, order: order)] = 0
    freeFrames &-= 1 &<< order
    lower(section, whole, wholeHeight > order ? UInt8(truncatingIfNeeded: wholeHeight) : 0)
  }

  /// What follows above a node whose byte got lower, up to one that says what it said before: so do all above it.
  private mutating func lower(_ section: Int, _ node: Int, _ byte: UInt8) {
    var (node, byte) = (node, byte)
    while node != SectionTree.root {
      byte = max(byte, storage[section: section, node: node ^ 1])
      node &>>= 1
      if storage[section: section, node: node] == byte { return }
      storage[section: section, node: node] = byte
    }
    settleTop(section)
  }

  /// Says that the run of a node is free as a whole, of which all was used, and what follows above: halves that are both
  /// free become one, and above these each is as large at least.
  private mutating func raise(_ section: Int, _ node: Int, _ order: Int) {
    var (node, byte) = (node, SectionTree.whole(order))
    while node != SectionTree.root, storage[section: section, node: node ^ 1] == byte {
      storage[section: section, node: node] = 0
      storage[section: section, node: node ^ 1] = 0
      node &>>= 1
      byte &+= 1
    }
    storage[section: section, node: node] = byte
    while node != SectionTree.root {
      node &>>= 1
      if storage[section: section, node: node] >= byte { return }
      storage[section: section, node: node] = byte
    }
    settleTop(section)
  }
}

// MARK: - The tree over the sections

extension BuddyIndex where Storage: ~Copyable {
  /// Order of the tree over the sections: the smallest k with 2ᵏ ≥ sections.
  var topTreeOrder: Int { sections <= 1 ? 0 : (sections - 1).binaryOrder + 1 }

  /// The largest byte of sections [first, first + 2^order).
  private func top(first: Int, order: Int) -> UInt8 {
    var order = order
    // A node whose section is not there yet says what its lower half says.
    while order > 0, first + 1 &<< (order - 1) >= sections { order -= 1 }
    guard first < sections else { return 0 }
    guard order > 0 else { return storage[section: first, node: SectionTree.root] }
    return storage[section: first + 1 &<< (order - 1), node: 0]
  }

  /// The lowest section that has a run whose byte is at least `wanted`.
  private func lowestSection(_ wanted: UInt8) -> Int? {
    var first = 0
    var order = topTreeOrder
    guard top(first: first, order: order) >= wanted else { return nil }
    while order > 0 {
      order -= 1
      if top(first: first, order: order) < wanted { first += 1 &<< order }
    }
    return first
  }

  /// Recomputes the nodes over `section`.
  private mutating func settleTop(_ section: Int) {
    for order in stride(from: 1, through: topTreeOrder, by: 1) {
      let first = (section &>> order) &<< order
      let middle = first + 1 &<< (order - 1)
      guard middle < sections else { continue }
      storage[section: middle, node: 0] = topByte(first: first, order: order)
    }
  }

  /// The byte of the node over sections [first, first + 2^order), made of its halves; the upper one is there.
  func topByte(first: Int, order: Int) -> UInt8 {
    max(top(first: first, order: order - 1), top(first: first + 1 &<< (order - 1), order: order - 1))
  }
}
