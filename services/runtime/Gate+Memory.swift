public import ABI
public import Interfaces

/// What `map` did.
@frozen public struct Mapped: Equatable, Sendable {
  /// Pages mapped.
  public var pages: UInt64
  /// Whether the first spare frame became a table.
  public var tookFirst: Bool
  /// Whether the second spare frame became a table.
  public var tookSecond: Bool
  /// The frame of a leaf table that a block has replaced, 0 for none.
  public var table: UInt64

  /// Reads the outcome of a call.
  @inlinable public init(_ message: borrowing Message) {
    pages = message[0]
    tookFirst = message[1] & 1 != 0
    tookSecond = message[1] & 2 != 0
    table = message[2]
  }
}

/// What `unmap` did.
@frozen public struct Unmapped: Equatable, Sendable {
  /// Pages handled from the first one on: those passed over because nothing was there, then those unmapped.
  public var pages: UInt64
  /// Tables that came free: frames, 0 for none.
  public var firstTable: UInt64
  /// The second such table.
  public var secondTable: UInt64
  /// The first of the frames that came free.
  public var frame: UInt64
  /// Frames that came free; they lie together. 0 where nothing was mapped, and of a region that shows a Memory.
  public var frames: UInt64
  /// Whether the spare frame became a table.
  public var tookSpare: Bool

  /// Reads the outcome of a call.
  @inlinable public init(_ message: borrowing Message) {
    pages = message[0]
    firstTable = message[1]
    secondTable = message[2]
    frame = message[3]
    frames = message[4]
    tookSpare = message[5] != 0
  }
}

/// What `protect` did.
@frozen public struct Protected: Equatable, Sendable {
  /// Pages handled from the first one on: those passed over, then those that got other rights.
  public var pages: UInt64
  /// Pages that got other rights.
  public var changed: UInt64

  /// Reads the outcome of a call.
  @inlinable public init(_ message: borrowing Message) {
    pages = message[0]
    changed = message[1]
  }
}

/// The translation of a page.
@frozen public struct Translation: Equatable, Sendable {
  /// Level of the descriptor: 0 none, 2 a block, 3 a page.
  public var level: UInt64
  /// The frame behind the page.
  public var frame: UInt64
  /// How it may be used.
  public var rights: Rights.Memory
  /// Pages that the entry maps.
  public var pages: UInt64

  /// Reads the outcome of a call.
  @inlinable public init(_ message: borrowing Message) {
    level = message[0]
    frame = message[1]
    rights = Rights.Memory(rawValue: message[2])
    pages = message[3]
  }
}

// RAM and address spaces. A task parameter of 0 is the caller where the kernel allows it.
extension Gate where Self: ~Copyable {
  /// Claims a section of RAM for a Memory authority. Returns the call's words.
  @inlinable public mutating func claim(section: UInt64, authority: UInt64, spare: UInt64) throws(Refusal) -> Message {
    var message = Message(section, spare, handle: authority)
    try perform(.claim, &message)
    return message
  }

  /// Makes frames RAM that the system may use from now on; `authority` is the one over device space.
  @inlinable public mutating func addMemory(frame: UInt64, count: UInt64, authority: UInt64) throws(Refusal) {
    var message = Message(frame, count, handle: authority)
    try perform(.claim, &message)
  }

  /// A range of RAM: its first frame, and how many; none where there are not so many ranges.
  @inlinable public mutating func inspectRAM(_ index: UInt64, authority: UInt64) throws(Refusal)
    -> (first: UInt64, count: UInt64)
  {
    let words = try inspect(.ram, index, handle: authority)
    return (words[0], words[1])
  }

  /// Makes a region in a slot of a task: private pages, or with a Memory of the caller's a view from `offset` pages. Returns
  /// how many tables its first page lacks.
  @inlinable @discardableResult public mutating func makeRegion(
    task: UInt64, slot: UInt64, page: UInt64, pages: UInt64, rights: Rights.Memory, memory: UInt64 = 0,
    offset: UInt64 = 0, flags: RegionFlags = .none
  ) throws(Refusal) -> UInt64 {
    var message = Message(slot, page, pages, rights.rawValue, memory, offset, flags.raw, handle: task)
    try perform(.region, &message)
    return message[0]
  }

