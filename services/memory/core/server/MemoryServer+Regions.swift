internal import ABI
internal import Interfaces
internal import Runtime

/// A region as the kernel holds it.
struct Region: Equatable {
  var page: UInt64
  var count: UInt64
  var isPrivate: Bool
  var rights: Rights.Memory
  /// The first page of the Memory that it shows.
  var offset: UInt64 = 0
  /// How it is backed.
  var flags = RegionFlags.none
  /// Pages mapped. The server maps and unmaps upwards: they are the first ones where the mapping was interrupted, the
  /// last ones where the unmapping was. Of a lazy region they are any.
  var mapped: UInt64

  var pages: Range<UInt64> { page..<page + count }
  /// Where it lies and how it is backed, as the kernel holds it.
  var area: RegionWord { RegionWord(page: page, pages: count, isPrivate: isPrivate, flags: flags) }
}

extension Region {
  /// A region as its handle tells it.
  init(_ handle: HandleWord, _ area: RegionWord, offset: UInt64, mapped: UInt64) {
    self.init(
      page: area.page, count: area.pages, isPrivate: area.isPrivate, rights: Rights.Memory(rawValue: handle.rights),
      offset: offset, flags: area.flags, mapped: mapped)
  }
}

/// A region, and where it was found.
struct Found {
  /// Its slot.
  var slot: UInt64
  /// The Memory that it shows, or that names its pages; 0: none.
  var object: UInt64
  var region: Region
}

extension MemoryServer {
  /// The region in a slot of a task (0: the server's own table); nil where the slot holds something else.
  mutating func region(inSlot slot: UInt64, of task: UInt64, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal) -> Region?
  {
    var words = Message(Inspection.handle.rawValue, slot, handle: task)
    do throws(Refusal) { try gate.perform(.inspect, &words) } catch { throw MemoryRefusal(error) }
    let found = HandleWord(raw: words[0])
    guard found.kindNumber == ObjectKind.region.rawValue else { return nil }
    return Region(found, RegionWord(raw: words[1]), offset: words[2], mapped: words[3])
  }

  /// The region of a task (0: the server itself) that holds a page, else the first one behind it, and its slot; nil where
  /// there is none.
  mutating func region(from page: UInt64, of task: UInt64, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal) -> Found?
  {
    guard page < Geometry.taskPages else { return nil }
    do throws(Refusal) {
      let words = try gate.inspect(.region, page, handle: task)
      guard words[0] != 0 else { return nil }
      let word = HandleWord(raw: words[1])
      return Found(
        slot: words[0], object: word.object,
        region: Region(word, RegionWord(raw: words[2]), offset: words[4], mapped: words[3]))
    } catch {
      throw MemoryRefusal(error)
    }
  }

  /// A handle's word, and all four words.
  mutating func handle(inSlot slot: UInt64, of task: UInt64, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal) -> (word: HandleWord, words: Message)
  {
    do throws(Refusal) {
      let words = try gate.inspect(.handle, slot, handle: task)
      return (HandleWord(raw: words[0]), words)
    } catch {
      throw MemoryRefusal(error)
    }
  }

