public import ABI

/// The memory server: memory for tasks, tasks, leases of devices, and what the ledger says.
///
/// A session is the badge of the client's handle in slot 1. Where a request may act on another task, that task's
/// handle goes along (`task:`, the slot of a Task handle with the rights `memory` and `control`); otherwise it acts
/// on the caller. Destinations (slots, pages) are named by the client, so that a request may be repeated.
public enum MemoryInterface: Interface {
  /// The version both ends compare.
  @inlinable public static var version: UInt64 { 15 }

  /// What may be asked. Pages are virtual page numbers (address >> 12).
  @frozen public enum Request: InterfaceRequest, Equatable {
    /// Private zeroed pages, as a region in a slot. May answer *again*.
    case allocate(slot: UInt64, page: UInt64, pages: UInt64, rights: UInt64)
    /// Unmaps a region and gives its frames back. May answer *again*.
    case free(slot: UInt64)
    /// Makes the task of a bundle's entry: name, quota, handles, session in slot 1, Power and Timer in their
    /// well-known slots where the entry's flags say so; the Task handle appears in the caller's slot.
    case createTask(entry: UInt64, slot: UInt64)
    /// Ends the task whose handle goes along, and takes everything back that it held. May answer *again*.
    case destroyTask
    /// Maps a segment of the bundle: in place where it is not writable, else private pages with a copy of
    /// the first `filePages`. `offset` is in bytes and page aligned. May answer *again*.
    case load(slot: UInt64, page: UInt64, offset: UInt64, filePages: UInt64, memoryPages: UInt64, rights: UInt64)
    /// Makes an endpoint in a slot of the *caller*, charged to the task: it dies with that task. The caller hands it
    /// on by `copy`.
    case createEndpoint(slot: UInt64)
    /// Makes a notification in a slot of the *caller*, charged to the task.
    case createNotification(slot: UInt64)
    /// Makes a further thread of the task, with its handle in a slot of the *caller*. It stands still until `thread`
    /// starts it, and ends with its last handle.
    case createThread(slot: UInt64)
    /// Leases range `index` of the device that the bundle grants the caller under a name, mapped at a page; at most
    /// the first `pages` pages of it (0: all).
    case lease(grant: Name, index: UInt64, slot: UInt64, page: UInt64, pages: UInt64)
    /// Gives a lease back: the region in a slot.
    case releaseLease(slot: UInt64)
    /// Puts a handle to interrupt `index` of a granted device in a slot; it may be shown to `interrupts`.
    case interrupt(grant: Name, index: UInt64, slot: UInt64)
    /// Gives the kernel its interrupt controller. For the holder of the controller's lease alone.
    case attach
    /// Registers the notification that goes along: signalled when an event waits. For the supervisor alone.
    case supervise
    /// Takes the next event off the queue.
    case nextEvent
    /// Ends the calling task: it gets no reply, its supervisor an event.
    case exit(status: UInt64)
    /// Maps the kernel's log ring at a page, for tasks whose entry has the flag `log`.
    case mapLog(slot: UInt64, page: UInt64)
    /// Maps the bundle at a page, for tasks whose entry has the flag `supervise`.
    case mapBundle(slot: UInt64, page: UInt64)
    /// The frames of RAM by kind.
    case memoryCounts
    /// The task with the lowest session number at or after `session`.
    case taskAt(session: UInt64)
    /// The tables of a task by level, and what they map.
    case tableCounts(session: UInt64)
    /// The region in the lowest slot at or after `slot` of a task.
    case regionAt(session: UInt64, slot: UInt64)
    /// Device `index` of the device tree.
    case deviceAt(index: UInt64)
    /// What the MMU makes of an address in a task's space, read at EL1 or at EL0. For the supervisor alone: the answer
    /// holds a physical address.
    case probe(session: UInt64, address: UInt64, asTask: Flag)
    /// All is started: the server logs what the mappings cost. For the supervisor alone.
    case started
    /// Compares a section of the server's index with the ledger, and puts it right where they differ.
    case verify(section: UInt64)
    /// Gives a region other rights; one that shows a Memory only fewer. May answer *again*.
    case protect(slot: UInt64, rights: UInt64)
    /// A region of private pages that come zeroed with the first touch, `RegionFit` at most at once; guarded: with a
    /// guard page below and above, as a stack wants it.
    case reserve(slot: UInt64, page: UInt64, pages: UInt64, rights: UInt64, fit: UInt64, isGuarded: Flag)
    /// Brings pages of a reserved region now. Replies how many are there, from the first one on.
    case prefault(slot: UInt64, page: UInt64, pages: UInt64)
    /// Gives the frames of a part of a reserved region back. Replies of how many pages, from the first one on.
    case decommit(slot: UInt64, page: UInt64, pages: UInt64)
    /// A name for the caller's region of private pages: a Memory handle in slot `destination` of the caller.
    case share(slot: UInt64, destination: UInt64)
    /// A region of the caller's over the shared Memory that goes along, from its page `offset` on; one that copies shows
    /// a sealed Memory and gets pages of its own where it writes.
    case show(slot: UInt64, page: UInt64, pages: UInt64, offset: UInt64, rights: UInt64, copies: Flag)
    /// Takes `write` from a shared region of the caller's, for good and for all.
    case seal(slot: UInt64)
    /// Gives the task that goes along, which the caller started, another quota, out of the caller's account or back to
    /// it.
    case setQuota(quota: UInt64)
    /// Takes the ranges and interrupts of a device from the task whose handle goes along, which holds them under a name:
    /// its next touch is a fault, and others may have them. For the supervisor alone. May answer *again*.
    case revokeLease(device: Name)
    /// Private zeroed pages whose frames lie together, for the device whose lease is in slot `lease` of the caller's:
    /// aligned to `alignment` bytes, a power of two, the last byte at a bus address of at most `limit`. Replies with the
    /// first page and its bus address. The region is not given back while that lease lasts. May answer *again*.
    case allocateDMA(lease: UInt64, slot: UInt64, page: UInt64, pages: UInt64, alignment: UInt64, limit: UInt64)
    /// The bus address of such a region of the caller's, and its pages.
    case busAddress(slot: UInt64)
    /// Bytes from a physical address on are RAM from now on: whole GiB and a rest of whole 2 MiB, behind all RAM so far.
    case addMemory(address: UInt64, bytes: UInt64)
    /// Another length for a region of private pages, which has `from` pages and is to have `to`; its first page stays. May
    /// answer *again*.
    case resize(slot: UInt64, from: UInt64, to: UInt64)
  }

