internal import ABI
internal import Interfaces
internal import Runtime

// Regions whose pages come with the first touch, or when they are asked for, and go again without the region.
extension MemoryServer {
  /// `reserve`: a region of which nothing is there yet; page 0 lets the server choose. Replies with the first page.
  mutating func reserve(_ wanted: Reservation, _ task: Target, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal) -> Message
  {
    guard let fit = RegionFit(rawValue: wanted.fit) else {
      throw MemoryRefusal(.kernel(.outOfRange), wanted.fit, limit: RegionFit.block.rawValue)
    }
    var region = try checkedRegion(wanted.page, wanted.pages, wanted.rights, isPrivate: true)
    region.flags = wanted.isGuarded ? RegionFlags.lazy(fit).guarded : .lazy(fit)
    region.page = try place(region, wanted.slot, in: task, &gate)
    _ = try openRegion(region, slot: wanted.slot, of: task.number, &gate)
    return Message(region.page)
  }

  /// `prefault`: brings the pages of a part that are not there yet, as touches would. Replies with the pages, from the
  /// first one on, that are there now: the client asks for the rest. What came before a refusal stays, as it would
  /// after touches.
  mutating func prefault(
    _ slot: UInt64, _ page: UInt64, _ pages: UInt64, _ task: Target, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> Message {
    try requireLazy(slot, page, pages, task, &gate)
    return try inParts(page, pages, &gate) { server, page, left, gate throws(MemoryRefusal) in
      try server.bring(page, most: left, slot, task.number, &gate)
    }
  }

  /// `decommit`: the frames of a part go back; a later touch brings zeroes again. Replies with the pages, from the
  /// first one on, of which nothing is there any more: the client asks for the rest. What went before a refusal stays
  /// away.
  mutating func decommit(
    _ slot: UInt64, _ page: UInt64, _ pages: UInt64, _ task: Target, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> Message {
    try requireLazy(slot, page, pages, task, &gate)
    return try inParts(page, pages, &gate) { server, page, left, gate throws(MemoryRefusal) in
      try server.unmapPart(slot, from: page, count: left, of: task, &gate)
    }
  }

  /// As many steps as a request may take, each from where the last one ended; each tells how many pages it dealt with.
  /// The reply says how many it were in all.
  private mutating func inParts<G: Gate & ~Copyable>(
    _ page: UInt64, _ pages: UInt64, _ gate: inout G,
    _ step: (inout Self, UInt64, UInt64, inout G) throws(MemoryRefusal) -> UInt64
  ) throws(MemoryRefusal) -> Message {
    var budget = Self.stepBudget
    var done: UInt64 = 0
    while done < pages, budget > 0 {
      budget -= 1
      done += try step(&self, page + done, pages - done, &gate)
    }
    return Message(done)
  }

  /// Takes pages away that have just come.
  mutating func decommit(
    _ pages: Range<UInt64>, _ slot: UInt64, _ task: Target, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) {
    var next = pages.lowerBound
    while next < pages.upperBound {
      next += try unmapPart(slot, from: next, count: pages.upperBound - next, of: task, &gate)
    }
  }

  /// One step upwards; where only a part of a block goes, the rest moves to a table on a frame that is taken for it.
  mutating func unmapPart(
    _ slot: UInt64, from page: UInt64, count: UInt64, of task: Target, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> UInt64 {
    do throws(MemoryRefusal) {
      return try unmapSome(slot, from: page, count: count, of: task, &gate).pages
    } catch {
      guard error.cause == .kernel(.tablesNeeded) else { throw error }
      guard let spare = takeFrame(&gate) else { throw MemoryRefusal(.outOfMemory, 1, limit: freeFrames) }
      return try unmapSome(slot, from: page, count: count, of: task, spare: spare, &gate).pages
    }
  }

  /// Refuses what is no lazy region of the task's own, or does not hold all of these pages. The pages that a region shows
  /// of another are its home's to bring: no frame is taken for them.
  private mutating func requireLazy(
    _ slot: UInt64, _ page: UInt64, _ pages: UInt64, _ task: Target, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) {
    guard let region = try region(inSlot: slot, of: task.number, &gate),
      region.isPrivate && region.flags.isLazy || region.flags.isDMA
    else { throw MemoryRefusal(.notRegion, slot) }
    guard region.flags.isLazy else { throw MemoryRefusal(.leaseHeld, slot, limit: region.offset) }
    guard pages > 0, region.pages.contains(page), pages <= region.pages.upperBound - page else {
      throw MemoryRefusal(.rangeOutside, page, limit: pages)
    }
  }
}

/// A region as `reserve` asks for it.
struct Reservation {
  var slot: UInt64
  var page: UInt64
  var pages: UInt64
  var rights: UInt64
  var fit: UInt64
  var isGuarded: Bool
}