  /// Makes the region `wanted` in an empty slot, or finds it there already: then the request is a repeated one
  /// and goes on. Returns the pages that are mapped.
  mutating func openRegion(
    _ wanted: Region, slot: UInt64, of task: UInt64, memory: UInt64 = 0, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> UInt64 {
    do throws(Refusal) {
      try gate.makeRegion(
        task: task, slot: slot, page: wanted.page, pages: wanted.count, rights: wanted.rights, memory: memory,
        offset: wanted.offset, flags: wanted.flags)
      return 0
    } catch {
      guard error.status == .slotOccupied else { throw refusal(error) }
    }
    let found = try handle(inSlot: slot, of: task, &gate).word
    guard var same = try region(inSlot: slot, of: task, &gate) else {
      throw MemoryRefusal(.slotOccupied, slot, limit: found.kindNumber)
    }
    let mapped = same.mapped
    same.mapped = wanted.mapped
    let isLeaving = mapped > 0 && !wanted.flags.isLazy ? try !isMapped(wanted.page, in: task, &gate) : false
    if isLeaving, isRepeated, same == wanted {
      // What a refused request had mapped was being taken back.
      var budget = Int.max
      try closeRegion(slot: slot, of: Target(number: task, frame: 0), budget: &budget, &gate)
      return try openRegion(wanted, slot: slot, of: task, memory: memory, &gate)
    }
    guard same == wanted, !isLeaving else {
      throw MemoryRefusal(.slotOccupied, slot, limit: found.kindNumber)
    }
    return mapped
  }

  /// Whether a page is mapped. A region of which others are, but not its first, is on its way out.
  mutating func isMapped(_ page: UInt64, in task: UInt64, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal) -> Bool
  {
    do throws(Refusal) {
      return try gate.inspectTranslation(page: page, task: task).level != 0
    } catch {
      throw MemoryRefusal(error)
    }
  }

  /// Unmaps a region and removes it from its slot; nothing of it stays. Of a home the copies that others made of its
  /// pages keep it to the end: they go with what shows them.
  mutating func closeRegion(
    slot: UInt64, of task: Target, budget: inout Int, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) {
    guard let region = try region(inSlot: slot, of: task.number, &gate) else { throw MemoryRefusal(.notRegion, slot) }
    try close(region, slot: slot, of: task, budget: &budget, &gate)
  }

  /// The same of what is known to be in a slot.
  mutating func close(
    _ region: Region, slot: UInt64, of task: Target, budget: inout Int, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) {
    try unmap(region, slot: slot, of: task, budget: &budget, &gate)
    while true {
      var message = Message(task.number, handle: slot)
      do throws(Refusal) { return try gate.perform(.drop, &message) } catch {
        guard error.status == .regionMapped else { throw MemoryRefusal(error) }
        try withdraw(error.limit, fromFrame: error.value, budget: &budget, &gate)
      }
    }
  }

  /// Unmaps all pages of a region, from its start, wherever they are. Frames and tables come back to the index as the
  /// kernel names them; what others show of a home is taken from them first. Throws *again* when the budget of kernel
  /// calls is used up.
  mutating func unmap(
    _ region: Region, slot: UInt64, of task: Target, budget: inout Int, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) {
    var page = region.page
    var left = region.mapped
    while left > 0, page < region.pages.upperBound {
      guard budget > 0 else { throw MemoryRefusal(.interface(.again)) }
      budget -= 1
      do throws(MemoryRefusal) {
        let gone = try unmapSome(slot, from: page, count: region.pages.upperBound - page, of: task, &gate)
        left -= gone.frames
        page += gone.pages
      } catch {
        guard error.cause == .kernel(.regionMapped) else { throw error }
        try withdraw(error.limit, fromFrame: error.value, budget: &budget, &gate)
      }
    }
  }

  /// Unmaps the first pages of a range that are there and lie together; frames and tables come back to the index.
  mutating func unmapSome(
    _ slot: UInt64, from page: UInt64, count: UInt64, of task: Target, spare: UInt64 = 0,
    _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> Unmapped {
    do throws(Refusal) {
      let gone = try gate.unmap(
        task: task.number, region: slot, page: page, count: count, spare: spare, authority: HandOver.Slot.memory)
      if !gone.tookSpare { give(spare) }
      give(gone.frame, count: gone.frames)
      give(gone.firstTable)
      give(gone.secondTable)
      return gone
    } catch {
      give(spare)
      throw MemoryRefusal(error)
    }
  }

  /// The first gap of a task's half that holds `count` pages, behind the lowest 4 GiB where images lie. It lies as the
  /// frames from `frame` on do, to 2 MiB or to 64 KiB as far as the region has so many pages: so the large runs fit.
  mutating func gap(
    _ count: UInt64, as frame: UInt64, in task: UInt64, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> UInt64 {
    let alignment = count >= Geometry.blockFrames ? Geometry.blockFrames : count >= 16 ? 16 : 1
    var page = lowestChosenPage + frame & (alignment - 1)
    while true {
      guard page <= Geometry.taskPages, count <= Geometry.taskPages - page else {
        throw MemoryRefusal(.rangeOutside, page, limit: count)
      }
      // One page stays free on either side: a run over the end of a region faults.
      guard let other = try region(from: page - 1, of: task, &gate)?.region.pages,
        other.lowerBound < page + count + 1
      else { return page }
      let next = other.upperBound + 1
      page = next + (frame &- next) & (alignment - 1)
    }
  }

  /// 4 GiB: images and stacks lie below.
  private var lowestChosenPage: UInt64 { 1 << 20 }
}

/// The task that a request acts on.
struct Target {
  /// The server's slot of its Task handle: its session.
  var number: UInt64
  /// The frame of the task object.
  var frame: UInt64
}

extension Target {
  /// The task of a session.
  init(_ session: borrowing Session) { self.init(number: session.number, frame: session.frame) }
}
