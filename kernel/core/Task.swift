internal import ABI

/// A task: one frame that holds its words (256 bytes), its first thread (1 KiB) and 88 handles; a larger table
/// goes on in the frames behind it. Further threads lie on its frames of objects.
public struct Task: BitwiseCopyable {
  /// First handle on its list of handles (`HandleList`).
  public var firstHandle: UInt64 = 0
  /// Eight ASCII bytes, for the log and for reports.
  public var name: UInt64 = 0
  /// TTBR0_EL1: identifier << 48 | root table.
  public var translation: UInt64 = 0
  /// Frames that the account may use.
  public var quota: UInt64 = 0
  /// Frames that the account uses, quotas given to children included.
  public var used: UInt64 = 0
  /// The task that gave the quota.
  public var parent: UInt64 = 0
  /// Tasks that hold a part of the quota.
  public var children: UInt64 = 0
  /// Frames of the quotas that they hold, which the account uses.
  public var given: UInt64 = 0
  /// Slots in its table.
  public var slots: UInt64 = 0
  /// Frames of its table behind the first.
  public var extraFrames: UInt64 = 0
  /// The frame of objects that was added last, 0 for none.
  public var objectFrames: UInt64 = 0
  /// Tables of its address space, the root included.
  public var tables: UInt64 = 0
  /// Pages that are mapped.
  public var mappedPages: UInt64 = 0
  /// First of its further threads, a list through `Thread.nextOfTask`.
  public var threads: UInt64 = 0
  /// How many there are.
  public var threadCount: UInt64 = 0
  /// How far `destroy` has come: `DestroyPhase`.
  public var destroyPhase: UInt64 = 0
  /// Where `destroy` goes on in that phase.
  public var destroyCursor: UInt64 = 0
  /// Faults of its threads that were reported to its pager.
  public var faults: UInt64 = 0
  /// The slot in which a region was last found by a page: a hint.
  public var lastRegion: UInt64 = 0
  /// The one that was found before it: who copies from one region to another has faults in both by turns.
  public var formerRegion: UInt64 = 0
  /// Slot of the region at the root of the tree of its regions, 0 for none.
  public var regions: UInt64 = 0
  /// Where pages were last mapped or unmapped, as the number of the leaf table's first page >> 9 (.max: nowhere): the next
  /// page is mostly there, too.
  public var leafNumber: UInt64 = .max
  /// That leaf table's frame.
  public var leaf: UInt64 = 0
  /// 1 from its `exit` on, until it is resumed.
  public var hasExited: UInt64 = 0
  /// The status with which it exited.
  public var exitStatus: UInt64 = 0
  /// Frames of objects that it pays, its own frames among them.
  public var objects: UInt64 = 0
}

extension Task {
  /// Further threads at most, so that all of a task can be suspended in one step.
  static var mostThreads: UInt64 { 63 }
  /// Bytes from the start of a task to its first thread.
  package static var threadOffset: UInt64 { 256 }
  /// Bytes from the start of a task to its first handle.
  package static var handlesOffset: UInt64 { 1280 }
  /// Bytes from the start of a task to `regions`.
  package static var regionsOffset: UInt64 { 160 }
  /// Bytes of a slot.
  package static var handleBytes: UInt64 { 32 }
}
