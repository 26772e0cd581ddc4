extension BuddyIndex where Storage: ~Copyable {
  /// The lowest run of `count` frames that is free, starts at a multiple of `alignment`, a power of two, and lies in
  /// `bounds`: found wherever it is, and whatever lies around it. Nothing is taken.
  ///
  /// Such a run holds an aligned power of two of at least a quarter of its length. Where one of those is free it is asked
  /// how far it is free around it; so the search looks at no more places than there are such pieces apart from one
  /// another, and at each reads as many bytes as the trees are deep, a few times.
  ///
  /// - Parameters:
  ///   - next: from where on; afterwards where the search goes on.
  ///   - budget: how many places may still be looked at. With 0 left, nil says that the search is not done.
  public func lowestRun(
    _ count: Int, alignment: Int, within bounds: Range<Int>, from next: inout Int, _ budget: inout Int
  ) -> Int? {
    guard count > 0, alignment > 0 else { return nil }
    let order = Self.leastOrder(count, alignment)
    next = max(next, bounds.lowerBound)
    while budget > 0, next < bounds.upperBound {
      guard let piece = lowestPiece(order, from: next, to: bounds.upperBound) else {
        next = bounds.upperBound
        return nil
      }
      budget -= 1
      let start = startOfFree(piece, downTo: bounds.lowerBound)
      let first = (start + alignment - 1) & ~(alignment - 1)
      let end = endOfFree(piece, upTo: min(first + count, bounds.upperBound))
      if end == first + count { return first }
      next = end
    }
    return nil
  }

  /// The largest order of which every run of `count` frames, so aligned, holds an aligned piece: it starts with one as far
  /// as it is aligned, and 2ⁿ⁺¹ − 1 frames hold one of 2ⁿ wherever they lie.
  static func leastOrder(_ count: Int, _ alignment: Int) -> Int {
    let anywhere = (count + 1).binaryOrder - 1
    return min(SectionTree.topOrder, max(anywhere, min(alignment.trailingZeroBitCount, count.binaryOrder)))
  }

  /// The lowest frame of the first free piece of an order, or of a larger one, that ends behind `place`.
  private func lowestPiece(_ order: Int, from place: Int, to end: Int) -> Int? {
    var section = place &>> SectionTree.topOrder
    while section &<< SectionTree.topOrder < end {
      let start = section &<< SectionTree.topOrder
      if let offset = lowestPiece(order, section, SectionTree.root, SectionTree.topOrder, behind: place - start) {
        return start + offset < end ? start + offset : nil
      }
      section += 1
    }
    return nil
  }

  private func lowestPiece(_ order: Int, _ section: Int, _ node: Int, _ height: Int, behind place: Int) -> Int? {
    let byte = storage[section: section, node: node]
    let first = node &<< height - 1 &<< SectionTree.topOrder
    guard byte >= SectionTree.whole(order), first + 1 &<< height > place else { return nil }
    if byte == SectionTree.whole(height) { return first }
    return lowestPiece(order, section, 2 * node, height - 1, behind: place)
      ?? lowestPiece(order, section, 2 * node + 1, height - 1, behind: place)
  }

  /// The first of the frames that are free without a gap up to a free frame.
  private func startOfFree(_ place: Int, downTo bound: Int) -> Int {
    var start = place
    while start > bound, let piece = freePiece(holding: start - 1) { start = piece.first }
    return max(start, bound)
  }

  /// One past the last of the frames that are free without a gap from a free frame on.
  private func endOfFree(_ place: Int, upTo bound: Int) -> Int {
    var end = place
    while end < bound, let piece = freePiece(holding: end) { end = piece.end }
    return min(end, bound)
  }

  /// The largest aligned piece that holds a frame and is free; nil where the frame is not.
  private func freePiece(holding frame: Int) -> FrameRun? {
    let section = frame &>> SectionTree.topOrder
    let offset = frame - section &<< SectionTree.topOrder
    var height = SectionTree.topOrder
    while height >= 0 {
      let byte = storage[section: section, node: SectionTree.node(offset: offset, order: height)]
      if byte == 0 { return nil }
      if byte == SectionTree.whole(height) {
        return FrameRun(first: (frame &>> height) &<< height, count: 1 &<< height)
      }
      height -= 1
    }
    return nil
  }
}
