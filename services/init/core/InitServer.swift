public import ABI
public import Interfaces
public import Runtime

/// What init needs besides the kernel: the bundle and the time.
public protocol InitEnvironment {
  /// Entries of the bundle.
  var entryCount: Int { get }
  /// An entry of the bundle.
  func entry(_ index: Int) -> Bundle.Entry
  /// The counter.
  var now: UInt64 { get }
  /// The counter's frequency in Hz.
  var frequency: UInt64 { get }
}

/// The supervisor's server: starts tasks, restarts them, connects them.
///
/// It calls the memory server and the kernel, never a task that it looks after: one of those could be dead while it
/// owes the reply. The task with the timer is woken by a signal, and asks (`InitInterface.Request.wake`).
public struct InitServer<Environment: InitEnvironment>: Server {
  /// What it serves.
  public typealias Service = InitInterface
  let environment: Environment
  var supervisor: Supervisor
  var waiting = WaitingClients(from: InitSlots.waiting)
  /// Whether a task with the timer runs and can be woken.
  var timer: Int?
  let memory = Client<MemoryInterface>.own

  /// A supervisor for the bundle's entries.
  public init(_ environment: Environment) {
    self.environment = environment
    supervisor = Supervisor(frequency: environment.frequency)
    for index in 0..<min(environment.entryCount, Supervisor.capacity) {
      let entry = environment.entry(index)
      supervisor.add(
        Name(word: entry.name), limit: index < 2 ? 0 : UInt64(entry.restartLimit),
        pause: UInt64(entry.restartBackOff))
    }
    supervisor.started(0, session: 0, at: environment.now)
    supervisor.started(1, session: 0, at: environment.now)
  }

  /// Starts every service of the bundle, in its order.
  public mutating func startServices(_ gate: inout some Gate & ~Copyable) {
    for index in 2..<max(supervisor.count, 2) where supervisor.isService(index) {
      tryToStart(index, argument: 0, &gate)
    }
    startDue(&gate)
  }

  /// Answers a request.
  public mutating func answer(
    _ request: InitInterface.Request, from arrival: Arrival, _ gate: inout some Gate & ~Copyable
  ) -> Answer<InitInterface.Reason> {
    let client = Int(truncatingIfNeeded: arrival.badge) - 1
    guard client >= 0, client < supervisor.count else { return .refuse(InitRefusal(.notPermitted, arrival.badge)) }
    switch request {
    case .connect(let name): return connect(client, to: name, &gate)
    case .taskAt(let index):
      guard index < UInt64(supervisor.count) else { return .refuse(InitRefusal(.noSuchTask, index)) }
      return .reply(supervisor.facts(Int(index)).reply)
    case .wake: return .reply(Message(wake(client, &gate)))
    case .kill, .run, .revoke, .powerOff:
      guard lists(1, by: client) else { return .refuse(InitRefusal(.notPermitted, arrival.badge)) }
      return control(request, &gate)
    }
  }

  /// The memory server has events.
  public mutating func notified(_ bits: UInt64, _ gate: inout some Gate & ~Copyable) -> UInt64 {
    while let event = nextEvent(&gate) {
      guard let index = supervisor.index(ofSession: event.session) else { continue }
      end(index, &gate)
    }
    startDue(&gate)
    return 0
  }

  private func nextEvent(_ gate: inout some Gate & ~Copyable) -> TaskEvent? {
    do throws(MemoryRefusal) { return try memory.nextEvent(&gate) } catch { return nil }
  }

  /// Whether a client's entry lists an entry as its peer.
  func lists(_ index: Int, by client: Int) -> Bool {
    let entry = environment.entry(client)
    for place in 0..<entry.peerCount where Int(entry.peers[place]) == index { return true }
    return false
  }

  private mutating func control(_ request: InitInterface.Request, _ gate: inout some Gate & ~Copyable)
    -> Answer<InitInterface.Reason>
  {
    switch request {
    case .kill(let name): return kill(name, &gate)
    case .run(let name, let argument): return run(name, argument: argument, &gate)
    case .revoke(let name, let device): return revoke(device, from: name, &gate)
    default:
      do throws(Refusal) { try gate.power(.off, handle: WellKnownSlot.power) } catch {
        return .refuse(InitRefusal(error))
      }
      return .done
    }
  }

  private mutating func kill(_ name: Name, _ gate: inout some Gate & ~Copyable) -> Answer<InitInterface.Reason> {
    guard let index = supervisor.index(of: name) else { return .refuse(InitRefusal(.noSuchTask, name.word)) }
    if index == 0 { return restartMemory(&gate) }
    guard index >= 2 else { return .refuse(InitRefusal(.notPermitted, name.word)) }
    let facts = supervisor.facts(index)
    guard facts.state == .running else { return .refuse(InitRefusal(.ended, name.word, limit: facts.restarts)) }
    end(index, &gate)
    startDue(&gate)
    return .done
  }

  /// The task goes on until it touches the device; then it faults, and is restarted as after any fault.
  private mutating func revoke(_ device: Name, from name: Name, _ gate: inout some Gate & ~Copyable)
    -> Answer<InitInterface.Reason>
  {
    guard let index = supervisor.index(of: name) else { return .refuse(InitRefusal(.noSuchTask, name.word)) }
    guard index >= 2 else { return .refuse(InitRefusal(.notPermitted, name.word)) }
    let facts = supervisor.facts(index)
    guard facts.state == .running else { return .refuse(InitRefusal(.ended, name.word, limit: facts.restarts)) }
    do throws(MemoryRefusal) {
      try memory.revokeLease(device, task: InitSlots.task(index), &gate)
      return .done
    } catch {
      let isAbsent = error.cause == .service(.notLeased)
      return .refuse(
        isAbsent
          ? InitRefusal(.notLeased, device.word, limit: name.word)
          : InitRefusal(.memoryRefused, error.reply.label))
    }
  }

  /// The memory server is the kernel's to start anew; nobody loses anything.
  private mutating func restartMemory(_ gate: inout some Gate & ~Copyable) -> Answer<InitInterface.Reason> {
    do throws(Refusal) { try gate.power(.restartMemory, handle: WellKnownSlot.power) } catch {
      return .refuse(InitRefusal(error))
    }
    return .done
  }

  private mutating func run(_ name: Name, argument: UInt64, _ gate: inout some Gate & ~Copyable)
    -> Answer<InitInterface.Reason>
  {
    guard let index = supervisor.index(of: name), index >= 2 else {
      return .refuse(InitRefusal(.noSuchTask, name.word))
    }
    guard !supervisor.isService(index), supervisor.facts(index).state != .running else {
      return .refuse(InitRefusal(.alreadyRunning, name.word))
    }
    guard tryToStart(index, argument: argument, &gate) else {
      return .refuse(InitRefusal(.startFailed, name.word))
    }
    return .done
  }
}

extension InitServer {
  /// One line about who runs.
  public mutating func summary() -> TextBuffer<56> {
    var running: UInt64 = 0
    var known: UInt64 = 0
    for index in 2..<max(supervisor.count, 2) {
      known += 1
      if supervisor.facts(index).state == .running { running += 1 }
    }
    var text = TextBuffer<56>()
    text.write(decimal: running)
    text.write(" tasks started of ")
    text.write(decimal: known)
    text.write(" in the bundle")
    return text
  }
}
