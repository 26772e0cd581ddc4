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
  public mutating func faulted(_ badge: UInt64, _ message: Message, _ gate: inout some Gate & ~Copyable) -> Bool {
    guard let place = sessions.place(of: badge) else { return false }
    let fault = Fault(message)
    let verdict = serve(fault, of: Target(sessions[place]), &gate)
    if verdict == .served { return true }
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
  private mutating func serve(_ fault: Fault, of task: Target, _ gate: inout some Gate & ~Copyable) -> Verdict {
    guard fault.hasAddress, let (slot, region) = region(holding: fault.page, of: task.number, &gate) else {
      return .stray
    }
    if region.isGone { return region.wasLease ? .revoked : .taken }
    let copies = fault.isForbidden && fault.act == .write && region.flags.copiesOnWrite
    guard copies || fault.isAbsent else { return .stray }
    guard region.rights.isSuperset(of: fault.right) else { return .forbidden }
    do throws(MemoryRefusal) {
      switch region.backing {
      // A lease is mapped whole: of what is missing some has been taken already.
      case .whole: return heldRange(task.number, slot) == nil ? .stray : .revoked
      case .zeroes: try bring(touched: fault.page, of: region, slot, task, &gate)
      case .home where copies: try copyShown(touched: fault.page, slot, task, &gate)
      case .home: try bringShown(touched: fault.page, of: region, slot, task, &gate)
      }
      return .served
    } catch {
      return error.cause == .kernel(.peerGone) ? .taken : .refused(error)
    }
  }

  /// The region that holds a page, else the nearest above it, else the nearest below.
  mutating func nearestRegion(_ page: UInt64, of task: UInt64, _ gate: inout some Gate & ~Copyable) -> Region? {
    guard let slots = try? gate.inspect(.task, handle: task)[4] else { return nil }
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
  /// Where the pages come from that are not mapped yet.
  enum Backing {
    /// All pages were mapped when the region was made: none comes later.
    case whole
    /// Zeroed frames, with the first touch.
    case zeroes
    /// Pages of another region, whose home brings them.
    case home
  }

  /// Where its pages come from.
  var backing: Backing {
    guard flags.isLazy else { return .whole }
    return isPrivate ? .zeroes : .home
  }

  /// Pages between a page and this region; 0 inside.
  func distance(to other: UInt64) -> UInt64 {
    if other < page { return page - other }
    return other < page + count ? 0 : other - (page + count) + 1
  }
}
