internal import ABI
internal import Interfaces
internal import Runtime

extension MemoryServer {
  /// `createTask`: the task of an entry, its handle in the caller's slot. Replies with its session.
  mutating func createTask(_ entry: UInt64, _ slot: UInt64, _ caller: Caller, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal) -> Message
  {
    try require(.supervise, caller)
    let index = entry < UInt64(BundleLayout.mostEntries) ? Int(truncatingIfNeeded: entry) : BundleLayout.mostEntries
    let described = try self.entry(index)
    // Entries 0 and 1, memory and init, are the system's own.
    guard index >= 2 else { throw MemoryRefusal(.bundleOutside, entry, limit: 2) }
    let owner = sessions[caller.place].number
    let (taken, words) = try handle(inSlot: slot, of: owner, &gate)
    if isRepeated, taken.kind == .task, let made = sessions.place(of: words[1]), sessions[made].entry == index {
      return Message(words[1])
    }
    guard slot != 0, taken.kind == .none else {
      throw MemoryRefusal(.slotOccupied, slot, limit: taken.kindNumber)
    }
    let place = try makeTask(described, index, account: owner, &gate)
    do throws(Refusal) {
      let rights: Rights.Task = [.memory, .control]
      let session = sessions[place].number
      try gate.copy(session, to: slot, task: owner, rights: rights.rawValue, badge: session)
      return Message(session)
    } catch {
      try endTask(place, &gate)
      throw refusal(error)
    }
  }

  /// Makes a task with its session in slot 1, and what its entry's flags give it; its quota comes out of an account (0:
  /// the server's). Returns the session's place.
  mutating func makeTask(
    _ entry: Bundle.Entry, _ index: Int, account: UInt64 = 0, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> Int {
    guard let place = sessions.freePlace else {
      throw MemoryRefusal(.serverFull, UInt64(SessionList.capacity), limit: UInt64(SessionList.capacity))
    }
    let number = try freeSlot(&gate)
    let frame = try makeTaskObject(entry, number, account: account, &gate)
    sessions[place] = Session(
      number: number, entry: index, flags: entry.flags, frame: frame, name: Name(word: entry.name))
    do throws(Refusal) {
      try equip(place, &gate)
      return place
    } catch {
      try endTask(place, &gate)
      throw refusal(error)
    }
  }

  /// Gives a task its session, and what its entry's flags allow it; what it has already it keeps.
  mutating func equip(_ place: Int, _ gate: inout some Gate & ~Copyable) throws(Refusal) {
    let number = sessions[place].number
    let rights: Rights.Endpoint = [.call, .pass]
    try give(endpoint, WellKnownSlot.memory, rights: rights.rawValue, badge: number, to: number, &gate)
    if sessions[place].flags.contains(.power) {
      try give(HandOver.Slot.power, WellKnownSlot.power, rights: 7, to: number, &gate)
    }
    if sessions[place].flags.contains(.deadline) {
      try give(HandOver.Slot.timer, WellKnownSlot.timer, rights: 1, to: number, &gate)
    }
  }

  private mutating func give(
    _ slot: UInt64, _ destination: UInt64, rights: UInt64, badge: UInt64 = 0, to task: UInt64,
    _ gate: inout some Gate & ~Copyable
  ) throws(Refusal) {
    guard try gate.inspectHandle(destination, task: task).word == .empty else { return }
    try gate.copy(slot, to: destination, task: task, rights: rights, badge: badge)
  }

  /// The task object on frames in a row, and its root table. Returns the first frame.
  private mutating func makeTaskObject(
    _ entry: Bundle.Entry, _ slot: UInt64, account: UInt64, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> UInt64 {
    let wanted = UInt64(entry.handleFrames) + 1
    guard let run = takeRun(wanted, &gate) else { throw MemoryRefusal(.outOfMemory, wanted + 1, limit: 0) }
    guard run.count == wanted, let root = takeFrame(&gate) else {
      give(run.first, count: run.count)
      throw MemoryRefusal(.outOfMemory, wanted + 1, limit: freeFrames)
    }
    do throws(Refusal) {
      try gate.createTask(
        Name(word: entry.name), account: account, frame: run.first, furtherFrames: wanted - 1, root: root,
        quota: UInt64(entry.quota), slot: slot, authority: HandOver.Slot.memory)
      return run.first
    } catch {
      give(run.first, count: run.count)
      give(root)
      throw refusal(error)
    }
  }
}
