internal import ABI
internal import DeviceTree
internal import Interfaces
internal import Runtime

// RAM that comes while the system runs.
extension MemoryServer {
  /// `addMemory`: bytes from an address on are RAM from now on, at the word of the supervisor. Nothing of it is claimed
  /// before it is needed. Replies with the frames of all RAM.
  mutating func addMemory(
    _ address: UInt64, _ bytes: UInt64, _ caller: Caller, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> Message {
    try require(.supervise, caller)
    let mask = Geometry.frameBytes - 1
    guard (address | bytes) & mask == 0 else {
      throw MemoryRefusal(.kernel(.unaligned), address & mask != 0 ? address : bytes, limit: Geometry.frameBytes)
    }
    let (first, count) = (address >> 12, bytes >> 12)
    if isRepeated, isKnown(first, count) { return Message(ram.frames) }
    if let (page, name) = device(in: first, count) { throw MemoryRefusal(.deviceThere, page, limit: name) }
    do throws(Refusal) { try gate.addMemory(frame: first, count: count, authority: HandOver.Slot.devices) } catch {
      throw MemoryRefusal(error)
    }
    ram.add(first: first, end: first + count)
    return Message(ram.frames)
  }

  /// The RAM that boot uses, and what was added before this server began.
  mutating func findRAM(_ gate: inout some Gate & ~Copyable) {
    ram.add(first: facts.firstFrame, end: facts.endFrame)
    while ram.count < RAMList.capacity,
      let next = try? gate.inspectRAM(UInt64(ram.count), authority: HandOver.Slot.memory), next.count > 0
    {
      ram.add(first: next.first, end: next.first + next.count)
    }
  }

  /// Whether exactly this was added last.
  private mutating func isKnown(_ first: UInt64, _ count: UInt64) -> Bool {
    let last = ram.range(ofSection: ram.sections - 1)
    return ram.count > 1 && last.first == first && last.end == first + count
  }

  /// The first page of a device of the tree that lies in these frames, whether or not anybody holds it, and the last
  /// letters of its name.
  private mutating func device(in first: UInt64, _ count: UInt64) -> (page: UInt64, name: UInt64)? {
    guard count > 0, first &+ count > first else { return nil }
    var next = tree.node(after: tree.root)
    while let node = next {
      next = tree.node(after: node)
      guard tree.property("compatible", of: node) != nil, let device = try? tree.device(node) else { continue }
      for index in 0..<device.ranges.count {
        let range = device.ranges[index]
        guard range.size > 0, range.base >> 12 < first + count, first <= (range.end - 1) >> 12 else { continue }
        return (range.base >> 12, tree.nameEnd(of: node))
      }
    }
    return nil
  }
}
