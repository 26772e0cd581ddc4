public import ABI

// What the memory server tells of frames, tasks, regions, devices and its index: each a record of up to eight words, with
// its encoding beside it.

/// The frames of RAM by kind.
@frozen public struct MemoryCounts: Equatable, Sendable {
  /// Free, and claimed.
  public var free: UInt64
  /// Private pages of tasks, shared or not.
  public var privatePages: UInt64
  /// Tables.
  public var tables: UInt64
  /// Kernel objects.
  public var objects: UInt64
  /// Image, ledger, device tree, log.
  public var fixed: UInt64
  /// Of the free frames, those that the server holds back for its own growth.
  public var heldBack: UInt64
  /// Not claimed yet.
  public var unclaimed: UInt64
  /// Of the free frames, not those held back: aligned runs of 2 MiB that are free as a whole.
  public var freeBlocks: UInt64
  /// Likewise of 64 KiB, those of the blocks among them.
  public var freeGroups: UInt64

  /// Nothing.
  @inlinable public init() { self.init(Message()) }
  /// Reads the reply.
  @inlinable public init(_ w: borrowing Message) {
    free = w[0]
    privatePages = w[1]
    tables = w[2]
    objects = w[3]
    fixed = w[4]
    heldBack = w[5]
    unclaimed = w[6]
    freeBlocks = w[7] >> 32
    freeGroups = w[7] & 0xffff_ffff
  }
  /// The reply.
  @inlinable public var reply: Message {
    Message(free, privatePages, tables, objects, fixed, heldBack, unclaimed, freeBlocks << 32 | freeGroups)
  }
}

/// A task and its account.
@frozen public struct TaskFacts: Equatable, Sendable {
  /// Its session; the next task is found at or after `session + 1`.
  public var session: UInt64
  /// Its name.
  public var name: Name
  /// Frames that the account may use.
  public var quota: UInt64
  /// Frames that it uses, those included that it gave to tasks it started.
  public var used: UInt64
  /// Frames that it gave to tasks it started, as their quotas.
  public var given: UInt64
  /// The state of its thread (kernel's `ThreadState`), bits 7:0, its priority, bits 15:8, and the task's
  /// faults so far, bits 63:16; of the memory server how often it was started anew.
  public var stateAndPriority: UInt64
  /// Tables of its address space.
  public var tables: UInt64
  /// Pages mapped.
  public var mappedPages: UInt64
  /// Slots of its table.
  public var slots: UInt64

  /// Reads the reply.
  @inlinable public init(_ w: borrowing Message) {
    session = w[0]
    name = Name(word: w[1])
    quota = w[2]
    used = w[3] & 0xffff_ffff
    given = w[3] >> 32
    stateAndPriority = w[4]
    tables = w[5]
    mappedPages = w[6]
    slots = w[7]
  }
  /// The reply.
  @inlinable public var reply: Message {
    Message(session, name.word, quota, used | given << 32, stateAndPriority, tables, mappedPages, slots)
  }
  /// Frames that it uses itself: pages, tables and objects of its own.
  @inlinable public var own: UInt64 { used - min(given, used) }
  /// The thread's state.
  @inlinable public var state: UInt64 { stateAndPriority & 0xff }
  /// The thread's priority.
  @inlinable public var priority: UInt64 { stateAndPriority >> 8 & 0xff }
  /// Faults that were reported to its pager, those that brought pages among them.
  @inlinable public var faults: UInt64 { stateAndPriority >> 16 }
  /// Times that the kernel started the task anew: of the memory server alone.
  @inlinable public var restarts: UInt64 { stateAndPriority >> 16 }
}

/// The tables of a task.
@frozen public struct TableCounts: Equatable, Sendable {
  /// Tables of level 1 (the root), 2 and 3.
  public var level1: UInt64
  /// Tables of level 2, 1 GiB each.
  public var level2: UInt64
  /// Tables of level 3, 2 MiB each.
  public var level3: UInt64
  /// Entries that map 2 MiB.
  public var blocks: UInt64
  /// Entries that map 4 KiB.
  public var pages: UInt64
  /// Frames of kernel objects charged to the task.
  public var objects: UInt64
  /// Of the tables, those that grew for leases of devices.
  public var leases: UInt64

