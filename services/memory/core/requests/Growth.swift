internal import ABI

/// Another length of a region, as `resize` asks for it.
struct Resized {
  var slot: UInt64
  /// Pages that the region has before the request.
  var from: UInt64
  /// Pages that it is to have.
  var to: UInt64
}

/// The pages that a region gets, in the order in which they come. Those under the leaf table that it ends in come last: a
/// block that they complete holds pages that were there before, and has to stay.
struct Growth {
  /// The region's first page.
  var page: UInt64
  private var from: UInt64
  private var to: UInt64
  /// Where that leaf table ends, or the region; from its first page on.
  var middle: UInt64

  init(page: UInt64, _ wanted: Resized) {
    (self.page, from, to) = (page, wanted.from, wanted.to)
    middle = min(to, (page + from + Geometry.blockFrames - 1) & ~(Geometry.blockFrames - 1) - page)
  }

  /// Pages in all.
  var count: UInt64 { to - from }

  /// The pages that come last, where the first of them did not come yet and lies under a table that is there.
  func last(_ done: UInt64) -> Range<UInt64>? {
    done <= to - middle && from < middle ? page + from..<page + middle : nil
  }

  /// The page that comes after `done` others, and where its part ends; both from the region's first page on.
  func place(_ done: UInt64) -> (first: UInt64, end: UInt64) {
    let behind = to - middle
    return done < behind ? (middle + done, to) : (from + done - behind, middle)
  }
}
