import Registers

/// A PL011 as a device: FIFOs of 16, levels, masks and a line that is held back while the FIFO is full.
///
/// The transmit FIFO is emptied by `shift`; what was sent is kept in `sent`.
final class ModelPL011: RegisterAccess {
  let length = 0x1000
  private var receiveFIFO: [UInt8] = []
  private var transmitFIFO: [UInt8] = []
  private var transmitRaised = false
  private var mask: UInt32 = 0
  private var lineControl: UInt32 = 0
  private(set) var sent: [UInt8] = []
  /// What the far end has still to send.
  var incoming: ArraySlice<UInt8> = []
  /// Bytes that found the FIFO full; a sender that is held back loses none.
  private(set) var lost = 0

  /// Whether the interrupt line is high.
  var isRaised: Bool { raw & mask != 0 }

  private var raw: UInt32 { (receiveFIFO.isEmpty ? 0 : 0x50) | (transmitRaised ? 0x20 : 0) }

  /// Lets up to `count` bytes in, as far as there is room.
  func deliver(_ count: Int) {
    for _ in 0..<count where receiveFIFO.count < 16 {
      guard let byte = incoming.popFirst() else { return }
      receiveFIFO.append(byte)
    }
  }

  /// Sends up to `count` bytes, and raises the transmit interrupt when the FIFO falls to its level.
  func shift(_ count: Int) {
    for _ in 0..<count {
      guard !transmitFIFO.isEmpty else { return }
      sent.append(transmitFIFO.removeFirst())
      if transmitFIFO.count == 2 { transmitRaised = true }
    }
  }

  func load32(at offset: Int) -> UInt32 {
    switch offset {
    case 0x00: return receiveFIFO.isEmpty ? 0 : UInt32(receiveFIFO.removeFirst())
    case 0x18: return (receiveFIFO.isEmpty ? 0x10 : 0) | (transmitFIFO.count >= 16 ? 0x20 : 0)
    case 0x2c: return lineControl
    case 0x40: return raw & mask
    default: return 0
    }
  }

  func store32(_ value: UInt32, at offset: Int) {
    switch offset {
    case 0x00:
      guard transmitFIFO.count < 16 else { return lost += 1 }
      transmitFIFO.append(UInt8(truncatingIfNeeded: value))
      if transmitFIFO.count > 2 { transmitRaised = false }
    case 0x2c: lineControl = value
    case 0x38: mask = value
    default: break
    }
  }

  func load8(at offset: Int) -> UInt8 { fatalError("the PL011 has no byte registers") }
  func load64(at offset: Int) -> UInt64 { fatalError("the PL011 has no 64-bit registers") }
  func store8(_ value: UInt8, at offset: Int) { fatalError("the PL011 has no byte registers") }
  func store64(_ value: UInt64, at offset: Int) { fatalError("the PL011 has no 64-bit registers") }
}

/// A repeatable source of numbers (SplitMix64).
struct Seeded: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
