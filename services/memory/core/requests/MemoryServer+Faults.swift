public import ABI
public import Interfaces
internal import Runtime

/// What became of a fault.
enum Verdict: Equatable {
  /// What was touched is there now.
  case served
  /// Nothing belongs there.
  case stray
  /// The region does not allow it.
  case forbidden
  /// What was there was taken.
  case taken
  /// What was there was a lease, and was taken.
  case revoked
  /// A page belongs there, and none could be had.
  case refused(MemoryRefusal)
}

extension MemoryServer {
  /// A task faulted. A page that its region brings with the first touch comes, and the task goes on. Any other fault is
  /// its end: reported, the task stopped, its supervisor told.
  @inline(__always)
  public mutating func faulted(_ badge: UInt64, _ message: inout Message, _ gate: inout some Gate & ~Copyable) -> Bool {
    let asked = message
    if bringsAtOnce(Fault(asked), of: badge, by: &message, &gate) { return true }
    return isServed(asked, of: badge, &gate)
  }

  /// What most faults ask for, by one call of the kernel's: a page of a region that brings it alone, where its table is
  /// there and its account can pay. Whatever it is else, false, and nothing has changed. The call is made of the message
  /// that came: where it does not look, that may stay.
  @inline(__always) private mutating func bringsAtOnce(
    _ fault: Fault, of task: UInt64, by call: inout Message, _ gate: inout some Gate & ~Copyable
  ) -> Bool {
    guard fault.isAbsent, fault.handle.kindNumber == ObjectKind.region.rawValue,
      fault.handle.rights & fault.right.rawValue != 0, fault.area.flags.isLazy
    else { return false }
    let (page, area) = (fault.page, fault.area)
    var count: UInt64 = 1
    var frame: UInt64 = 0
    if area.isPrivate {
      guard area.flags.fit == .page, let taken = takeFrame(&gate) else { return false }
      frame = taken
    } else {
      // Of another's pages as many come as there are.
      count = min(area.page &+ area.pages &- page, Geometry.blockFrames &- page & (Geometry.blockFrames - 1))
    }
    (call[0], call[1], call[2], call[3]) = (fault.slot, page, count, frame)
    (call[4], call[5], call[6], call.handle) = (0, 0, HandOver.Slot.memory, task)
    gate.invoke(.map, &call)
    guard call.label & Outcome.refused == 0 else {
      give(frame)
      return false
    }
    if call[2] != 0 { give(call[2]) }
    return true
  }

  @inline(never)
  private mutating func isServed(_ message: borrowing Message, of badge: UInt64, _ gate: inout some Gate & ~Copyable)
    -> Bool
  {
    let fault = Fault(message)
    let verdict = serve(fault, of: badge, &gate)
    if case .served = verdict { return true }
    guard let place = sessions.place(of: badge) else { return false }
    let name = sessions[place].name
    let nearest = nearestRegion(fault.page, of: badge, &gate)
    FaultReport(fault, name: name, nearest: nearest, verdict).log(&gate)
    let event = TaskEvent(
      .faulted, session: badge, name: name, detail: fault.exceptionClass, address: fault.address,
      instruction: fault.instruction)
    record(event, place, &gate)
    return false
  }

  /// Brings what was touched where its region is one that brings it.
  private mutating func serve(
    _ fault: Fault, of task: UInt64, _ gate: inout some Gate & ~Copyable
  ) -> Verdict {
    guard fault.hasAddress else { return .stray }
    guard fault.handle.kindNumber == ObjectKind.region.rawValue else { return fault.verdictWithoutRegion }
    let copies = fault.isForbidden && fault.isWrite && fault.area.flags.copiesOnWrite
    guard copies || fault.isAbsent else { return .stray }
    guard fault.handle.rights & fault.right.rawValue != 0 else { return .forbidden }
    do throws(MemoryRefusal) {
      if !fault.area.flags.isLazy {
        // A lease is mapped whole: of what is missing some has been taken already.
        return heldRange(task, fault.slot) == nil ? .stray : .revoked
      } else if fault.area.isPrivate {
        try bring(touched: fault.page, of: fault.area, fault.slot, task, &gate)
      } else if copies {
        try copyShown(touched: fault.page, fault.slot, task, &gate)
      } else {
        try bringShown(touched: fault.page, of: fault.area, fault.slot, task, &gate)
      }
      return .served
    } catch {
      return error.cause == .kernel(.peerGone) ? .taken : .refused(error)
    }
  }

  /// The region that holds a page, else the nearest.
  mutating func nearestRegion(_ page: UInt64, of task: UInt64, _ gate: inout some Gate & ~Copyable) -> Region? {
    var nearest: Region?
    var next: UInt64 = 0
    while let region = try? region(from: next, of: task, &gate)?.region {
      next = region.pages.upperBound
      if let best = nearest, best.distance(to: page) <= region.distance(to: page) { continue }
      nearest = region
    }
    return nearest
  }
}

extension Fault {
  /// Why an address to which no region belongs is not served.
  var verdictWithoutRegion: Verdict { handle.kind != .gone ? .stray : handle.wasLease ? .revoked : .taken }
}

extension Region {
  /// Pages between a page and this region; 0 inside.
  func distance(to other: UInt64) -> UInt64 {
    if other < page { return page - other }
    return other < page + count ? 0 : other - (page + count) + 1
  }
}
