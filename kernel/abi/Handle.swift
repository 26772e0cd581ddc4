/// What a handle names. The words that `create` takes: x0 account (a Task slot), x1 kind, x2 a spare frame
/// for objects, x3 destination slot, x4 destination task (0: own); x9 the authority.
public enum ObjectKind: UInt64, Sendable {
  /// An empty slot.
  case none = 0
  /// An endpoint. `create` needs no more.
  case endpoint = 1
  /// A notification. `create` needs no more.
  case notification = 2
  /// A task. `create`: x2 its first frame, x5 quota, x6 name, x7 root table frame | further frames << 48.
  case task = 3
  /// Memory: an authority over frames, or a device or image range. `create` (of a device range): x5 first
  /// frame, x6 pages, x7 the handle's badge.
  case memory = 4
  /// A mapped Memory handle, or private pages.
  case region = 5
  /// An interrupt. `create`: x5 INTID, x6 trigger (0 level, 1 edge).
  case interrupt = 6
  /// A reply that is owed.
  case reply = 7
  /// The right to power the machine off.
  case power = 8
  /// The kernel's timer: one deadline.
  case timer = 9
  /// What was named is gone: any use answers `peerGone`; `drop` empties the slot.
  case gone = 10
  /// A further thread of a task. `create`: the account is the task that it runs in.
  case thread = 11
}

/// The first word of a handle: bits 3:0 kind, 6:4 rights, from bit 7 on the object's address: the kernel's own, where
/// `inspect` answers it the physical one. Of a region it ends with bit 39, as the bits above are; 51:40 and 63:52 are the
/// kernel's own.
@frozen public struct HandleWord: Equatable, Sendable {
  /// The bits.
  public var raw: UInt64
  /// Reads a handle word.
  @inlinable public init(raw: UInt64) { self.raw = raw }
  /// A handle to an object of a kind, with rights.
  @inlinable public init(_ kind: ObjectKind, rights: UInt64, object: UInt64) {
    raw = kind.rawValue | (rights & 7) << 4 | (kind == .region ? object & Self.objectMask : object)
  }
  /// An empty slot.
  @inlinable public static var empty: HandleWord { HandleWord(raw: 0) }
  /// The kind's number.
  @inlinable public var kindNumber: UInt64 { raw & 15 }
  /// The kind.
  @inlinable public var kind: ObjectKind { ObjectKind(rawValue: raw & 15) ?? .none }
  /// The three rights, meaning by kind.
  @inlinable public var rights: UInt64 { raw >> 4 & 7 }
  /// The same handle with other rights.
  @inlinable public func with(rights: UInt64) -> HandleWord { HandleWord(raw: raw & ~(7 << 4) | (rights & 7) << 4) }
  /// The rights of a slot that is gone, and was a region over a device's registers.
  @inlinable public static var lease: UInt64 { 1 }
  /// Whether what is gone was such a region.
  @inlinable public var wasLease: Bool { kind == .gone && rights & Self.lease != 0 }
  /// Kind and rights alone: what others may learn of it.
  @inlinable public var withoutObject: HandleWord { HandleWord(raw: raw & 0x7f) }
  /// The same handle with the object's physical address: what `inspect` answers.
  @inlinable public var shown: HandleWord { HandleWord(raw: raw & 0x7f_ffff_ffff) }
  /// Address of the object, 128-byte aligned; 0: none.
  @inlinable public var object: UInt64 { UInt64(bitPattern: Int64(bitPattern: raw << 24) >> 31) << 7 }
  /// The same, of what is no region, in one instruction.
  @inlinable public var plainObject: UInt64 { raw & ~0x7f }
  /// The bits of an object's address that a region has.
  @inlinable public static var objectMask: UInt64 { 1 << 40 - 1 }
}

