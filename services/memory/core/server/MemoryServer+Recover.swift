internal import ABI
internal import DeviceTree
internal import Interfaces
internal import Runtime

/// How the server came to run: the registers with which the kernel starts it.
public struct ServerStart: Sendable {
  /// Times that the kernel started it anew.
  var restarts: UInt64
  /// The fault that ended the last one; nothing where the supervisor wished it.
  var fault: Fault?

  /// x0 to x5: restarts, then what a fault message says: syndrome, address, instruction, stack, link.
  public init(
    restarts: UInt64 = 0, syndrome: UInt64 = 0, address: UInt64 = 0, instruction: UInt64 = 0, stack: UInt64 = 0,
    link: UInt64 = 0
  ) {
    self.restarts = restarts
    if syndrome != 0 { fault = Fault(Message(syndrome, address, instruction, stack, link)) }
  }
}

// A server that starts anew finds all it knew with the kernel: its handles in its own slots say whom it serves and who
// holds which device, the objects' accounts and the tasks' regions say the rest, and threads say what happened to them.
extension MemoryServer {
  /// Finds sessions, holdings and events again, and clears away what was half made.
  mutating func recover(_ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) {
    var devices = SlotSet()
    for slot in OwnSlot.supervisor..<slots {
      let found = try handle(inSlot: slot, of: 0, &gate).word
      switch found.kind {
      case .gone: try? gate.drop(slot)
      case .task: try recoverTask(slot, frame: found.object >> 12, &gate)
      case .memory, .interrupt: devices.insert(slot)
      case .notification where slot == OwnSlot.supervisor: supervisor = slot
      default: break
      }
    }
    for slot in OwnSlot.supervisor..<slots where devices.contains(slot) { try recoverHolding(slot, &gate) }
    if supervisor != 0, sessions.firstEvent != nil { try? gate.signal(supervisor) }
  }

  /// Logs what it died of, and what it found again.
  mutating func tell(_ start: ServerStart, _ gate: inout some Gate & ~Copyable) {
    if let fault = start.fault {
      let nearest = nearestRegion(fault.page, of: HandOver.Slot.task, &gate)
      FaultReport(fault, name: Name("memory"), nearest: nearest, .stray).log(&gate)
    }
    var line = LogLine("restart  ")
    line.write(decimal: restarts)
    line.write(": found ")
    line.write(decimal: UInt64(index.freeFrames))
    line.write(" free frames in ")
    line.write(decimal: UInt64(index.sections))
    line.write(index.sections == 1 ? " section, " : " sections, ")
    line.write(decimal: sessions.count)
    line.write(" tasks, ")
    line.write(decimal: holdings.count)
    line.write(" leases and interrupts")
    gate.log(line)
  }

  /// The session of a Task handle. A task that was ending ends, and so does one that was made and reached nobody: the
  /// request for it comes again.
  private mutating func recoverTask(_ slot: UInt64, frame: UInt64, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal)
  {
    guard let place = sessions.freePlace else {
      throw MemoryRefusal(.serverFull, UInt64(SessionList.capacity), limit: UInt64(SessionList.capacity))
    }
    sessions[place] = Session(number: slot, frame: frame)
    let thread: Message
    let name: Name
    do throws(Refusal) {
      thread = try gate.inspect(.thread, handle: slot)
      if ThreadFlags(rawValue: thread[1]).contains(.ending) { return try finish(place, &gate) }
      name = Name(word: try gate.inspect(.task, handle: slot)[0])
    } catch {
      throw MemoryRefusal(error)
    }
    let flags = ThreadFlags(rawValue: thread[1])
    sessions[place].name = name
    try findEntry(of: place)
    let isOwn = sessions[place].entry == Self.firstEntry
    if !isOwn, !flags.contains(.shared), !flags.contains(.started), thread[7] == 0 { return try endTask(place, &gate) }
    if flags.contains(.exited) {
      return note(TaskEvent(.exited, session: slot, name: name, detail: thread[6]), place)
    }
    recoverFault(thread, place, &gate)
  }

  /// A fault that ended one of a task's threads, the first one asked already: it was started, and stands still.
  private mutating func recoverFault(_ first: Message, _ place: Int, _ gate: inout some Gate & ~Copyable) {
    var thread = first
    var number: UInt64 = 0
    while !ThreadFlags(rawValue: thread[1]).contains(.started) || thread[0] != 0 {
      number += 1
      guard let next = try? gate.inspect(.thread, number, handle: sessions[place].number) else { return }
      thread = next
    }
    let event = TaskEvent(
      .faulted, session: sessions[place].number, name: sessions[place].name, detail: thread[3] >> 26 & 63,
      address: thread[4], instruction: thread[5])
    note(event, place)
  }

