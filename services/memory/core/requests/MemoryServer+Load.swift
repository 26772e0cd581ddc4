internal import ABI
internal import Interfaces
internal import Runtime

/// A segment of the bundle, as a loader asks for it.
struct LoadedSegment {
  var slot: UInt64
  var page: UInt64
  var offset: UInt64
  var filePages: UInt64
  var memoryPages: UInt64
  var rights: UInt64
}

extension MemoryServer {
  /// `load`: a segment of the bundle, for a supervisor alone.
  mutating func load(_ segment: LoadedSegment, _ caller: Caller, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal) -> Message
  {
    try require(.supervise, caller)
    var budget = Self.stepBudget
    try load(segment, into: try target(caller, &gate), &budget, &gate)
    return Message()
  }

  /// Maps a segment: where it lies if it is not written, else as private pages with a copy of its content.
  mutating func load(
    _ segment: LoadedSegment, into task: Target, _ budget: inout Int, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) {
    var wanted = try checkedRegion(segment.page, segment.memoryPages, segment.rights, isPrivate: false)
    guard wanted.page != 0 else { throw MemoryRefusal(.rangeOutside, 0, limit: segment.memoryPages) }
    try checkInBundle(segment)
    let first = segment.offset >> 12
    guard wanted.rights.contains(.write) else {
      guard segment.filePages == segment.memoryPages else {
        throw MemoryRefusal(.bundleOutside, segment.memoryPages, limit: segment.filePages)
      }
      wanted.offset = first
      try mapShown(wanted, slot: segment.slot, of: task, memory: HandOver.Slot.bundle, &gate)
      return
    }
    wanted.isPrivate = true
    let wasWhole = try region(inSlot: segment.slot, of: task.number, &gate)?.mapped == wanted.count
    try mapPrivate(wanted, slot: segment.slot, of: task, budget: &budget, &gate)
    do throws(Refusal) {
      for page in 0..<segment.filePages {
        try gate.copyPage(
          task: task.number, memory: HandOver.Slot.bundle, sourcePage: first + page, to: segment.page + page)
      }
    } catch {
      if !wasWhole { try undo(segment.slot, of: task, &gate) }
      throw MemoryRefusal(error)
    }
  }

  private mutating func checkInBundle(_ segment: LoadedSegment) throws(MemoryRefusal) {
    guard segment.offset & (Geometry.frameBytes - 1) == 0, segment.offset <= facts.bundleBytes,
      segment.filePages <= (facts.bundleBytes - segment.offset) / Geometry.frameBytes
    else { throw MemoryRefusal(.bundleOutside, segment.offset, limit: facts.bundleBytes) }
    guard segment.filePages <= segment.memoryPages else {
      throw MemoryRefusal(.bundleOutside, segment.filePages, limit: segment.memoryPages)
    }
  }

  /// `mapLog`: the log ring, read-only. Replies with the first page.
  mutating func mapLog(_ slot: UInt64, _ page: UInt64, _ caller: Caller, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal) -> Message
  {
    try require(.log, caller)
    return Message(
      try show(HandOver.Slot.log, facts.logFrame, UInt64(LogRing.pages), slot, page, caller, &gate))
  }

  /// `mapBundle`: the bundle, read-only. Replies with its length in bytes and the first page.
  mutating func mapBundle(_ slot: UInt64, _ page: UInt64, _ caller: Caller, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal) -> Message
  {
    try require(.supervise, caller)
    let page = try show(HandOver.Slot.bundle, facts.bundleFrame, facts.bundleBytes >> 12, slot, page, caller, &gate)
    return Message(facts.bundleBytes, page)
  }

  private mutating func show(
    _ memory: UInt64, _ frame: UInt64, _ pages: UInt64, _ slot: UInt64, _ page: UInt64, _ caller: Caller,
    _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> UInt64 {
    let task = Target(sessions[caller.place])
    var wanted = try checkedRegion(page, pages, Rights.Memory.read.rawValue, isPrivate: false)
    wanted.page = try place(wanted, slot, as: frame, in: task, &gate)
    try mapShown(wanted, slot: slot, of: task, memory: memory, &gate)
    return wanted.page
  }
}