  /// Why the server refuses.
  @frozen public enum Reason: UInt64, ServiceReason {
    /// Not enough free frames, those for tables included (value: frames needed, limit: frames free).
    case outOfMemory = 1
    /// The account cannot pay (value: frames needed, limit: frames left).
    case quotaExceeded = 2
    /// The range reaches outside the task's half or is empty (value: page, limit: pages).
    case rangeOutside = 3
    /// Rights that a task may not have (value: the rights): write and execute, or none.
    case invalidRights = 4
    /// The slot holds something else (value: slot, limit: kind found).
    case slotOccupied = 5
    /// The slot holds no region, or none of the kind asked for (value: slot).
    case notRegion = 6
    /// No such entry in the bundle, or outside it (value: entry or offset, limit: bound).
    case bundleOutside = 7
    /// The caller's entry grants no device of that name (value: the name).
    case notGranted = 8
    /// The granted device is not in the device tree (value: the name).
    case deviceAbsent = 9
    /// The device has no such range or interrupt (value: index, limit: how many).
    case deviceRange = 10
    /// Another task holds it (value: name of the device, limit: name of the holder).
    case deviceHeld = 11
    /// The caller may not ask this: its entry lacks a flag or it holds no lease (value: what it lacks).
    case notPermitted = 12
    /// No event waits.
    case noEvent = 13
    /// Nothing at or after that number (value: the number).
    case endOfList = 14
    /// No session of that number, or it ended (value: the number).
    case noSuchTask = 15
    /// The server's own tables are full (value: in use, limit: room).
    case serverFull = 16
    /// A page of the range holds registers of another device, which the caller is not granted (value: the page of the
    /// range, counted from 0; limit: the last letters of the other's name).
    case pageShared = 17
    /// The task holds nothing under this name (value: the name, limit: name of the task).
    case notLeased = 18
    /// The region is memory of a device whose lease lasts (value: its slot, limit: slot of the lease).
    case leaseHeld = 19
    /// No free frames lie together as they are wanted (value: frames needed, limit: the longest aligned run there is, at
    /// whatever address).
    case noRun = 20
    /// The device's bus is not one that memory can be given out for (value: the device; limit: 1 it is not coherent,
    /// 2 the bus translates addresses, 3 there is an IOMMU).
    case dmaUnsupported = 21
    /// A device of the device tree lies where RAM was to be (value: its first page, limit: last letters of its name).
    case deviceThere = 22
    /// The region has another length than the request starts from (value: its pages, or those that are there where some are
    /// missing; limit: those of the request).
    case lengthDiffers = 23