/// The rights, typed per kind of object; three bits each.
public enum Rights {
  /// Of an endpoint.
  public struct Endpoint: OptionSet, Sendable {
    /// The three bits.
    public var rawValue: UInt64
    /// Reads rights.
    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }
    /// May call.
    @inlinable public static var call: Endpoint { Endpoint(rawValue: 1) }
    /// May receive.
    @inlinable public static var receive: Endpoint { Endpoint(rawValue: 2) }
    /// May pass a handle with a call.
    @inlinable public static var pass: Endpoint { Endpoint(rawValue: 4) }
  }
  /// Of a notification.
  public struct Notification: OptionSet, Sendable {
    /// The three bits.
    public var rawValue: UInt64
    /// Reads rights.
    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }
    /// May signal.
    @inlinable public static var signal: Notification { Notification(rawValue: 1) }
    /// May wait and bind.
    @inlinable public static var wait: Notification { Notification(rawValue: 2) }
  }
  /// Of a task.
  public struct Task: OptionSet, Sendable {
    /// The three bits.
    public var rawValue: UInt64
    /// Reads rights.
    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }
    /// May map and unmap in it, and charge its account.
    @inlinable public static var memory: Task { Task(rawValue: 1) }
    /// May give it handles and start, suspend or resume its thread.
    @inlinable public static var control: Task { Task(rawValue: 2) }
    /// May end it.
    @inlinable public static var destroy: Task { Task(rawValue: 4) }
  }
  /// Of a thread.
  public struct Thread: OptionSet, Sendable {
    /// The three bits.
    public var rawValue: UInt64
    /// Reads rights.
    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }
    /// May start, suspend, resume and revoke it.
    @inlinable public static var control: Thread { Thread(rawValue: 2) }
  }
  /// Of Memory and of regions.
  public struct Memory: OptionSet, Sendable {
    /// The three bits.
    public var rawValue: UInt64
    /// Reads rights.
    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }
    /// May be read; of an authority: may be claimed and used for objects and private pages.
    @inlinable public static var read: Memory { Memory(rawValue: 1) }
    /// May be written.
    @inlinable public static var write: Memory { Memory(rawValue: 2) }
    /// May be executed. Never together with `write` in a region.
    @inlinable public static var execute: Memory { Memory(rawValue: 4) }
  }
  /// Of an interrupt.
  public struct Interrupt: OptionSet, Sendable {
    /// The three bits.
    public var rawValue: UInt64
    /// Reads rights.
    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }
    /// May bind and acknowledge.
    @inlinable public static var handle: Interrupt { Interrupt(rawValue: 1) }
    /// May be shown to the interrupt service: `inspect` names the INTID.
    @inlinable public static var show: Interrupt { Interrupt(rawValue: 2) }
  }
}

/// How much a fault may bring at once in a region that is backed lazily.
public enum RegionFit: UInt64, Sendable {
  /// A page of 4 KiB.
  case page = 0
  /// A run of 64 KiB.
  case run = 1
  /// A block of 2 MiB.
  case block = 2

  /// Pages that come at once.
  @inlinable public var pages: UInt64 {
    switch self {
    case .page: 1
    case .run: 16
    case .block: Geometry.blockFrames
    }
  }
}

