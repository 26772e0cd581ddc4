internal import ABI
internal import Machine

/// What a thread is doing.
public enum ThreadState {
  /// Not started, or ended.
  public static let idle: UInt64 = 0
  /// Running, or in a ready queue.
  public static let ready: UInt64 = 1
  /// Queued on an endpoint, its message in its registers.
  public static let calling: UInt64 = 2
  /// Its message was taken; it waits for the reply.
  public static let waitingForReply: UInt64 = 3
  /// Waits on an endpoint for a message.
  public static let receiving: UInt64 = 4
  /// Waits for a notification.
  public static let waiting: UInt64 = 5
}

/// What the exception entry saves of a thread and the exit loads, beside the three words that `Thread` starts with: x0–x7
/// and x11–x30, then four system registers. kernel/entry/include/entry.h holds the same offsets; a host test compares the
/// two.
public struct SavedRegisters: BitwiseCopyable {
  /// x0–x7: the words of a message.
  public var words: InlineArray<8, UInt64> = .init(repeating: 0)
  /// x11–x18: what a kernel call may lose.
  public var scratch: InlineArray<8, UInt64> = .init(repeating: 0)
  /// x19–x30: what it keeps.
  public var kept: InlineArray<12, UInt64> = .init(repeating: 0)
  /// SP_EL0.
  public var stack: UInt64 = 0
  /// ELR_EL1: where the thread goes on.
  public var instruction: UInt64 = 0
  /// SPSR_EL1.
  public var status: UInt64 = 0
  /// TPIDR_EL0.
  public var threadPointer: UInt64 = 0

  /// x30: where the function that runs was called from.
  package var link: UInt64 { kept[11] }
}

/// A thread: 1 KiB, eight object slots. Threads refer to each other by address; 0 is none.
///
/// While it runs the stack pointer of EL1 is its block, so that its first eight words are what AAPCS64 passes on the
/// stack to the quick calls: what the entry saved first, and what they ask for first.
public struct Thread: BitwiseCopyable {
  /// x8: label, and status of a kernel call.
  public var label: UInt64 = 0
  /// x9: the slot that a call acts on; the badge.
  public var handle: UInt64 = 0
  /// Handles of its task: a table is as long as it was made.
  public var slots: UInt64 = 0
  /// Address of them.
  public var handles: UInt64 = 0
  /// Address of this thread.
  public var address: UInt64 = 0
  /// x10: `Transfer`.
  public var transfer: UInt64 = 0
  /// The thread that waits for this one's reply.
  public var caller: UInt64 = 0
  /// The notification bound to it.
  public var boundNotification: UInt64 = 0
  /// The other registers.
  public var registers = SavedRegisters()
  /// Next in the ready queue or in the queue of an endpoint or notification; circular. Valid while it is in one.
  public var next: UInt64 = 0
  /// Previous in the same queue.
  public var previous: UInt64 = 0
  /// The object whose queue it is in: an endpoint or a notification; valid while it is in one.
  public var queue: UInt64 = 0
  /// Its task.
  public var task: UInt64 = 0
  /// TTBR0_EL1 of its task: identifier << 48 | root.
  public var translation: UInt64 = 0
  /// `FloatingPointAccess`: allowed while the FP/SIMD registers hold its state.
  public var floatingPointAccess: UInt64 = FloatingPointAccess.trapped
  /// 0…63, the higher runs first.
  public var priority: UInt64 = 0
  /// 1 while taken off the processor by `suspend`.
  public var isSuspended: UInt64 = 0
  /// First handle on its list of handles: the object that they name starts here, `Thread.objectOffset` bytes in.
  public var firstHandle: UInt64 = 0
  /// `ThreadState`.
  public var state: UInt64 = ThreadState.idle
  /// Whom it waits for: the thread that owes the reply, or the handle of a saved reply (bit 0 set).
  public var server: UInt64 = 0
  /// The badge under which its message travels.
  public var badge: UInt64 = 0
  /// 1 while the message is a fault that the kernel sent on its behalf.
  public var isFault: UInt64 = 0
  /// ESR_EL1 of the fault that is being reported.
  public var faultSyndrome: UInt64 = 0
  /// FAR_EL1 of that fault.
  public var faultAddress: UInt64 = 0
  /// The next of its task's further threads.
  public var nextOfTask: UInt64 = 0
  /// Room to the end of the first half.
  var reserved: InlineArray<6, UInt64> = .init(repeating: 0)
  /// FP/SIMD registers, FPCR and FPSR.
  public var floatingPoint: InlineArray<66, UInt64> = .init(repeating: 0)
}

extension Thread {
  /// Bytes of a thread.
  package static var bytes: UInt64 { 1024 }
  /// Bytes from the start of the thread to the object slot that its handles name. The first words of a thread are
  /// the entry's; a list of handles starts in the first word of a slot.
  package static var objectOffset: UInt64 { 384 }
  /// Object slots of a thread.
  static var slots: Int { 8 }
  /// Bytes from the start of the thread to its FP/SIMD state.
  package static var floatingPointOffset: UInt64 { 62 * 8 }

  /// x0–x10 as a kernel call takes and returns them: the words, then label, handle and transfer.
  package subscript(_ index: Int) -> UInt64 {
    @inline(__always) get {
      switch index {
      case 8: label
      case 9: handle
      case 10: transfer
      default: registers.words[index]
      }
    }
    @inline(__always) set {
      switch index {
      case 8: label = newValue
      case 9: handle = newValue
      case 10: transfer = newValue
      default: registers.words[index] = newValue
      }
    }
  }

  /// Where the thread begins, with nothing of others in its registers.
  mutating func begin(at instruction: UInt64, stack: UInt64, argument: UInt64) {
    (label, handle, transfer) = (0, 0, 0)
    registers = SavedRegisters()
    registers.words[0] = argument
    registers.stack = stack
    registers.instruction = instruction
  }
}
