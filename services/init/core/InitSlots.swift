internal import ABI

/// Where init keeps its handles.
package enum InitSlots {
  /// The Task handle of an entry (2 and up; init and the memory server before it are not init's to keep).
  static func task(_ index: Int) -> UInt64 { WellKnownSlot.firstFree + UInt64(index - 2) * 2 }
  /// The endpoint of an entry.
  static func endpoint(_ index: Int) -> UInt64 { task(index) + 1 }
  /// To wake the task that holds the timer.
  static var wake: UInt64 { 68 }
  /// A handle on its way to somebody.
  package static var passing: UInt64 { 69 }
  /// Replies to clients that wait for a peer: this slot and the seven behind it.
  static var waiting: UInt64 { 70 }
  /// The region that shows the bundle.
  package static var bundle: UInt64 { 78 }
}
