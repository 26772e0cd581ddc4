internal import ABI
internal import DeviceTree
internal import Interfaces
internal import Runtime

/// Memory for a device, as `allocateDMA` asks for it.
struct WantedDMA {
  var lease: UInt64
  var slot: UInt64
  var page: UInt64
  var pages: UInt64
  var alignment: UInt64
  var limit: UInt64
}

// Memory for a device that masters the bus. The kernel keeps with the region that it is such, and for which lease: whose
// frames these are needs no list here. The mark goes before the lease does.
extension MemoryServer {
  /// `allocateDMA`: zeroed frames that lie together, mapped whole. Replies with the first page and the bus address.
  mutating func allocateDMA(_ wanted: WantedDMA, _ caller: Caller, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal) -> Message
  {
    let task = Target(sessions[caller.place])
    guard let place = heldRange(task.number, wanted.lease) else { throw MemoryRefusal(.notRegion, wanted.lease) }
    try checkBus(place, caller)
    let alignment = try frames(alignedTo: wanted.alignment)
    var region = try checkedRegion(wanted.page, wanted.pages, 3, isPrivate: true)
    region.flags = .dma
    region.offset = wanted.lease
    if let made = try madeBefore(region, wanted, alignment, task, &gate) { return made }
    let left = try checkAffordable(region, wanted.slot, task, &gate)
    let end = wanted.limit == .max ? .max : (wanted.limit + 1) >> 12
    let first = try takeTogether(wanted.pages, alignment: alignment, below: end, for: caller.place, &gate)
    holdings[place].mayHaveDMA = true
    do throws(MemoryRefusal) {
      region.page = try self.place(region, wanted.slot, as: first, in: task, &gate)
      _ = try openRegion(region, slot: wanted.slot, of: task.number, &gate)
    } catch {
      give(first, count: wanted.pages)
      throw error
    }
    try mapTogether(region, first, wanted.slot, task, left, &gate)
    return Message(region.page, first << 12)
  }

  /// `busAddress`: of a region that is memory of a device whose lease the caller holds.
  mutating func busAddress(_ slot: UInt64, _ caller: Caller, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal) -> Message
  {
    let task = Target(sessions[caller.place])
    guard let region = try region(inSlot: slot, of: task.number, &gate), region.flags.isDMA,
      region.mapped == region.count, heldRange(task.number, region.offset) != nil
    else { throw MemoryRefusal(.notRegion, slot) }
    return Message(try frame(behind: region.page, of: task, &gate) << 12, region.count)
  }

  /// Makes all memory of a lease ordinary memory of the task's, before the lease ends.
  mutating func endDMA(_ place: Int, of task: Target, _ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) {
    guard holdings[place].mayHaveDMA else { return }
    for slot in 1..<(try slotCount(of: task.number, &gate)) {
      guard let region = try region(inSlot: slot, of: task.number, &gate), region.flags.isDMA,
        region.offset == holdings[place].region
      else { continue }
      do throws(Refusal) {
        try gate.endDMA(task: task.number, region: slot, page: region.page, rights: region.rights)
      } catch {
        throw MemoryRefusal(error)
      }
    }
    holdings[place].mayHaveDMA = false
  }

  /// The reply where the region is there already, as it is asked for. One that was not finished is taken back: its
  /// frames would have to go on where others may be in use by now.
  private mutating func madeBefore(
    _ wanted: Region, _ asked: WantedDMA, _ alignment: UInt64, _ task: Target, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> Message? {
    let found = try handle(inSlot: asked.slot, of: task.number, &gate).word
    guard found.kind != .none else { return nil }
    let taken = MemoryRefusal(.slotOccupied, asked.slot, limit: found.kindNumber)
    guard var before = try region(inSlot: asked.slot, of: task.number, &gate) else { throw taken }
    let mapped = before.mapped
    before.mapped = 0
    if asked.page == 0 { before.page = 0 }
    guard before == wanted else { throw taken }
    guard mapped == wanted.count else {
      try undo(asked.slot, of: task, &gate)
      return nil
    }
    guard let page = try region(inSlot: asked.slot, of: task.number, &gate)?.page else { throw taken }
    let first = try frame(behind: page, of: task, &gate)
    guard first & (alignment - 1) == 0, (first + wanted.count) << 12 - 1 <= asked.limit else { throw taken }
    return Message(page, first << 12)
  }

  /// Maps frames that lie together as all pages of a region, a leaf table at a time.
  private mutating func mapTogether(
    _ region: Region, _ first: UInt64, _ slot: UInt64, _ task: Target, _ left: UInt64,
    _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) {
    var spares = Spares()
    var (done, tables): (UInt64, UInt64) = (0, 0)
    do throws(MemoryRefusal) {
      try mapRest(of: region, slot, on: first, task, &done, &spares, &tables, &gate)
      give(spares)
    } catch {
      give(spares)
      give(first + done, count: region.count - done)
      try undo(slot, of: task, &gate)
      throw explained(error, region.count + tables, left)
    }
  }

  /// An alignment in frames: a power of two, up to a section.
  private mutating func frames(alignedTo bytes: UInt64) throws(MemoryRefusal) -> UInt64 {
    let most = Geometry.sectionFrames << 12
    guard bytes & (bytes &- 1) == 0, bytes <= most else {
      throw MemoryRefusal(.kernel(.outOfRange), bytes, limit: most)
    }
    return max(bytes >> 12, 1)
  }

  /// The frame behind a page that is mapped.
  private mutating func frame(behind page: UInt64, of task: Target, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal) -> UInt64
  {
    do throws(Refusal) { return try gate.inspectTranslation(page: page, task: task.number).frame } catch {
      throw MemoryRefusal(error)
    }
  }

  /// Refuses a device whose bus addresses are not those of the CPU, or that does not see what the CPU's caches hold:
  /// memory could only be given out wrongly for it. Devicetree Specification 2.3.9 (`dma-ranges`) and 2.3.10
  /// (`dma-coherent`).
  private mutating func checkBus(_ place: Int, _ caller: Caller) throws(MemoryRefusal) {
    let (badge, name) = (holdings[place].badge, holdings[place].device.word)
    let entry = try entry(sessions[caller.place].entry)
    let number = Int(truncatingIfNeeded: badge & 0xff) - 1
    guard number >= 0, number < entry.grantCount else { throw MemoryRefusal(.notGranted, name) }
    let node = try find(.range, badge >> 8, of: entry.grants[number], number).node
    if tree.property("iommus", of: node) != nil { throw MemoryRefusal(.dmaUnsupported, name, limit: 3) }
    var isCoherent = tree.property("dma-coherent", of: node) != nil
    var bus = node.parent
    while let above = bus {
      if tree.property("dma-coherent", of: above) != nil { isCoherent = true }
      let ranges = tree.property("dma-ranges", of: above)
      if let ranges, ranges.byteCount > 0 { throw MemoryRefusal(.dmaUnsupported, name, limit: 2) }
      bus = above.parent
    }
    guard isCoherent else { throw MemoryRefusal(.dmaUnsupported, name, limit: 1) }
  }
}
