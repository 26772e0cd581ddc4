extension BuddyIndex where Storage: ~Copyable {
  /// How many aligned runs of 2^`order` frames are free as a whole. It asks each section for at most two bytes for each
  /// run of that length which a section has; what is free or used as a whole is not looked into.
  public mutating func freeRuns(order: Int) -> Int {
    var count = 0
    for section in 0..<sections { count += freeRuns(order, section, SectionTree.root, SectionTree.topOrder) }
    return count
  }

  private func freeRuns(_ order: Int, _ section: Int, _ node: Int, _ height: Int) -> Int {
    let byte = storage[section: section, node: node]
    if byte < SectionTree.whole(order) { return 0 }
    if byte == SectionTree.whole(height) { return 1 &<< (height - order) }
    return freeRuns(order, section, 2 * node, height - 1) + freeRuns(order, section, 2 * node + 1, height - 1)
  }
}