/// What `region` takes in x6: how the memory server backs the region. The bits lie as in `RegionWord`; the kernel keeps
/// them, and keeps other regions off guard pages.
@frozen public struct RegionFlags: Equatable, Sendable {
  /// The bits.
  public var raw: UInt64
  /// Reads flags.
  @inlinable public init(raw: UInt64) { self.raw = raw }
  /// A region whose pages are all there from the start.
  @inlinable public static var none: RegionFlags { RegionFlags(raw: 0) }
  /// A region whose pages come with the first touch, at most `fit` at once.
  @inlinable public static func lazy(_ fit: RegionFit) -> RegionFlags { RegionFlags(raw: 1 << 55 | fit.rawValue << 56) }
  /// The same with a guard page below and above.
  @inlinable public var guarded: RegionFlags { RegionFlags(raw: raw | 1 << Self.guardedShift) }
  /// The bit of a region with guard pages.
  @inlinable public static var guardedShift: UInt64 { 60 }
  /// A region that shows a sealed Memory and gets a page of its own when it writes one; pages come with the first touch.
  @inlinable public static var copyOnWrite: RegionFlags { RegionFlags(raw: 1 << 55 | 1 << 58) }
  /// Private pages whose frames lie together, for a device that masters the bus; while the lease lasts that they are for,
  /// they are not given back.
  @inlinable public static var dma: RegionFlags { RegionFlags(raw: 1 << 61) }
  /// Bits 55, 57:56, 58, 59, 60 and 61.
  @inlinable public static var mask: UInt64 { 0x7f << 55 }
  /// What `region` takes for private pages, and for pages of a shared Memory: not the seal, which `protect` sets.
  @inlinable public static var ofPrivate: UInt64 { 7 << 55 | 3 << 60 }
  /// The same for pages of a shared Memory.
  @inlinable public static var ofShared: UInt64 { 7 << 55 | 1 << 58 | 1 << 60 }
  /// Bit 59 alone.
  @inlinable public static var seal: UInt64 { 1 << 59 }

  /// Bit 55: pages come with the first touch.
  @inlinable public var isLazy: Bool { raw >> 55 & 1 != 0 }
  /// Bits 57:56: how much comes at once.
  @inlinable public var fit: RegionFit { RegionFit(rawValue: raw >> 56 & 3) ?? .page }
  /// Bit 58: pages of the Memory are mapped without `write`, and replaced by copies of the task's own.
  @inlinable public var copiesOnWrite: Bool { raw >> 58 & 1 != 0 }
  /// Bit 59: the home of a Memory that nobody writes any more.
  @inlinable public var isSealed: Bool { raw >> 59 & 1 != 0 }
  /// Bit 60: no other region may lie on the page before it, nor on the one behind it.
  @inlinable public var isGuarded: Bool { raw >> Self.guardedShift & 1 != 0 }
  /// Bit 61: memory of a device that is leased; the region's offset is the slot of the lease.
  @inlinable public var isDMA: Bool { raw >> 61 & 1 != 0 }
  /// Whether no unknown bit is set, what a device uses is there from the start, and a fit names a size and belongs to pages that come lazily.
  @inlinable public var isValid: Bool {
    raw & ~Self.mask == 0 && raw >> 56 & 3 <= (isLazy ? 2 : 0) && !(isDMA && isLazy)
  }
}

/// The second word of a region's handle: bits 26:0 first page, 53:27 pages, 54 private, 63:55 `RegionFlags`.
@frozen public struct RegionWord: Equatable, Sendable {
  /// The bits.
  public var raw: UInt64
  /// Reads a region word.
  @inlinable public init(raw: UInt64) { self.raw = raw }
  /// A region of pages.
  @inlinable public init(page: UInt64, pages: UInt64, isPrivate: Bool, flags: RegionFlags = .none) {
    raw = page | pages << 27 | (isPrivate ? 1 << 54 : 0) | flags.raw
  }
  /// The same region with another length.
  @inlinable public func with(pages: UInt64) -> RegionWord {
    RegionWord(raw: raw & ~(0x7ff_ffff << 27) | pages << 27)
  }
  /// First virtual page.
  @inlinable public var page: UInt64 { raw & 0x7ff_ffff }
  /// Pages.
  @inlinable public var pages: UInt64 { raw >> 27 & 0x7ff_ffff }
  /// Whether its pages are the task's own.
  @inlinable public var isPrivate: Bool { raw >> 54 & 1 != 0 }
  /// How it is backed.
  @inlinable public var flags: RegionFlags { RegionFlags(raw: raw & RegionFlags.mask) }
  /// Whether a page belongs to it.
  @inlinable public func holds(_ other: UInt64) -> Bool { other >= page && other - page < pages }
}
