/// Random numbers that are the same each time, so that a failure can be repeated: SplitMix64 (Steele and others).
package struct Seeded: RandomNumberGenerator {
  private var state: UInt64

  /// The sequence that begins with `state`.
  package init(state: UInt64) { self.state = state }

  /// The next number.
  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z >> 31
  }

  /// The next number, modulo `bound`.
  package mutating func next(below bound: UInt64) -> UInt64 { next() % bound }

  /// One of the values.
  package mutating func pick<T>(_ values: [T]) -> T { values[Int(next(below: UInt64(values.count)))] }
}
