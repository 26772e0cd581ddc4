public import ABI
public import Interfaces
internal import Runtime

extension MemoryServer {
  /// `supervise`: keeps the notification that came along; it is signalled when an event waits.
  mutating func supervise(_ caller: Caller, _ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) -> Message {
    try require(.supervise, caller)
    let wanted = ObjectKind.notification.rawValue
    guard caller.passed != 0 else { throw MemoryRefusal(.interface(.handleNeeded), 0, limit: wanted) }
    let found = try handle(inSlot: caller.passed, of: 0, &gate).word
    guard found.kind == .notification else {
      throw MemoryRefusal(.interface(.handleNeeded), found.kindNumber, limit: wanted)
    }
    let needed = Rights.Notification.signal
    guard Rights.Notification(rawValue: found.rights).contains(needed) else {
      throw MemoryRefusal(.kernel(.missingRight), found.rights, limit: needed.rawValue)
    }
    // The slot where it landed stays its slot; the next handle lands in another one.
    let next = try freeSlot(&gate)
    if supervisor != 0 { try? gate.drop(supervisor) }
    supervisor = caller.passed
    landingSlot = next
    if sessions.firstEvent != nil { try? gate.signal(supervisor) }
    return Message()
  }

  /// `nextEvent`: the oldest event that was not told yet.
  mutating func nextEvent(_ caller: Caller) throws(MemoryRefusal) -> Message {
    try require(.supervise, caller)
    guard let place = sessions.firstEvent, let event = sessions[place].event else { throw MemoryRefusal(.noEvent) }
    sessions[place].event = nil
    return event.reply
  }

  /// `exit`: the caller is taken off the processor for good; the reply that it gets finds it there.
  mutating func exit(_ status: UInt64, _ caller: Caller, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal) -> Message
  {
    let number = sessions[caller.place].number
    do throws(Refusal) { try gate.suspend(task: number) } catch { throw MemoryRefusal(error) }
    record(
      TaskEvent(.exited, session: number, name: sessions[caller.place].name, detail: status), caller.place, &gate)
    return Message()
  }

  /// A task faulted: nothing is mapped lazily, so each fault is its end. It is reported, stays stopped, and its
  /// supervisor is told.
  public mutating func faulted(_ badge: UInt64, _ message: Message, _ gate: inout some Gate & ~Copyable) -> Bool {
    guard let place = sessions.place(of: badge) else { return false }
    let name = sessions[place].name
    let fault = Fault(message)
    let nearest = nearestRegion(fault.address, of: badge, &gate)
    FaultReport(fault, name: name, nearest: nearest).log(&gate)
    let event = TaskEvent(
      .faulted, session: badge, name: name, detail: fault.exceptionClass, address: fault.address,
      instruction: fault.instruction)
    record(event, place, &gate)
    return false
  }

  private mutating func record(_ event: TaskEvent, _ place: Int, _ gate: inout some Gate & ~Copyable) {
    eventCount += 1
    sessions[place].event = event
    sessions[place].eventOrder = eventCount
    if supervisor != 0 { try? gate.signal(supervisor) }
  }

  /// The region that holds an address, else the nearest above it, else the nearest below.
  private mutating func nearestRegion(_ address: UInt64, of task: UInt64, _ gate: inout some Gate & ~Copyable)
    -> Region?
  {
    guard let slots = try? gate.inspect(.task, handle: task)[4] else { return nil }
    let page = address >> 12
    var nearest: Region?
    for slot in 1..<slots {
      guard let region = try? region(inSlot: slot, of: task, &gate) else { continue }
      if let best = nearest, best.distance(to: page) <= region.distance(to: page) { continue }
      nearest = region
    }
    return nearest
  }
}

extension Region {
  /// Pages between a page and this region; 0 inside.
  func distance(to other: UInt64) -> UInt64 {
    if other < page { return page - other }
    return other < page + count ? 0 : other - (page + count) + 1
  }
}
