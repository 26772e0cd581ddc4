/// The frames that the server holds back so that it can always grow: exactly two.
///
/// Claiming a section takes at most one table for the kernel's own map and one for the ledger's view; the
/// section's index is paid by the section, and the reserve is filled again from it before that.
struct Reserve {
  /// How many frames are held when the reserve is full.
  static var capacity: Int { 2 }
  /// How many are held by this one.
  let wanted: Int
  private var frames: InlineArray<2, UInt64> = [0, 0]
  /// How many are held.
  private(set) var count = 0

  /// A reserve without frames.
  init(wanted: Int = Reserve.capacity) { self.wanted = wanted }

  /// Whether another one is wanted.
  var isShort: Bool { count < wanted }
  /// Frame `index`, or 0 where there are fewer.
  subscript(_ index: Int) -> UInt64 { index < count ? frames[index] : 0 }

  /// Takes a frame in.
  mutating func add(_ frame: UInt64) {
    frames[count] = frame
    count += 1
  }

  /// Forgets a frame that was used.
  mutating func remove(_ frame: UInt64) {
    for index in 0..<count where frames[index] == frame {
      count -= 1
      frames[index] = frames[count]
      return
    }
  }

  /// Whether a frame is among them.
  func holds(_ frame: UInt64) -> Bool {
    for index in 0..<count where frames[index] == frame { return true }
    return false
  }
}
