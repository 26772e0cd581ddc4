internal import ABI
internal import Interfaces
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
    if supervisor != 0 { try? gate.drop(supervisor) }
    supervisor = 0
    do throws(Refusal) { try gate.copy(caller.passed, to: OwnSlot.supervisor, rights: needed.rawValue) } catch {
      throw MemoryRefusal(error)
    }
    supervisor = OwnSlot.supervisor
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

  /// `exit`: the caller is taken off the processor for good. The kernel keeps the status with its task, where a server
  /// that starts anew finds it.
  mutating func exit(_ status: UInt64, _ caller: Caller, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal) -> Message
  {
    let number = sessions[caller.place].number
    do throws(Refusal) { try gate.exit(task: number, status: status) } catch { throw MemoryRefusal(error) }
    record(
      TaskEvent(.exited, session: number, name: sessions[caller.place].name, detail: status), caller.place, &gate)
    return Message()
  }

  /// Keeps an event until its supervisor asks for it, and tells it.
  mutating func record(_ event: TaskEvent, _ place: Int, _ gate: inout some Gate & ~Copyable) {
    note(event, place)
    if supervisor != 0 { try? gate.signal(supervisor) }
  }

  /// Keeps an event until it is asked for.
  mutating func note(_ event: TaskEvent, _ place: Int) {
    eventCount += 1
    sessions[place].event = event
    sessions[place].eventOrder = eventCount
  }
}
