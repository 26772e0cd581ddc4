internal import ABI

/// RAM as the index counts it: section after section, those of the range that boot uses first, then those of ranges that
/// were added. Between ranges there may be anything; in the index they follow one another.
struct RAMList: ~Copyable {
  /// A range of RAM.
  struct Range: BitwiseCopyable {
    /// Its first section in the index.
    var section = 0
    /// Sections that it has a part of.
    var sections = 0
    /// First frame and one past the last, absolute.
    var first: UInt64 = 0
    var end: UInt64 = 0
    /// What an absolute number is more than the one in the index.
    var base: UInt64 = 0
  }

  /// Ranges at most: as many as the kernel takes, and boot's.
  static var capacity: Int { 9 }
  private var ranges = InlineArray<9, Range>(repeating: Range())
  /// How many there are.
  private(set) var count = 0
  /// Sections of all.
  private(set) var sections = 0
  /// Frames of all.
  private(set) var frames: UInt64 = 0

  /// Adds a range behind those there are.
  mutating func add(first: UInt64, end: UInt64) {
    let start = first & ~(Geometry.sectionFrames - 1)
    let more = Int(truncatingIfNeeded: (end - start + Geometry.sectionFrames - 1) / Geometry.sectionFrames)
    let base = start &- UInt64(sections) &* Geometry.sectionFrames
    ranges[count] = Range(section: sections, sections: more, first: first, end: end, base: base)
    count += 1
    sections += more
    frames += end - first
  }

  /// The range of a section.
  mutating func range(ofSection number: Int) -> Range {
    var index = count - 1
    while index > 0, ranges[index].section > number { index -= 1 }
    return ranges[index]
  }

  /// The absolute number of a section's first frame, whether it is RAM or not.
  mutating func start(ofSection number: Int) -> UInt64 {
    range(ofSection: number).base &+ UInt64(number) &* Geometry.sectionFrames
  }

  /// The absolute number of a frame of the index.
  mutating func frame(_ place: Int) -> UInt64 {
    let range = count == 1 ? ranges[0] : range(ofSection: place &>> SectionTree.topOrder)
    return range.base &+ UInt64(truncatingIfNeeded: place)
  }

  /// The number in the index of a frame; nil where it is no RAM.
  mutating func place(of frame: UInt64) -> Int? {
    for index in 0..<count where frame >= ranges[index].first && frame < ranges[index].end {
      return Int(truncatingIfNeeded: frame &- ranges[index].base)
    }
    return nil
  }

  /// The numbers in the index of those frames of a range that lie below an absolute one, in the first `sections`.
  mutating func places(inRange number: Int, below end: UInt64, sections: Int) -> Swift.Range<Int> {
    let range = ranges[number]
    let first = range.section &<< SectionTree.topOrder
    let claimed = min(range.section + range.sections, sections) &<< SectionTree.topOrder
    guard end > range.first else { return first..<first }
    let last = Int(truncatingIfNeeded: min(range.end, end) &- range.base)
    return first..<max(first, min(claimed, last))
  }

  /// Frames of the sections from `number` on.
  mutating func frames(from number: Int) -> UInt64 {
    guard number < sections else { return 0 }
    let range = range(ofSection: number)
    var left = range.end &- max(range.first, range.base &+ UInt64(number) &* Geometry.sectionFrames)
    for index in 0..<count where ranges[index].section > number { left += ranges[index].end - ranges[index].first }
    return left
  }

  /// The first frame behind all of them.
  mutating func end() -> UInt64 { ranges[count - 1].end }
}
