/// Geometry of memory that kernel and memory server share.
public enum Geometry {
  /// Bytes of a frame and of a page.
  public static let frameBytes: UInt64 = 4096
  /// Frames of a block of 2 MiB, and entries of a table.
  public static let blockFrames: UInt64 = 512
  /// Frames of a section, the step in which RAM is claimed: 32 MiB.
  public static let sectionFrames: UInt64 = 8192
  /// Frames of a GiB; the ledger of each GiB lies at its start.
  public static let gigabyteFrames: UInt64 = 1 << 18
  /// Pages of a task's half of the address space: 39 bits.
  public static let taskPages: UInt64 = 1 << 27
  /// Handles in the frame of a task.
  public static let taskHandles: UInt64 = 88
  /// Handles in each further frame of a task's table.
  public static let frameHandles: UInt64 = 128
}

/// What a frame is. A frame is one thing at a time.
public enum FrameKind: UInt64, Sendable {
  /// Free, owned by a Memory authority. An all-zero ledger word is free and the first Memory's.
  case free = 0
  /// A page of one task alone.
  case privatePage = 1
  /// A table that the MMU walks.
  case table = 3
  /// Kernel objects.
  case objects = 4
  /// Image, ledger, device tree, log ring, or no RAM at all: never retyped.
  case fixed = 5
}

/// The kernel's word about a frame: 8 bytes, bits 3:0 the kind.
@frozen public struct LedgerWord: Equatable, Sendable {
  /// The bits.
  public var raw: UInt64
  /// Reads a ledger word.
  @inlinable public init(raw: UInt64) { self.raw = raw }

  /// The kind.
  @inlinable public var kind: FrameKind { FrameKind(rawValue: raw & 15) ?? .fixed }
  /// Whether the frame is free and the first Memory's.
  @inlinable public var isFree: Bool { raw == 0 }

  /// A free frame of the first Memory.
  @inlinable public static var free: LedgerWord { LedgerWord(raw: 0) }
  /// A frame that is never retyped.
  @inlinable public static var fixed: LedgerWord { LedgerWord(raw: FrameKind.fixed.rawValue) }

  /// A page of the task whose object lies in frame `task`, mapped at `page`.
  @inlinable public static func privatePage(task: UInt64, page: UInt64) -> LedgerWord {
    LedgerWord(raw: FrameKind.privatePage.rawValue | task << 4 | page << 31)
  }
  /// From the word of a private page to that of the next one.
  @inlinable public static var nextPage: UInt64 { 1 << 31 }
  /// Bits 30:4: frame of the task that owns the page, or the account of objects.
  @inlinable public var task: UInt64 { raw >> 4 & 0x7ff_ffff }
  /// Bits 57:31: virtual page of a private page.
  @inlinable public var page: UInt64 { raw >> 31 & 0x7ff_ffff }

  /// A table: its level (1 is the root), the entries in use, the frame that refers to it and the entry there.
  /// Of a root the parent is the task's frame; of the kernel's own tables it is 0.
  @inlinable public static func table(level: UInt64, used: UInt64, parent: UInt64, entry: UInt64) -> LedgerWord {
    LedgerWord(raw: FrameKind.table.rawValue | level << 4 | used << 6 | entry << 16 | parent << 25)
  }
  /// Bits 5:4: level of a table.
  @inlinable public var level: UInt64 { raw >> 4 & 3 }
  /// Bits 15:6: entries of a table that are in use, 0…512.
  @inlinable public var used: UInt64 { raw >> 6 & 0x3ff }
  /// Bits 24:16: the entry of the parent that refers to the table.
  @inlinable public var entry: UInt64 { raw >> 16 & 0x1ff }
  /// Bits 51:25: the frame that refers to the table.
  @inlinable public var parent: UInt64 { raw >> 25 & 0x7ff_ffff }
  /// The word of the same table with `change` more entries in use.
  @inlinable public func using(_ change: Int64) -> LedgerWord {
    LedgerWord(raw: UInt64(bitPattern: Int64(bitPattern: raw) &+ change &<< 6))
  }

  /// Kernel objects charged to the task in frame `account`; bit n of `live` says that slot n is in use.
  @inlinable public static func objects(account: UInt64, live: UInt32) -> LedgerWord {
    LedgerWord(raw: FrameKind.objects.rawValue | account << 4 | UInt64(live) << 31)
  }
  /// Bits 62:31: the slots of 128 bytes that hold an object.
  @inlinable public var live: UInt32 { UInt32(truncatingIfNeeded: raw >> 31) }
}