  /// Reads the reply.
  @inlinable public init(_ w: borrowing Message) {
    level1 = w[0]
    level2 = w[1]
    level3 = w[2]
    blocks = w[3]
    pages = w[4]
    objects = w[5]
    leases = w[6]
  }
  /// The reply.
  @inlinable public var reply: Message { Message(level1, level2, level3, blocks, pages, objects, leases) }
}

/// A region of a task.
@frozen public struct RegionFacts: Equatable, Sendable {
  /// What a region shows.
  @frozen public enum Kind: UInt64, Sendable {
    /// Private pages.
    case privatePages = 0
    /// The image: the bundle or the log ring.
    case image = 1
    /// A device.
    case device = 2
    /// Pages of another region, by its name.
    case shared = 3
  }
  /// Its slot; the next region is found at or after `slot + 1`.
  public var slot: UInt64
  /// First virtual page.
  public var page: UInt64
  /// Pages.
  public var pages: UInt64
  /// `Rights.Memory`.
  public var rights: UInt64
  /// What it shows: `Kind`.
  public var kind: UInt64
  /// Pages that are mapped.
  public var mapped: UInt64
  /// Name of the device, of a device's region.
  public var device: Name
  /// How it is backed.
  public var flags: RegionFlags

  /// Reads the reply.
  @inlinable public init(_ w: borrowing Message) {
    slot = w[0]
    page = w[1]
    pages = w[2]
    rights = w[3]
    kind = w[4]
    mapped = w[5]
    device = Name(word: w[6])
    flags = RegionFlags(raw: w[7])
  }
  /// The reply.
  @inlinable public var reply: Message { Message(slot, page, pages, rights, kind, mapped, device.word, flags.raw) }
}

/// A device of the device tree.
@frozen public struct DeviceFacts: Equatable, Sendable {
  /// Its index; the next device is found at or after `index + 1`.
  public var index: UInt64
  /// The first eight bytes of the node's name.
  public var name: Name
  /// The rest of the name; of one with more than 16 bytes the last eight.
  public var nameEnd: Name
  /// Name of the task that leases it; none: free.
  public var holder: Name
  /// Ranges of registers.
  public var ranges: UInt64
  /// Interrupts.
  public var interrupts: UInt64
  /// Times that its interrupts were delivered.
  public var delivered: UInt64
  /// Bytes of the first range.
  public var length: UInt64

  /// Reads the reply.
  @inlinable public init(_ w: borrowing Message) {
    index = w[0]
    name = Name(word: w[1])
    nameEnd = Name(word: w[2])
    holder = Name(word: w[3])
    ranges = w[4]
    interrupts = w[5]
    delivered = w[6]
    length = w[7]
  }
  /// The reply.
  @inlinable public var reply: Message {
    Message(index, name.word, nameEnd.word, holder.word, ranges, interrupts, delivered, length)
  }
}

/// A section of the server's index, compared with the ledger.
@frozen public struct IndexFacts: Equatable, Sendable {
  /// Sections that the index has: 0 to this, less one, can be compared.
  public var sections: UInt64
  /// Bytes that differed from those that the ledger calls for, and were put right.
  public var differing: UInt64
  /// Frames of the section that were free by the index.
  public var freeByIndex: UInt64
  /// Frames of the section that are free by the ledger, those held in reserve not counted.
  public var freeByLedger: UInt64

  /// What was found.
  @inlinable public init(sections: UInt64, differing: UInt64, freeByIndex: UInt64, freeByLedger: UInt64) {
    self.sections = sections
    self.differing = differing
    self.freeByIndex = freeByIndex
    self.freeByLedger = freeByLedger
  }
  /// Reads the reply.
  @inlinable public init(_ w: borrowing Message) {
    self.init(sections: w[0], differing: w[1], freeByIndex: w[2], freeByLedger: w[3])
  }
  /// The reply.
  @inlinable public var reply: Message { Message(sections, differing, freeByIndex, freeByLedger) }
}