  /// Maps pages of a region, at most one leaf table. Of private pages the frames start at `frame`.
  @inlinable public mutating func map(
    task: UInt64, region: UInt64, page: UInt64, count: UInt64, frame: UInt64 = 0, spares: (UInt64, UInt64) = (0, 0),
    authority: UInt64
  ) throws(Refusal) -> Mapped {
    var message = Message(region, page, count, frame, spares.0, spares.1, authority, handle: task)
    try perform(.map, &message)
    return Mapped(message)
  }

  /// Unmaps the first pages of a range that are mapped and lie together, at most one leaf table.
  /// A part of a block leaves the rest under a table, for which `spare` is a free frame of the authority.
  @inlinable public mutating func unmap(
    task: UInt64, region: UInt64, page: UInt64, count: UInt64, spare: UInt64 = 0, authority: UInt64 = 0
  ) throws(Refusal) -> Unmapped {
    var message = Message(region, page, count, 0, spare, 0, authority, handle: task)
    try perform(.unmap, &message)
    return Unmapped(message)
  }

  /// Puts a copy on a free frame in place of a page of a region that copies on write.
  @inlinable public mutating func privatize(
    task: UInt64, region: UInt64, page: UInt64, frame: UInt64, authority: UInt64
  ) throws(Refusal) {
    var message = Message(region, page, 0, frame, 0, 0, authority, handle: task)
    try perform(.privatize, &message)
  }

  /// Gives a region other rights, and with them the first of a range's pages, at most one leaf table; `seals` a home.
  @inlinable public mutating func protect(
    task: UInt64, region: UInt64, page: UInt64, count: UInt64, rights: Rights.Memory, seals: Bool = false
  ) throws(Refusal) -> Protected {
    var message = Message(region, page, count, rights.rawValue, seals ? 1 : 0, handle: task)
    try perform(.protect, &message)
    return Protected(message)
  }

  /// Gives a region of private pages another length, as far as what goes is empty; of a home the first `shown` may be shown
  /// from now on. Returns the pages that it has.
  @inlinable public mutating func resize(task: UInt64, region: UInt64, pages: UInt64, shown: UInt64) throws(Refusal)
    -> UInt64
  {
    var message = Message(region, pages, shown, handle: task)
    try perform(.resize, &message)
    return message[0]
  }

  /// Makes memory of a device ordinary private pages. One call does, whatever the region's size.
  @inlinable public mutating func endDMA(task: UInt64, region: UInt64, page: UInt64, rights: Rights.Memory)
    throws(Refusal)
  {
    var message = Message(region, page, 1, rights.rawValue, 2, handle: task)
    try perform(.protect, &message)
  }

  /// Copies a page of a Memory into a private page of a task.
  @inlinable public mutating func copyPage(task: UInt64, memory: UInt64, sourcePage: UInt64, to page: UInt64)
    throws(Refusal)
  {
    var message = Message(page, memory, sourcePage, handle: task)
    try perform(.copyPage, &message)
  }
}

// Facts.
extension Gate where Self: ~Copyable {
  /// Reads facts: the words that `Inspection` lists.
  @inlinable public mutating func inspect(_ what: Inspection, _ argument: UInt64 = 0, handle: UInt64 = 0)
    throws(Refusal) -> Message
  {
    var message = Message(what.rawValue, argument, handle: handle)
    try perform(.inspect, &message)
    return message
  }

  /// The word and the value of the handle in a slot of a task.
  @inlinable public mutating func inspectHandle(_ slot: UInt64, task: UInt64 = 0) throws(Refusal)
    -> (word: HandleWord, value: UInt64)
  {
    let message = try inspect(.handle, slot, handle: task)
    return (HandleWord(raw: message[0]), message[1])
  }

  /// The translation of a page in a task.
  @inlinable public mutating func inspectTranslation(page: UInt64, task: UInt64) throws(Refusal) -> Translation {
    Translation(try inspect(.translation, page, handle: task))
  }
}
