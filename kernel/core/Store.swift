package import Machine

/// The kernel's tables that are too large to be handled as values: one static block of the image, reached
/// through a reference, so that reading an element never copies the whole.
public struct Store: BitwiseCopyable {
  /// First thread of each ready queue.
  package var ready: InlineArray<64, UInt64> = .init(repeating: 0)
  /// Frames that are never given out: image, device tree, what the tree reserves.
  var reserved: InlineArray<20, FrameRange> = .init(repeating: FrameRange(0, 0))
  /// Address-space identifiers in use, a bit each.
  var identifiers: InlineArray<64, UInt64> = .init(repeating: 0)
  /// Sections that were claimed: a bit for each of the 32 of a GiB.
  var claimed: InlineArray<512, UInt32> = .init(repeating: 0)
  /// The objects of the interrupts, by INTID: physical address >> 7. The ITS is withheld, so 1,020 suffice.
  var interrupts: InlineArray<1020, UInt32> = .init(repeating: 0)
  /// RAM that was added after boot, upwards.
  var added: InlineArray<8, FrameRange> = .init(repeating: FrameRange(0, 0))
  /// GiBs in which a device range was made, a bit each.
  var deviceGigabytes: InlineArray<8, UInt64> = .init(repeating: 0)
  /// What the memory server is started anew with.
  package var server = ServerImage()

  /// Bytes that the image keeps for it.
  public static var bytes: Int { 8192 }
}

extension Kernel where M: ~Copyable {
  /// The static tables.
  @inline(__always) package var store: Reference<Store> { machine.memory(storeAddress, as: Store.self) }

  /// Names the address of the static tables, which are zero: `Store.bytes`, 8-byte aligned. Boot's first
  /// step.
  public mutating func openStore(address: UInt64) { storeAddress = address }

  /// Keeps frames back for good. False when the list is full.
  public mutating func reserve(_ range: FrameRange) -> Bool {
    guard ram.reservedCount < 20 else { return false }
    store.pointee.reserved[ram.reservedCount] = range
    ram.reservedCount += 1
    return true
  }

  /// Whether the section of a frame was claimed, so that the frame has a ledger word.
  @inline(__always) package func isClaimed(_ frame: UInt64) -> Bool {
    let gigabyte = frame >> 18
    return gigabyte < 512
      && store.pointee.claimed[Int(truncatingIfNeeded: gigabyte)] >> UInt32(truncatingIfNeeded: frame >> 13 & 31) & 1
        != 0
  }

  func setClaimed(section: UInt64) {
    store.pointee.claimed[Int(truncatingIfNeeded: section >> 5 & 511)] |= 1 &<< UInt32(truncatingIfNeeded: section & 31)
  }

  /// Whether a GiB had a section claimed before.
  func isOpen(gigabyte: UInt64) -> Bool { store.pointee.claimed[Int(truncatingIfNeeded: gigabyte & 511)] != 0 }

  /// Physical address of an interrupt's object, which has no room for more; `strayInterrupt`; or 0.
  @inline(__always) func interruptHolder(_ number: UInt64) -> UInt64 {
    UInt64(store.pointee.interrupts[Int(truncatingIfNeeded: number)]) << 7
  }

  func setInterruptHolder(_ number: UInt64, _ object: UInt64) {
    store.pointee.interrupts[Int(truncatingIfNeeded: number)] = UInt32(truncatingIfNeeded: object >> 7)
  }
}
