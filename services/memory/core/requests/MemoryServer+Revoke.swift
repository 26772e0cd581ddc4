internal import ABI
internal import Interfaces
internal import Runtime

extension MemoryServer {
  /// `revokeLease`: the registers are unmapped and the slots say that they were a lease; the interrupts' handles are gone;
  /// the device is free. Each holding goes whole before the next one, so that a request which answered *again*, or was
  /// interrupted, finds what is left.
  mutating func revokeLease(_ device: Name, _ caller: Caller, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal) -> Message
  {
    try require(.supervise, caller)
    let task = try passedTask(caller, &gate)
    guard isRepeated || held(device, by: task) != nil else {
      let name = sessions.place(of: task.number).map { sessions[$0].name } ?? .none
      throw MemoryRefusal(.notLeased, device.word, limit: name.word)
    }
    var budget = Self.stepBudget
    while let place = held(device, by: task) {
      if holdings[place].kind == .range {
        try endDMA(place, of: task, &gate)
        try takeRegion(holdings[place].region, of: task, budget: &budget, &gate)
      } else {
        do throws(Refusal) { try gate.revoke(holdings[place].slot) } catch { throw MemoryRefusal(error) }
      }
      discard(holdings[place].slot, &gate)
      holdings[place] = Holding()
    }
    return Message()
  }

  /// The first range or interrupt that a task holds under a name.
  private mutating func held(_ device: Name, by task: Target) -> Int? {
    holdings.first { $0.kind != .none && $0.session == task.number && $0.device == device }
  }

  /// Takes a region from whoever has it; the slot says that it is gone.
  mutating func takeRegion(
    _ slot: UInt64, of task: Target, budget: inout Int, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) {
    guard let region = try region(inSlot: slot, of: task.number, &gate) else { throw MemoryRefusal(.notRegion, slot) }
    try unmap(region, slot: slot, of: task, budget: &budget, &gate)
    var message = Message(task.number, 1, handle: slot)
    do throws(Refusal) { try gate.perform(.drop, &message) } catch { throw MemoryRefusal(error) }
  }
}
