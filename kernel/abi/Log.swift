/// One record of the log ring, 80 bytes. A line longer than 56 bytes takes several: all but the last have
/// `continues`; a reader prints a line when its last record is there.
@frozen public struct LogRecord: Sendable {
  /// The counter (CNTVCT_EL0) when the record was written.
  public var time: UInt64
  /// Name of the task, eight ASCII bytes, the first in bits 7:0.
  public var source: UInt64
  /// Bits 5:0 the length in bytes, bit 8 `continues`.
  public var flags: UInt64
  /// The text, eight bytes a word, the first in bits 7:0.
  public var text: InlineArray<7, UInt64>

  /// A record.
  @inlinable public init(time: UInt64, source: UInt64, flags: UInt64, text: InlineArray<7, UInt64>) {
    self.time = time
    self.source = source
    self.flags = flags
    self.text = text
  }
  /// The line goes on in a later record of the same source.
  public static let continues: UInt64 = 1 << 8
  /// Bytes of text in a record.
  public static let capacity = 56
  /// Bytes in use.
  @inlinable public var length: Int { Int(truncatingIfNeeded: min(flags & 63, 56)) }
  /// A byte of the text.
  @inlinable public func byte(_ index: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: text[index >> 3] >> (UInt64(index & 7) * 8))
  }
}

/// The log ring: four pages, a header of 16 bytes and then the records.
public enum LogRing {
  /// Pages of the ring.
  public static let pages = 4
  /// Records that the ring holds.
  public static let capacity = (pages * 4096 - headerBytes) / 80
  /// The header: word 0 counts the records ever written; word 1 is the counter's frequency in Hz; word 2 counts the
  /// records up to the last line that the kernel printed itself, or that there were when a console's lease ended:
  /// where the next console goes on.
  public static let headerBytes = 24
  /// Bytes from the start of the ring to a record.
  @inlinable public static func offset(of sequence: UInt64) -> Int {
    headerBytes + Int(truncatingIfNeeded: sequence % UInt64(capacity)) * 80
  }
}

/// Slots that a task finds filled when it starts.
public enum WellKnownSlot {
  /// The memory server: the task's session, and the pager of its faults.
  public static let memory: UInt64 = 1
  /// The supervisor: the task's session with init.
  public static let supervisor: UInt64 = 2
  /// The task's own endpoint, to receive on.
  public static let service: UInt64 = 3
  /// The task's own notification, bound to its thread.
  public static let notification: UInt64 = 4
  /// The Power handle, where the system file grants it.
  public static let power: UInt64 = 5
  /// The Timer handle, where the system file grants it.
  public static let timer: UInt64 = 6
  /// The log ring's region, where the system file grants it.
  public static let log: UInt64 = 7
  /// The first slot that the task may use as it likes.
  public static let firstFree: UInt64 = 8
}
