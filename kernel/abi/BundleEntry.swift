extension Bundle {
  /// A task as the bundle describes it.
  public struct Entry {
    /// The task's name, 8 ASCII bytes as one little-endian word, padded with zeroes.
    public internal(set) var name: UInt64 = 0
    /// The address at which the task's first thread starts.
    public internal(set) var start: UInt64 = 0
    /// The segments; `segmentCount` of them count.
    public internal(set) var segments = InlineArray<4, Segment>(repeating: Segment())
    /// How many segments there are, 1 to 4.
    public internal(set) var segmentCount = 0
    /// The device grants; `grantCount` of them count.
    public internal(set) var grants = InlineArray<4, Grant>(repeating: Grant())
    /// How many device grants there are, 0 to 4.
    public internal(set) var grantCount = 0
    /// Indexes of the entries that the task may connect to; `peerCount` of them count.
    public internal(set) var peers = InlineArray<8, UInt8>(repeating: 0)
    /// How many peers there are, 0 to 8.
    public internal(set) var peerCount = 0
    /// The first thread's priority, 0 to 63; the higher runs first.
    public internal(set) var priority: UInt8 = 0
    /// Frames of handles beyond those in the task's own frame, 0 to 8.
    public internal(set) var handleFrames = 0
    /// Restarts before the task is left ended; 255 means without limit.
    public internal(set) var restartLimit: UInt8 = 0
    /// The pause before a restart, in milliseconds.
    public internal(set) var restartBackOff: UInt32 = 0
    /// What the task needs besides its peers.
    public internal(set) var flags = Flags(rawValue: 0)
    /// Frames that may be charged to the task's account.
    public internal(set) var quota = 0
    /// Pages of stack, 1 to 256. The page below the stack stays unmapped: the guard page.
    public internal(set) var stackPages = 0
    /// The first address above the stack, page aligned.
    public internal(set) var stackTop: UInt64 = 0

    /// An entry of zeroes, to be filled.
    init() {}
  }

  /// What a task executes, and on what stack: all of an entry that the kernel needs, and the greater part of it not.
  public struct Program {
    /// The address at which the task's first thread starts.
    public internal(set) var start: UInt64 = 0
    /// The segments; `segmentCount` of them count.
    public internal(set) var segments = InlineArray<4, Segment>(repeating: Segment())
    /// How many segments there are, 1 to 4.
    public internal(set) var segmentCount = 0
    /// The first thread's priority, 0 to 63; the higher runs first.
    public internal(set) var priority: UInt8 = 0
    /// Frames of handles beyond those in the task's own frame, 0 to 8.
    public internal(set) var handleFrames = 0
    /// Pages of stack, 1 to 256.
    public internal(set) var stackPages = 0
    /// The first address above the stack, page aligned.
    public internal(set) var stackTop: UInt64 = 0

    /// A program of zeroes, to be filled.
    init() {}
  }

  /// A range of pages that is mapped when a task starts.
  public struct Segment: Equatable, Sendable {
    /// Where its bytes lie in the bundle, page aligned; 0 where it has none.
    public var offset = 0
    /// Where it is mapped, page aligned.
    public var address: UInt64 = 0
    /// Pages stored in the bundle.
    public var filePages = 0
    /// Pages mapped; those beyond `filePages` read as zero. Equal to `filePages` unless writable.
    public var memoryPages = 0
    /// How it is mapped.
    public var rights = SegmentRights(rawValue: 0)

    /// An empty segment, to be filled.
    public init() {}
    /// The first address behind the segment.
    public var end: UInt64 { address + UInt64(memoryPages * BundleLayout.pageSize) }
    /// The first byte of the bundle behind the segment's pages.
    public var fileEnd: Int { offset + filePages * BundleLayout.pageSize }
  }

  /// The right to ask the memory server for one kind of device.
  public struct Grant {
    /// The name under which the task asks, 8 ASCII bytes as one little-endian word.
    public var name: UInt64 = 0
    /// Compatible strings, each ended by a zero byte; `byteCount` bytes count.
    public var compatibles = InlineArray<64, UInt8>(repeating: 0)
    /// Bytes of the list, 2 to 64.
    public var byteCount = 0
    /// Which of the compatible nodes are meant, as it is stored.
    public var selection: UInt8 = 0
    /// The unit address of the one that is meant, where it is one by its address.
    public var unitAddress: UInt64 = 0

    /// An empty grant, to be filled.
    public init() {}
    /// Which of the nodes that are compatible a grant means.
    public enum Unit: UInt8, Sendable {
      /// The first one of the tree that is enabled.
      case first = 0
      /// All that are enabled, in the order of the tree.
      case all = 1
      /// The first one that is enabled and has the unit address: the hexadecimal number behind the @ of its name.
      case address = 2
    }
    /// Which nodes are meant.
    public var unit: Unit { Unit(rawValue: selection) ?? .first }
  }

  /// The ways in which a segment is mapped; never both writable and executable.
  public struct SegmentRights: OptionSet, Sendable {
    /// The word as it is stored.
    public let rawValue: UInt32
    /// The set that `rawValue` spells.
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// May be read; every segment may.
    public static var readable: SegmentRights { SegmentRights(rawValue: 1) }
    /// May be written.
    public static var writable: SegmentRights { SegmentRights(rawValue: 2) }
    /// May be executed.
    public static var executable: SegmentRights { SegmentRights(rawValue: 4) }
    /// Every right there is.
    public static var all: SegmentRights { SegmentRights(rawValue: 7) }
  }

  /// What a task is given besides its peers.
  public struct Flags: OptionSet, Sendable {
    /// The word as it is stored.
    public let rawValue: UInt16
    /// The set that `rawValue` spells.
    public init(rawValue: UInt16) { self.rawValue = rawValue }
    /// The handle that turns the machine off.
    public static var power: Flags { Flags(rawValue: 1) }
    /// The handle that sets a deadline.
    public static var deadline: Flags { Flags(rawValue: 2) }
    /// The kernel's log ring, mapped read-only.
    public static var log: Flags { Flags(rawValue: 4) }
    /// May start, watch and end other tasks.
    public static var supervise: Flags { Flags(rawValue: 8) }
    /// Every flag there is.
    public static var all: Flags { Flags(rawValue: 15) }
  }
}
