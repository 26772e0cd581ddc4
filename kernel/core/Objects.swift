public import ABI

/// Where objects lie. Each starts with its list of handles: the address of the first, 0 for none.
package enum ObjectHeader {
  /// Bytes of an object slot.
  static var slotBytes: UInt64 { 128 }
}

/// A meeting point of callers and receivers. Its queue holds threads of one kind at a time.
public struct Endpoint: BitwiseCopyable {
  /// First handle on its list.
  public var firstHandle: UInt64 = 0
  /// First thread of its queue, callers or receivers; 0: nobody waits.
  public var queue: UInt64 = 0
  /// Receivers in the queue; 0: it holds callers, or nobody.
  public var receivers: UInt64 = 0
}

/// Bits that are set until somebody takes them.
public struct Notification: BitwiseCopyable {
  /// First handle on its list.
  public var firstHandle: UInt64 = 0
  /// The bits.
  public var bits: UInt64 = 0
  /// First thread that waits.
  public var queue: UInt64 = 0
  /// The thread that is bound: its `receive` wakes for the bits.
  public var boundThread: UInt64 = 0
  /// First of the interrupts that signal it.
  public var sources: UInt64 = 0
}

/// An interrupt in the hands of its driver; also the timer
/// and the log, which signal in the same way.
public struct Interrupt: BitwiseCopyable {
  /// First handle on its list.
  public var firstHandle: UInt64 = 0
  /// INTID; `InterruptNumber.timer` for the timer.
  public var number: UInt64 = 0
  /// 0 level, 1 edge.
  public var trigger: UInt64 = 0
  /// The notification that it signals; 0: none.
  public var notification: UInt64 = 0
  /// The bits that it sets there.
  public var bits: UInt64 = 0
  /// 1 from delivery until the driver's acknowledge.
  public var isActive: UInt64 = 0
  /// Times delivered.
  public var deliveries: UInt64 = 0
  /// Next of the interrupts that signal the same notification.
  public var nextSource: UInt64 = 0
}

/// Memory that may be given out or mapped.
public struct Memory: BitwiseCopyable {
  /// First handle on its list.
  public var firstHandle: UInt64 = 0
  /// `MemoryUse`.
  public var kind: UInt64 = 0
  /// First frame.
  public var frame: UInt64 = 0
  /// Frames; of a shared Memory how many of its home's first pages may be shown.
  public var frames: UInt64 = 0
  /// Of a shared Memory the region that has its pages: address of that slot; 0 when that region is gone.
  public var home: UInt64 = 0
  /// Of a shared Memory its pages that other regions show, each as often as it is shown.
  public var shown: UInt64 = 0
}

/// What a Memory is.
package enum MemoryUse {
  /// All RAM: frames for private pages, tables and objects.
  package static var authority: UInt64 { 1 }
  /// All of device space: device ranges and interrupts are made with it.
  package static var deviceAuthority: UInt64 { 2 }
  /// Frames of the image that may be mapped: the bundle, the log ring.
  package static var fixed: UInt64 { 3 }
  /// A device's registers.
  package static var device: UInt64 { InspectedUse.device }
  /// The ledger: page p shows the words of frames 512 p to 512 p + 511.
  package static var ledger: UInt64 { 5 }
  /// The private pages of one region, its home, to be shown by others.
  package static var shared: UInt64 { 6 }
}

/// A slot of a task's table. It lies on the list of its object, so that a revoke finds it.
public struct Handle: BitwiseCopyable {
  /// Object, kind and rights.
  public var word = HandleWord.empty
  /// The badge; of a region its `RegionWord`; of a reply the thread that waits.
  public var value: UInt64 = 0
  /// Bits 34:0 the next handle on the object's list (bits 39:5 of its address), 62:35 a region's offset in its Memory.
  var nextWord: UInt64 = 0
  /// Bits 34:0 the previous one (0: first), 62:35 pages of a region that are mapped.
  var previousWord: UInt64 = 0
}

extension Handle {
  private static var linkMask: UInt64 { (1 << 35) - 1 }
  /// An address again: the bits above bit 39 are as that one.
  private static func address(_ link: UInt64) -> UInt64 { UInt64(bitPattern: Int64(bitPattern: link << 29) >> 24) }
  private static func link(_ address: UInt64) -> UInt64 { address >> 5 & linkMask }
  /// Address of the next handle on the object's list.
  package var next: UInt64 {
    get { Handle.address(nextWord) }
    set { nextWord = nextWord & ~Handle.linkMask | Handle.link(newValue) }
  }
  /// Address of the previous handle on the object's list.
  package var previous: UInt64 {
    get { Handle.address(previousWord) }
    set { previousWord = previousWord & ~Handle.linkMask | Handle.link(newValue) }
  }
  /// The largest offset that a region's handle can hold.
  package static var maximumOffset: UInt64 { 1 << 28 - 1 }
  /// First page of the Memory that a region shows.
  package var offset: UInt64 {
    get { nextWord >> 35 }
    set { nextWord = nextWord & Handle.linkMask | newValue << 35 }
  }
  /// Pages of a region that are mapped.
  package var mapped: UInt64 {
    get { previousWord >> 35 }
    set { previousWord = previousWord & Handle.linkMask | newValue << 35 }
  }
  /// The value as `inspect` answers it: of a reply the thread's physical address.
  var shownValue: UInt64 { word.kindNumber == ObjectKind.reply.rawValue ? value & 0x7f_ffff_ffff : value }
  /// What a region covers.
  package var region: RegionWord { RegionWord(raw: value) }
  /// Whether this is the region that has the pages of a shared Memory.
  package var isHome: Bool { word.kind == .region && region.isPrivate && word.object != 0 }
  /// A region's rights.
  package var memoryRights: Rights.Memory { Rights.Memory(rawValue: word.rights) }
}

extension Memory {
  /// A range of frames.
  init(kind: UInt64, frame: UInt64, frames: UInt64) {
    self.kind = kind
    self.frame = frame
    self.frames = frames
  }
}

extension Interrupt {
  /// An interrupt that is not bound yet.
  init(number: UInt64, trigger: UInt64) {
    self.number = number
    self.trigger = trigger
  }
}
