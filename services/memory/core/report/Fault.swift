internal import ABI

/// A fault as the kernel reported it, decoded. Arm ARM D17.2.37 (ESR_EL1).
struct Fault {
  /// ESR_EL1.
  var syndrome: UInt64
  /// FAR_EL1, in a task's half without the tag.
  var address: UInt64
  /// ELR_EL1.
  var instruction: UInt64
  /// SP_EL0.
  var stack: UInt64
  /// x30.
  var link: UInt64
  /// The slot of the region that the address belongs to; 0: none.
  var slot: UInt64
  /// Kind and rights of that slot.
  var handle: HandleWord
  /// Where it lies, how it is backed.
  var area: RegionWord

  @inline(__always) init(_ message: borrowing Message) {
    syndrome = message[FaultMessage.syndrome]
    let address = message[FaultMessage.address]
    // The MMU ignores the top byte (TCR_EL1.TBI0), and FAR_EL1 holds it.
    self.address = address >> 55 & 1 == 0 ? address & (1 << 56 - 1) : address
    instruction = message[FaultMessage.instruction]
    stack = message[FaultMessage.stack]
    link = message[FaultMessage.link]
    slot = message[FaultMessage.region]
    handle = HandleWord(raw: message[FaultMessage.handle])
    area = RegionWord(raw: message[FaultMessage.area])
  }

  /// EC, bits 31:26.
  var exceptionClass: UInt64 { syndrome >> 26 & 63 }
  /// WnR, bit 6 of a data abort: the access was a write. Cache maintenance (CM, bit 8) has it set and only reads.
  var isWrite: Bool { syndrome >> 6 & 1 != 0 && syndrome >> 8 & 1 == 0 }
  /// The fault status code without its level: bits 5:2 of an abort. Arm ARM, IFSC and DFSC.
  private var statusCode: UInt64 { syndrome >> 2 & 15 }

  /// What the task did.
  enum Act: Equatable {
    case read, write, execute
    /// An instruction that does not exist, or not at EL0.
    case undefined
    /// A system register or instruction that is the kernel's.
    case trapped
    /// A trap of the compiler: a failed check.
    case trap
    /// A program counter or stack pointer that is not aligned.
    case alignment
    /// Something else.
    case other
  }

  /// What the task did, by exception class.
  var act: Act {
    switch exceptionClass {
    case 0x20: .execute
    case 0x24: isWrite ? .write : .read
    case 0x00, 0x0e: .undefined
    case 0x18: .trapped
    case 0x3c: .trap
    case 0x22, 0x26: .alignment
    default: .other
    }
  }

  /// Whether it was about an address: an abort of an instruction (0x20) or of data (0x24).
  var hasAddress: Bool { exceptionClass & ~4 == 0x20 }
  /// A permission fault: something is mapped, but not for this. 0b0011xx.
  var isForbidden: Bool { hasAddress && statusCode == 3 }
  /// A translation fault: nothing is mapped. 0b0001xx.
  var isAbsent: Bool { hasAddress && statusCode == 1 }
  /// The virtual page.
  var page: UInt64 { address >> 12 }
  /// The right that an access takes.
  var right: Rights.Memory { exceptionClass == 0x20 ? .execute : isWrite ? .write : .read }
}