    /// What happened, and after a colon what the two values are.
    public var words: StaticString {
      switch self {
      case .outOfMemory: "not enough free frames: needed, free"
      case .quotaExceeded: "the account cannot pay: frames needed, frames left"
      case .rangeOutside: "range outside the task's half: page, pages"
      case .invalidRights: "rights that a task may not have"
      case .slotOccupied: "slot taken: slot, kind found"
      case .notRegion: "no such region in slot"
      case .bundleOutside: "outside the bundle: found, bound"
      case .notGranted: "no device granted under this name"
      case .deviceAbsent: "the granted device is not in the device tree"
      case .deviceRange: "the device has no such range or interrupt: index, count"
      case .deviceHeld: "held by another task: device, holder"
      case .notPermitted: "not permitted to this task"
      case .noEvent: "no event waits"
      case .endOfList: "nothing at or after"
      case .noSuchTask: "no such task"
      case .serverFull: "the server's tables are full: in use, room"
      case .deviceThere: "a device lies there: its first page, its name"
      case .pageShared: "shares a page with a device that is not granted too: page of the range, device"
      case .notLeased: "holds no lease of this name: device, task"
      case .leaseHeld: "memory of a device that is leased: slot, slot of the lease"
      case .noRun: "no such run of frames is free: frames needed, longest aligned run"
      case .lengthDiffers: "the region has another length: its pages, pages said"
      case .dmaUnsupported: "no memory for this device's bus: device, 1 not coherent 2 translates 3 IOMMU"
      }
    }
  }
}

/// Why the memory server refused.
public typealias MemoryRefusal = ServiceRefusal<MemoryInterface.Reason>

extension MemoryInterface.Request {
  /// Writes the words, and the method's number as the label.
  @inlinable @inline(__always)
  public func encode(into message: inout Message) {
    switch self {
    case .allocate(let slot, let page, let pages, let rights):
      message = Message(slot, page, pages, rights, label: 1)
    case .free(let slot): message = Message(slot, label: 2)
    case .createTask(let entry, let slot): message = Message(entry, slot, label: 3)
    case .destroyTask: message = Message(label: 4)
    case .load(let slot, let page, let offset, let filePages, let memoryPages, let rights):
      message = Message(slot, page, offset, filePages, memoryPages, rights, label: 5)
    case .createEndpoint(let slot): message = Message(slot, label: 6)
    case .createNotification(let slot): message = Message(slot, label: 7)
    case .lease(let grant, let index, let slot, let page, let pages):
      message = Message(grant.word, index, slot, page, pages, label: 8)
    case .releaseLease(let slot): message = Message(slot, label: 9)
    case .interrupt(let grant, let index, let slot): message = Message(grant.word, index, slot, label: 10)
    case .attach: message = Message(label: 11)
    case .supervise: message = Message(label: 12)
    case .nextEvent: message = Message(label: 13)
    case .exit(let status): message = Message(status, label: 14)
    case .mapLog(let slot, let page): message = Message(slot, page, label: 15)
    case .mapBundle(let slot, let page): message = Message(slot, page, label: 16)
    case .memoryCounts: message = Message(label: 17)
    case .taskAt(let session): message = Message(session, label: 18)
    case .tableCounts(let session): message = Message(session, label: 19)
    case .regionAt(let session, let slot): message = Message(session, slot, label: 20)
    case .deviceAt(let index): message = Message(index, label: 21)
    case .probe(let session, let address, let asTask):
      message = Message(session, address, asTask.word, label: 22)
    case .started: message = Message(label: 23)
    case .verify(let section): message = Message(section, label: 24)
    case .createThread(let slot): message = Message(slot, label: 25)
    case .protect(let slot, let rights): message = Message(slot, rights, label: 26)
    case .reserve(let slot, let page, let pages, let rights, let fit, let isGuarded):
      message = Message(slot, page, pages, rights, fit, isGuarded.word, label: 27)
    case .prefault(let slot, let page, let pages): message = Message(slot, page, pages, label: 28)
    case .decommit(let slot, let page, let pages): message = Message(slot, page, pages, label: 29)
    case .share(let slot, let destination): message = Message(slot, destination, label: 30)
    case .show(let slot, let page, let pages, let offset, let rights, let copies):
      message = Message(slot, page, pages, offset, rights, copies.word, label: 31)
    case .seal(let slot): message = Message(slot, label: 32)
    case .setQuota(let quota): message = Message(quota, label: 33)
    case .revokeLease(let device): message = Message(device.word, label: 34)
    case .allocateDMA(let lease, let slot, let page, let pages, let alignment, let limit):
      message = Message(lease, slot, page, pages, alignment, limit, label: 35)
    case .busAddress(let slot): message = Message(slot, label: 36)
    case .addMemory(let address, let bytes): message = Message(address, bytes, label: 37)
    case .resize(let slot, let from, let to): message = Message(slot, from, to, label: 38)
    }
  }

