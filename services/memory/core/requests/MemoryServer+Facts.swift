internal import ABI
internal import DeviceTree
internal import Interfaces
internal import Runtime

// What the shell shows. Sums are exact: each frame of RAM is counted once, by what the ledger says of it.
extension MemoryServer {
  /// `memoryCounts`. The index has the free frames, the accounts have those that are in use, and the kernel its own tables;
  /// the rest of what was claimed is the image's, the ledger's and what else boot set aside. The ledger says the same, but
  /// word by word: others would wait for it.
  mutating func memoryCounts(_ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) -> MemoryCounts {
    var counts = MemoryCounts()
    do throws(Refusal) {
      counts.tables = try gate.inspect(.kernel)[1]
      try count(HandOver.Slot.task, &counts, &gate)
      for place in 0..<SessionList.capacity where sessions[place].number != 0 {
        try count(sessions[place].number, &counts, &gate)
      }
    } catch {
      throw MemoryRefusal(error)
    }
    counts.heldBack = UInt64(reserve.count)
    counts.free = UInt64(index.freeFrames) + counts.heldBack
    counts.unclaimed = unclaimedFrames
    let claimed = ram.frames - counts.unclaimed
    counts.fixed = claimed - counts.free - counts.privatePages - counts.tables - counts.objects
    counts.freeBlocks = UInt64(index.freeRuns(order: 9))
    counts.freeGroups = UInt64(index.freeRuns(order: 4))
    return counts
  }

  /// Adds what a task's account pays.
  private mutating func count(_ task: UInt64, _ counts: inout MemoryCounts, _ gate: inout some Gate & ~Copyable)
    throws(Refusal)
  {
    let account = try gate.inspect(.account, handle: task)
    let (objects, tables) = (account[5], account[6])
    counts.objects += objects
    counts.tables += tables
    counts.privatePages += account[1] - account[4] - objects - tables
  }

  /// `taskAt`: the server itself is session 1.
  mutating func taskFacts(from number: UInt64, _ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) -> TaskFacts {
    let own = HandOver.Slot.task
    guard let session = number <= own ? own : sessions.lowest(from: number) else {
      throw MemoryRefusal(.endOfList, number)
    }
    do throws(Refusal) {
      let w = try gate.inspect(.task, handle: session)
      let count = session == own ? restarts : w[7] >> 8
      let given = try gate.inspect(.account, handle: session)[4]
      let state = w[3] | (w[7] & 0xff) << 8 | count << 16
      return TaskFacts(Message(session, w[0], w[1], w[2] | given << 32, state, w[5], w[6], w[4]))
    } catch {
      throw MemoryRefusal(error)
    }
  }

  /// `tableCounts`: the tables by level, what they map, the frames of objects, and the tables that grew for
  /// leases.
  mutating func tableCounts(of number: UInt64, _ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) -> TableCounts
  {
    let task = try known(number)
    let frame = try handle(inSlot: task, of: 0, &gate).word.object >> 12
    var counts = TableCounts(Message())
    var middleEntries: UInt64 = 0
    let ledger = views.ledger
    forEachWord { each, word in
      if word.kind == .objects, word.task == frame { counts.objects += 1 }
      guard word.kind == .table, word.parent != 0, ledger.owner(ofTable: each) == frame else { return }
      switch word.level {
      case 1: counts.level1 += 1
      case 2:
        counts.level2 += 1
        middleEntries += word.used
      default:
        counts.level3 += 1
        counts.pages += word.used
      }
    }
    counts.blocks = middleEntries - counts.level3
    counts.leases = try leaseTables(of: number, &gate)
    return counts
  }

