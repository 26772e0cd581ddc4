internal import ABI

/// What the comparison of a section's index with the ledger found.
@frozen public struct SectionFindings: Equatable, Sendable {
  /// Bytes that were not what the ledger calls for, and are now. A wrong count of all free frames counts as one.
  public var differing = 0
  /// Frames that were free by the index.
  public var freeByIndex = 0
  /// Frames that are free by the ledger.
  public var freeByLedger = 0

  /// Nothing found.
  @inlinable public init() {}
}

extension BuddyIndex where Storage: ~Copyable {
  /// Compares the bytes of a section with those that the ledger calls for, and puts them right where they differ: as if
  /// the section had been dropped and loaded again, but without a moment in which it is not there.
  ///
  /// Sections verified one after the other from 0 on make up the whole index: with a section come the nodes over the
  /// sections that end with it, and with the last one the count of all free frames.
  ///
  /// - Parameters:
  ///   - frames: the section's RAM.
  ///   - base: absolute number of the first section's first frame.
  ///   - isHeld: whether a frame that the ledger calls free is not the index's to give out.
  public mutating func verify<View: LedgerView & ~Copyable>(
    section: Int, _ frames: FrameRun, base: UInt64, from view: borrowing View, except isHeld: (UInt64) -> Bool
  ) -> SectionFindings {
    var findings = SectionFindings()
    lowest = 0
    findings.freeByIndex = freeFrames(of: section, below: SectionTree.root, height: SectionTree.topOrder)
    let root = rebuild(section, SectionTree.root, SectionTree.topOrder, &findings) { offset in
      let frame = section &<< SectionTree.topOrder + offset
      let absolute = base + UInt64(frame)
      return frame >= frames.first && frame < frames.end && view.word(absolute).isFree && !isHeld(absolute)
    }
    let rootDiffered = write(root, section, SectionTree.root, &findings)
    verifyTop(section, all: rootDiffered, &findings)
    if section == sections - 1 { recount(&findings) }
    return findings
  }

  /// Writes what is below a node; returns the node's own byte.
  private mutating func rebuild(
    _ section: Int, _ node: Int, _ height: Int, _ findings: inout SectionFindings, isFree: (Int) -> Bool
  ) -> UInt8 {
    if height == 0 {
      guard isFree(node - 1 &<< SectionTree.topOrder) else { return 0 }
      findings.freeByLedger += 1
      return SectionTree.whole(0)
    }
    let left = rebuild(section, 2 * node, height - 1, &findings, isFree: isFree)
    let right = rebuild(section, 2 * node + 1, height - 1, &findings, isFree: isFree)
    let merges = left == right && left == SectionTree.whole(height - 1)
    write(merges ? 0 : left, section, 2 * node, &findings)
    write(merges ? 0 : right, section, 2 * node + 1, &findings)
    return merges ? SectionTree.whole(height) : max(left, right)
  }

  /// Writes a byte where it differs; returns whether it did.
  @discardableResult
  private mutating func write(_ byte: UInt8, _ section: Int, _ node: Int, _ findings: inout SectionFindings) -> Bool {
    guard storage[section: section, node: node] != byte else { return false }
    storage[section: section, node: node] = byte
    findings.differing += 1
    return true
  }

  /// Compares the nodes over the sections that end with this one, whose halves are right by now; `all` also those that
  /// reach further, because a part of what they were made of was wrong.
  private mutating func verifyTop(_ section: Int, all: Bool, _ findings: inout SectionFindings) {
    if section == 0 { write(0, 0, 0, &findings) }
    for order in stride(from: 1, through: topTreeOrder, by: 1) {
      let first = (section &>> order) &<< order
      let middle = first + 1 &<< (order - 1)
      guard middle < sections, all || section == min(first + 1 &<< order, sections) - 1 else { continue }
      write(topByte(first: first, order: order), middle, 0, &findings)
    }
  }

  /// Counts all free frames anew.
  private mutating func recount(_ findings: inout SectionFindings) {
    var count = 0
    for section in 0..<sections {
      count += freeFrames(of: section, below: SectionTree.root, height: SectionTree.topOrder)
    }
    if setFreeFrames(count) { findings.differing += 1 }
  }

  /// Frames that a section's bytes call free, from a node down.
  private func freeFrames(of section: Int, below node: Int, height: Int) -> Int {
    let byte = storage[section: section, node: node]
    if byte == 0 { return 0 }
    if byte == SectionTree.whole(height) { return 1 &<< height }
    guard height > 0 else { return 0 }
    return freeFrames(of: section, below: 2 * node, height: height - 1)
      + freeFrames(of: section, below: 2 * node + 1, height: height - 1)
  }
}