  /// Reads the words of a method.
  @inlinable @inline(__always)
  public init?(method: UInt64, _ w: borrowing Message) {
    switch method {
    case 1: self = .allocate(slot: w[0], page: w[1], pages: w[2], rights: w[3])
    case 2: self = .free(slot: w[0])
    case 3: self = .createTask(entry: w[0], slot: w[1])
    case 4: self = .destroyTask
    case 5:
      self = .load(slot: w[0], page: w[1], offset: w[2], filePages: w[3], memoryPages: w[4], rights: w[5])
    case 6: self = .createEndpoint(slot: w[0])
    case 7: self = .createNotification(slot: w[0])
    case 8: self = .lease(grant: Name(word: w[0]), index: w[1], slot: w[2], page: w[3], pages: w[4])
    case 9: self = .releaseLease(slot: w[0])
    case 10: self = .interrupt(grant: Name(word: w[0]), index: w[1], slot: w[2])
    case 11: self = .attach
    case 12: self = .supervise
    case 13: self = .nextEvent
    case 14: self = .exit(status: w[0])
    case 15: self = .mapLog(slot: w[0], page: w[1])
    case 16: self = .mapBundle(slot: w[0], page: w[1])
    case 17: self = .memoryCounts
    case 18: self = .taskAt(session: w[0])
    case 19: self = .tableCounts(session: w[0])
    case 20: self = .regionAt(session: w[0], slot: w[1])
    case 21: self = .deviceAt(index: w[0])
    case 22: self = .probe(session: w[0], address: w[1], asTask: Flag(w[2] != 0))
    case 23: self = .started
    case 24: self = .verify(section: w[0])
    case 25: self = .createThread(slot: w[0])
    case 26: self = .protect(slot: w[0], rights: w[1])
    case 27:
      self = .reserve(slot: w[0], page: w[1], pages: w[2], rights: w[3], fit: w[4], isGuarded: Flag(w[5] != 0))
    case 28: self = .prefault(slot: w[0], page: w[1], pages: w[2])
    case 29: self = .decommit(slot: w[0], page: w[1], pages: w[2])
    case 30: self = .share(slot: w[0], destination: w[1])
    case 31:
      self = .show(slot: w[0], page: w[1], pages: w[2], offset: w[3], rights: w[4], copies: Flag(w[5] != 0))
    case 32: self = .seal(slot: w[0])
    case 33: self = .setQuota(quota: w[0])
    case 34: self = .revokeLease(device: Name(word: w[0]))
    case 35:
      self = .allocateDMA(lease: w[0], slot: w[1], page: w[2], pages: w[3], alignment: w[4], limit: w[5])
    case 36: self = .busAddress(slot: w[0])
    case 37: self = .addMemory(address: w[0], bytes: w[1])
    case 38: self = .resize(slot: w[0], from: w[1], to: w[2])
    default: return nil
    }
  }
}
