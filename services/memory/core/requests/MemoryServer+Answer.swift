internal import ABI
public import Interfaces
public import Runtime

extension MemoryServer: Server {
  /// What it serves.
  public typealias Service = MemoryInterface

  /// Answers a request. The handle that came along is dropped afterwards.
  @inline(__always)
  public mutating func answer(_ request: Service.Request, from arrival: Arrival, _ gate: inout some Gate & ~Copyable)
    -> Answer<Service.Reason>
  {
    isRepeated = arrival.isRepeated
    var answer: Answer<Service.Reason>
    do throws(MemoryRefusal) {
      guard let place = sessions.place(of: arrival.badge) else { throw MemoryRefusal(.noSuchTask, arrival.badge) }
      answer = .reply(try serve(request, Caller(place: place, passed: arrival.handle), &gate))
    } catch {
      answer = error.cause == .interface(.again) ? .again : .refuse(error)
    }
    if arrival.handle != 0 { try? gate.drop(arrival.handle) }
    return answer
  }

  /// One flat match; a request either throws and has changed nothing, or returns its reply.
  @inline(__always)
  private mutating func serve(_ request: Service.Request, _ caller: Caller, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal) -> Message
  {
    switch request {
    case .allocate(let slot, let page, let pages, let rights):
      return try allocate(slot, page, pages, rights, try target(caller, &gate), &gate)
    case .reserve(let slot, let page, let pages, let rights, let fit, let isGuarded):
      let wanted = Reservation(
        slot: slot, page: page, pages: pages, rights: rights, fit: fit, isGuarded: isGuarded.isSet)
      return try reserve(wanted, try target(caller, &gate), &gate)
    case .prefault(let slot, let page, let pages):
      return try prefault(slot, page, pages, try target(caller, &gate), &gate)
    case .decommit(let slot, let page, let pages):
      return try decommit(slot, page, pages, try target(caller, &gate), &gate)
    case .share(let slot, let destination): return try share(slot, destination, caller, &gate)
    case .show(let slot, let page, let pages, let offset, let rights, let copies):
      let wanted = Shown(slot: slot, page: page, pages: pages, offset: offset, rights: rights, copies: copies.isSet)
      return try show(wanted, caller, &gate)
    case .seal(let slot): return try seal(slot, caller, &gate)
    case .free(let slot): try free(slot, try target(caller, &gate), &gate)
    case .protect(let slot, let rights): try protect(slot, rights, try target(caller, &gate), &gate)
    case .resize(let slot, let from, let to):
      return try resize(Resized(slot: slot, from: from, to: to), try target(caller, &gate), &gate)
    case .createTask(let entry, let slot): return try createTask(entry, slot, caller, &gate)
    case .destroyTask: return try destroyTask(caller, &gate)
    case .load(let slot, let page, let offset, let filePages, let memoryPages, let rights):
      let segment = LoadedSegment(
        slot: slot, page: page, offset: offset, filePages: filePages, memoryPages: memoryPages, rights: rights)
      return try load(segment, caller, &gate)
    case .createEndpoint(let slot): return try makeObject(.endpoint, slot, caller, &gate)
    case .createNotification(let slot): return try makeObject(.notification, slot, caller, &gate)
    case .createThread(let slot): return try makeObject(.thread, slot, caller, &gate)
    case .lease(let grant, let index, let slot, let page, let pages):
      return try lease(grant, index, slot, page, pages, caller, &gate)
    case .releaseLease(let slot): return try releaseLease(slot, caller, &gate)
    case .interrupt(let grant, let index, let slot): return try interrupt(grant, index, slot, caller, &gate)
    case .allocateDMA(let lease, let slot, let page, let pages, let alignment, let limit):
      let wanted = WantedDMA(
        lease: lease, slot: slot, page: page, pages: pages, alignment: alignment, limit: limit)
      return try allocateDMA(wanted, caller, &gate)
    case .busAddress(let slot): return try busAddress(slot, caller, &gate)
    case .revokeLease(let device): return try revokeLease(device, caller, &gate)
    case .attach: return try attach(caller, &gate)
    case .supervise: return try supervise(caller, &gate)
    case .nextEvent: return try nextEvent(caller)
    case .exit(let status): return try exit(status, caller, &gate)
    case .mapLog(let slot, let page): return try mapLog(slot, page, caller, &gate)
    case .mapBundle(let slot, let page): return try mapBundle(slot, page, caller, &gate)
    case .probe(let session, let address, let asTask):
      return try probe(session, address, asTask: asTask.isSet, caller, &gate)
    case .started: return try started(caller, &gate)
    case .addMemory(let address, let bytes): return try addMemory(address, bytes, caller, &gate)
    case .setQuota(let quota): return try setQuota(quota, caller, &gate)
    default: return try tell(request, &gate)
    }
    return Message()
  }