  /// `regionAt`.
  mutating func regionFacts(of number: UInt64, from first: UInt64, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal) -> RegionFacts
  {
    let task = try known(number)
    let slots: UInt64
    do throws(Refusal) { slots = try gate.inspect(.task, handle: task)[4] } catch { throw MemoryRefusal(error) }
    guard first < slots else { throw MemoryRefusal(.endOfList, first) }
    for slot in first..<slots {
      guard let region = try region(inSlot: slot, of: task, &gate) else { continue }
      let held = heldRange(number, slot)
      // Of what shows a Memory only the shared come when they are touched.
      let shown: RegionFacts.Kind = region.flags.isLazy ? .shared : .image
      let kind: RegionFacts.Kind = region.isPrivate ? .privatePages : held == nil ? shown : .device
      let device = held.map { holdings[$0].device } ?? Name.none
      return RegionFacts(
        Message(
          slot, region.page, region.count, region.rights.rawValue, kind.rawValue, region.mapped, device.word,
          region.flags.raw))
    }
    throw MemoryRefusal(.endOfList, first)
  }

  /// `deviceAt`: the nodes of the tree that a lease can be made of, in their order.
  mutating func deviceFacts(_ index: UInt64, _ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) -> DeviceFacts {
    var left = index
    var next = tree.node(after: tree.root)
    while let node = next {
      next = tree.node(after: node)
      guard tree.isEnabled(node), tree.property("compatible", of: node) != nil,
        let device = try? tree.device(node), device.ranges.count > 0
      else { continue }
      if left == 0 { return deviceFacts(device, index, &gate) }
      left -= 1
    }
    throw MemoryRefusal(.endOfList, index)
  }

  private mutating func deviceFacts(_ device: Device, _ index: UInt64, _ gate: inout some Gate & ~Copyable)
    -> DeviceFacts
  {
    var facts = DeviceFacts(Message(index))
    (facts.name, facts.nameEnd) = device.lastName
    facts.ranges = UInt64(device.ranges.count)
    facts.interrupts = UInt64(device.interruptCount)
    facts.length = device.ranges[0].size
    let first = device.ranges[0].base
    if let place = holdings.first(where: { $0.kind == .range && $0.base <= first && first < $0.limit }) {
      facts.holder = sessions.place(of: holdings[place].session).map { sessions[$0].name } ?? .none
    }
    for line in 0..<device.interruptCount {
      let number = UInt64(device.interrupts[line].number)
      guard let place = holdings.first(where: { $0.kind == .interrupt && $0.first == number }) else { continue }
      facts.delivered += (try? gate.inspect(.interrupt, handle: holdings[place].slot)[2]) ?? 0
    }
    return facts
  }

  /// The slot of a task's handle: its session, or the server's own.
  mutating func known(_ number: UInt64) throws(MemoryRefusal) -> UInt64 {
    guard number == HandOver.Slot.task || sessions.place(of: number) != nil else {
      throw MemoryRefusal(.noSuchTask, number)
    }
    return number
  }

  /// Visits the ledger's words of all frames that were claimed.
  private mutating func forEachWord(_ visit: (UInt64, LedgerWord) -> Void) {
    for section in 0..<index.sections {
      let (frames, base) = frames(ofSection: section)
      for frame in base + UInt64(frames.first)..<base + UInt64(frames.end) { visit(frame, views.ledger.word(frame)) }
    }
  }
}

extension LedgerView where Self: ~Copyable {
  /// The frame of the task that a table belongs to: up its parents, of which there are at most three. The kernel's
  /// own tables end at 0.
  func owner(ofTable frame: UInt64) -> UInt64 {
    var frame = frame
    for _ in 0..<3 {
      guard frame != 0 else { return 0 }
      let word = word(frame)
      guard word.kind == .table else { return frame }
      frame = word.parent
    }
    return frame
  }
}

extension Device {
  /// The last component of the path, up to 16 bytes; of a longer one the first eight and the last eight, which tell the
  /// unit address.
  var lastName: (Name, Name) {
    var start = pathCount
    while start > 0, path[start - 1] != UInt8(ascii: "/") { start -= 1 }
    var words: (UInt64, UInt64) = (0, 0)
    for index in 0..<min(16, pathCount - start) {
      let isCut = pathCount - start > 16 && index >= 8
      let byte = UInt64(path[isCut ? pathCount - 16 + index : start + index])
      if index < 8 { words.0 |= byte &<< UInt64(index * 8) } else { words.1 |= byte &<< UInt64(index * 8 - 64) }
    }
    return (Name(word: words.0), Name(word: words.1))
  }
}
