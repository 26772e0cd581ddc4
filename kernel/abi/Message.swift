/// The registers that a kernel call takes and gives back: x0–x10.
@frozen public struct Message: Equatable, Sendable {
  /// The eight words, x0–x7.
  public var words: InlineArray<8, UInt64>
  /// In: the label, 63 bits. Out: the label, or a status with `Outcome.refused`.
  public var label: UInt64
  /// In: the slot that the call acts on. Out: the badge.
  public var handle: UInt64
  /// In: `Transfer`. Out: the slot in which a handle arrived, or 0.
  public var transfer: UInt64

  /// A message of up to eight words; the others are zero.
  @inlinable public init(
    _ w0: UInt64 = 0, _ w1: UInt64 = 0, _ w2: UInt64 = 0, _ w3: UInt64 = 0, _ w4: UInt64 = 0, _ w5: UInt64 = 0,
    _ w6: UInt64 = 0, _ w7: UInt64 = 0, label: UInt64 = 0, handle: UInt64 = 0, transfer: UInt64 = 0
  ) {
    words = [w0, w1, w2, w3, w4, w5, w6, w7]
    self.label = label
    self.handle = handle
    self.transfer = transfer
  }

  /// One of the eight words.
  @inlinable public subscript(_ index: Int) -> UInt64 {
    get { words[index] }
    set { words[index] = newValue }
  }

  /// The refusal that a kernel call came back with, if it did.
  @inlinable public var refusal: Refusal? {
    guard label & Outcome.refused != 0 else { return nil }
    let status = Status(rawValue: label & ~Outcome.refused) ?? .invalidOperation
    return Refusal(status, words[0], limit: words[1])
  }

  /// Equal in all eleven registers.
  public static func == (a: Message, b: Message) -> Bool {
    for index in 0..<8 where a.words[index] != b.words[index] { return false }
    return a.label == b.label && a.handle == b.handle && a.transfer == b.transfer
  }
}

/// x10 on the way in: which handle goes along, and where an arriving one may land.
@frozen public struct Transfer: Sendable {
  /// Bits 31:0 the slot whose handle is passed (0: none); bits 63:32 an empty slot of the caller's own that
  /// takes a handle which arrives with the next message (0: refuse handles).
  public var raw: UInt64

  /// A transfer word.
  @inlinable public init(pass: UInt32 = 0, receive: UInt32 = 0) {
    raw = UInt64(pass) | UInt64(receive) << 32
  }

  /// Reads a transfer word.
  @inlinable public init(raw: UInt64) { self.raw = raw }

  /// The slot whose handle is passed.
  @inlinable public var pass: UInt64 { raw & 0xffff_ffff }
  /// The slot that takes an arriving handle.
  @inlinable public var receive: UInt64 { raw >> 32 }
}

/// The badge as it arrives.
public enum Badge {
  /// Set when `receive` was woken by the bound notification; the other bits are the notification's.
  public static let notification: UInt64 = 1 << 63
  /// Set when the message is a fault that the kernel reports on behalf of the task that the badge names.
  public static let fault: UInt64 = 1 << 62
  /// The badges that a task may mint.
  public static let mintable: UInt64 = (1 << 62) - 1
}

/// The words of a fault message; the label is the exception class (ESR_EL1.EC).
public enum FaultMessage {
  /// ESR_EL1. Arm ARM D17.2.37.
  public static let syndrome = 0
  /// FAR_EL1: the address, where the class has one.
  public static let address = 1
  /// ELR_EL1: the instruction.
  public static let instruction = 2
  /// SP_EL0.
  public static let stack = 3
  /// x30 of the task: where it was called from.
  public static let link = 4
  /// The slot of the region that the address belongs to, or belonged to before it was gone; 0: none.
  public static let region = 5
  /// Kind and rights of that slot, as in `HandleWord`.
  public static let handle = 6
  /// Its `RegionWord`.
  public static let area = 7
  /// A reply with this label resumes the task; with any other it stays stopped.
  public static let resume: UInt64 = 0

  /// The virtual page of an address. The MMU ignores the top byte of a task's (TCR_EL1.TBI0), and FAR_EL1 holds it. Bit 55
  /// tells the kernel's half, of which no page is a task's.
  @inlinable public static func page(of address: UInt64) -> UInt64 { address >> 12 & (1 << 44 - 1) }
}
