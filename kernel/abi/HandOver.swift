/// What the memory server finds when it starts: the slots that boot filled, and the words of its first page. In x0 it
/// finds how often it was started anew; then the slots and regions that it filled itself are there too, and x1 to x5 hold
/// what a fault message says of the fault that ended it: all zero where it was none.
public enum HandOver {
  /// Slots of the memory server's table.
  public enum Slot {
    /// Its own Task.
    public static let task: UInt64 = 1
    /// The Memory authority over all RAM.
    public static let memory: UInt64 = 2
    /// The authority over device space.
    public static let devices: UInt64 = 3
    /// The image's read-only pages with the bundle: a Memory that may be read and executed.
    public static let bundle: UInt64 = 4
    /// The log ring: a Memory that may be read.
    public static let log: UInt64 = 5
    /// The Power handle.
    public static let power: UInt64 = 6
    /// The Timer handle.
    public static let timer: UInt64 = 7
    /// Regions of its own image, stack, device tree, bundle and ledger view start here.
    public static let regions: UInt64 = 8
    /// The first slot that boot left empty lies at or after this one.
    public static let firstFree: UInt64 = 32
  }

  /// Virtual addresses in the memory server's half.
  public enum Address {
    /// The view of the frame table: the word of frame f lies at this address + 8 f. Read-only.
    public static let ledger: UInt64 = 0x20_0000_0000
    /// The device tree's blob, read-only. The blob starts at this address + `Facts.deviceTreeOffset`.
    public static let deviceTree: UInt64 = 0x10_0000_0000
    /// The bundle, read-only.
    public static let bundle: UInt64 = 0x10_4000_0000
    /// The page of facts, read-only.
    public static let facts: UInt64 = 0x10_8000_0000
  }

  /// Boot facts: words of the page at `Address.facts`; frames are absolute numbers (address >> 12).
  @frozen public struct Facts: Sendable {
    /// First frame of RAM.
    public var firstFrame: UInt64 = 0
    /// One past the last frame of RAM that is used (whole 2 MiB).
    public var endFrame: UInt64 = 0
    /// Frames of RAM given up beyond the last whole 2 MiB.
    public var lostFrames: UInt64 = 0
    /// Sections claimed by boot: the first, which holds the image.
    public var claimedSection: UInt64 = 0
    /// Bytes of the device tree that are in use, and its offset in its first page.
    public var deviceTreeBytes: UInt64 = 0
    /// Offset of the device tree in its first page.
    public var deviceTreeOffset: UInt64 = 0
    /// Bytes of the bundle.
    public var bundleBytes: UInt64 = 0
    /// First frame of the bundle.
    public var bundleFrame: UInt64 = 0
    /// First frame of the log ring.
    public var logFrame: UInt64 = 0
    /// Version of the interrupt controller: 2 or 3.
    public var interruptController: UInt64 = 0
    /// First frame and number of frames of GICC, for GICv2.
    public var cpuInterfaceFrame: UInt64 = 0
    /// Frames of GICC.
    public var cpuInterfaceFrames: UInt64 = 0
    /// First frame of the UART that stdout-path names.
    public var uartFrame: UInt64 = 0
    /// Processors that the device tree lists.
    public var processors: UInt64 = 0
    /// Frequency of the counter in Hz.
    public var counterFrequency: UInt64 = 0

    /// No facts.
    public init() {}
  }
}