  private mutating func finish(_ place: Int, _ gate: inout some Gate & ~Copyable) throws(Refusal) {
    do throws(MemoryRefusal) { try endTask(place, &gate) } catch { throw Refusal(.busy, sessions[place].number) }
  }

  /// The entry of the bundle that a session was made of: names are unique there.
  private mutating func findEntry(of place: Int) throws(MemoryRefusal) {
    var index = 0
    while true {
      let candidate = try entry(index)
      if candidate.name == sessions[place].name.word {
        sessions[place].entry = index
        sessions[place].flags = candidate.flags
        return
      }
      index += 1
    }
  }

  /// The device range or the interrupt that a handle of the server's names, and who holds it: the task whose account
  /// paid the object. A range that is no region anywhere was being leased or released: it goes.
  private mutating func recoverHolding(_ slot: UInt64, _ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) {
    let (found, told) = try handle(inSlot: slot, of: 0, &gate)
    let account = views.ledger.word(found.object >> 12).task
    var holding = Holding(kind: found.kind == .memory ? .range : .interrupt, slot: slot)
    do throws(Refusal) {
      if found.kind == .memory {
        let words = try gate.inspect(.memory, slot)
        guard words[0] == InspectedUse.device else { return }
        (holding.first, holding.end) = (words[2], words[2] + words[1])
      } else {
        holding.first = try gate.inspect(.interrupt, handle: slot)[0]
        holding.end = holding.first + 1
      }
    } catch {
      throw MemoryRefusal(error)
    }
    guard let owner = sessions.place(ofFrame: account), let place = holdings.freePlace else {
      discard(slot, &gate)
      return
    }
    holding.session = sessions[owner].number
    holding.badge = told[1]
    holding.mayHaveDMA = holding.kind == .range
    if holding.kind == .range {
      guard let region = try regionSlot(showing: found.object, in: holding.session, &gate) else {
        discard(slot, &gate)
        return
      }
      holding.region = region
    }
    if holding.kind == .range { nameRange(&holding, owner) } else { nameInterrupt(&holding, owner) }
    holdings[place] = holding
  }

  /// The slot in which a task has a region that shows an object.
  private mutating func regionSlot(
    showing object: UInt64, in task: UInt64, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> UInt64? {
    var page: UInt64 = 0
    while let found = try region(from: page, of: task, &gate) {
      if found.object == object { return found.slot }
      page = found.region.pages.upperBound
    }
    return nil
  }

  /// The device of a range: the badge says which of the holder's grants, and which of its ranges.
  private mutating func nameRange(_ holding: inout Holding, _ owner: Int) {
    let number = Int(truncatingIfNeeded: holding.badge & 0xff) - 1
    guard let entry = try? entry(sessions[owner].entry), number >= 0, number < entry.grantCount,
      let found = try? find(.range, holding.badge >> 8, of: entry.grants[number], number)
    else { return }
    let pages = holding.end - holding.first
    holding.cover(found.device.ranges[found.part], pages: pages)
    holding.device = Name(word: entry.grants[number].name)
    holding.isController = found.isController
  }

  /// The name under which the holder's entry grants the device of an interrupt.
  private mutating func nameInterrupt(_ holding: inout Holding, _ owner: Int) {
    guard let entry = try? entry(sessions[owner].entry) else { return }
    for index in 0..<entry.grantCount {
      var next = node(of: entry.grants[index])
      while let node = next {
        next = self.node(of: entry.grants[index], after: node)
        guard let device = try? nodes.device(node, in: tree), device.has(interrupt: holding.first) else { continue }
        holding.device = Name(word: entry.grants[index].name)
        return
      }
    }
  }
}

extension Device {
  /// Whether an interrupt is one of its own.
  fileprivate func has(interrupt number: UInt64) -> Bool {
    for line in 0..<interruptCount where UInt64(interrupts[line].number) == number { return true }
    return false
  }
}

/// Slots of the server's own table, a bit each: 88 and 8 × 128 at most.
private struct SlotSet: ~Copyable {
  private var bits = InlineArray<18, UInt64>(repeating: 0)
  mutating func insert(_ slot: UInt64) { bits[Int(truncatingIfNeeded: slot >> 6)] |= 1 &<< (slot & 63) }
  mutating func contains(_ slot: UInt64) -> Bool { bits[Int(truncatingIfNeeded: slot >> 6)] >> (slot & 63) & 1 != 0 }
}