  /// The requests that only read.
  private mutating func tell(_ request: Service.Request, _ gate: inout some Gate & ~Copyable) throws(MemoryRefusal)
    -> Message
  {
    switch request {
    case .memoryCounts: try memoryCounts(&gate).reply
    case .taskAt(let session): try taskFacts(from: session, &gate).reply
    case .tableCounts(let session): try tableCounts(of: session, &gate).reply
    case .regionAt(let session, let slot): try regionFacts(of: session, from: slot, &gate).reply
    case .deviceAt(let index): try deviceFacts(index, &gate).reply
    case .verify(let section): try verify(section).reply
    default: throw MemoryRefusal(.interface(.unknownMethod))
    }
  }
}

/// Who asks.
struct Caller {
  /// The place of its session.
  var place: Int
  /// The slot in which a handle came along; 0: none.
  var passed: UInt64
}

extension MemoryServer {
  /// The task that a request acts on: the one whose handle came along, else the caller.
  mutating func target(_ caller: Caller, _ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) -> Target {
    guard caller.passed != 0 else { return Target(sessions[caller.place]) }
    return try passedTask(caller, &gate)
  }

  /// The task whose handle came along. The badge of a Task handle is its session: the server minted it.
  mutating func passedTask(_ caller: Caller, _ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) -> Target {
    let wanted = ObjectKind.task.rawValue
    guard caller.passed != 0 else { throw MemoryRefusal(.interface(.handleNeeded), 0, limit: wanted) }
    let (found, words) = try handle(inSlot: caller.passed, of: 0, &gate)
    guard found.kind == .task, let place = sessions.place(of: words[1]) else {
      throw MemoryRefusal(.interface(.handleNeeded), found.kindNumber, limit: wanted)
    }
    let needed: Rights.Task = [.memory, .control]
    guard Rights.Task(rawValue: found.rights).isSuperset(of: needed) else {
      throw MemoryRefusal(.kernel(.missingRight), found.rights, limit: needed.rawValue)
    }
    return Target(sessions[place])
  }

  /// Refuses a caller whose entry in the bundle lacks a flag.
  mutating func require(_ flag: Bundle.Flags, _ caller: Caller) throws(MemoryRefusal) {
    guard sessions[caller.place].flags.contains(flag) else { throw MemoryRefusal(.notPermitted, UInt64(flag.rawValue)) }
  }

  /// An entry of the bundle. Its pages are read-only to all: they are checked when the first entry is asked for.
  mutating func entry(_ index: Int) throws(MemoryRefusal) -> Bundle.Entry {
    if !isBundleChecked {
      do throws(BundleError) {
        _ = try Bundle(views.bundle, verifyingChecksum: false)
      } catch {
        throw MemoryRefusal(.bundleOutside, error.found, limit: error.expected)
      }
      isBundleChecked = true
    }
    let bundle = Bundle(checked: views.bundle)
    guard index >= 0, index < bundle.count else {
      throw MemoryRefusal(.bundleOutside, UInt64(bitPattern: Int64(index)), limit: UInt64(bundle.count))
    }
    return bundle[index]
  }
}
