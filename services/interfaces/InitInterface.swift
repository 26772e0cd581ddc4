public import ABI

/// The supervisor: it starts the tasks of the bundle, restarts them, and connects them with each other.
///
/// A session is the badge of the client's handle in slot 2: one more than the client's entry in the bundle. A client
/// may connect to the peers that its entry lists; one that lists `init` may also start and end tasks.
public enum InitInterface: Interface {
  /// The version both ends compare.
  @inlinable public static var version: UInt64 { 2 }

  /// What may be asked.
  @frozen public enum Request: InterfaceRequest, Equatable {
    /// A handle to call the named service with. While it is being restarted, the reply waits for it.
    case connect(Name)
    /// The task of the lowest entry at or after an index.
    case taskAt(index: UInt64)
    /// Ends a task; a service is restarted.
    case kill(Name)
    /// Starts a program: an entry whose restart limit is 0. The argument arrives in x0.
    case run(Name, argument: UInt64)
    /// Powers the machine off.
    case powerOff
    /// From the task that holds the timer, when `init` signalled it or when a time it was told has come: does what is
    /// due, and replies the counter's value at which it wants to be woken next (0: never).
    case wake
    /// Takes the lease of a device from a task that runs, which holds it under a name.
    case revoke(Name, device: Name)
  }

  /// Why init refuses.
  @frozen public enum Reason: UInt64, ServiceReason {
    /// No such task in the bundle (value: the name), or nothing at or after the index (value: the index).
    case noSuchTask = 1
    /// The client's entry does not list it as a peer (value: the name).
    case notPeer = 2
    /// It has ended and will not be restarted (value: the name, limit: restarts).
    case ended = 3
    /// It runs already, or is a service that starts by itself (value: the name).
    case alreadyRunning = 4
    /// As many clients wait as there are places for (limit: the places).
    case tooManyWaiting = 5
    /// The client may not ask this (value: its session).
    case notPermitted = 6
    /// It could not be started (value: the refusal's label).
    case startFailed = 7
    /// The task holds nothing under this name (value: the name, limit: name of the task).
    case notLeased = 8
    /// The memory server refused (value: the label of its reply).
    case memoryRefused = 9

    /// What happened, and after a colon what the two values are.
    public var words: StaticString {
      switch self {
      case .noSuchTask: "no such task"
      case .notPeer: "not one of this task's peers"
      case .ended: "ended, and will not be restarted: name, restarts"
      case .alreadyRunning: "runs already"
      case .tooManyWaiting: "too many wait: waiting, places"
      case .notPermitted: "not permitted to this task"
      case .startFailed: "could not be started"
      case .notLeased: "holds no lease of this name: device, task"
      case .memoryRefused: "the memory server refused: label"
      }
    }
  }
}

/// Why init refused.
public typealias InitRefusal = ServiceRefusal<InitInterface.Reason>

extension InitInterface.Request {
  /// Writes the words, and the method's number as the label.
  @inlinable @inline(__always)
  public func encode(into message: inout Message) {
    switch self {
    case .connect(let name): message = Message(name.word, label: 1)
    case .taskAt(let index): message = Message(index, label: 2)
    case .kill(let name): message = Message(name.word, label: 3)
    case .run(let name, let argument): message = Message(name.word, argument, label: 4)
    case .powerOff: message = Message(label: 5)
    case .wake: message = Message(label: 6)
    case .revoke(let task, let device): message = Message(task.word, device.word, label: 7)
    }
  }

  /// Reads the words of a method.
  @inlinable @inline(__always)
  public init?(method: UInt64, _ w: borrowing Message) {
    switch method {
    case 1: self = .connect(Name(word: w[0]))
    case 2: self = .taskAt(index: w[0])
    case 3: self = .kill(Name(word: w[0]))
    case 4: self = .run(Name(word: w[0]), argument: w[1])
    case 5: self = .powerOff
    case 6: self = .wake
    case 7: self = .revoke(Name(word: w[0]), device: Name(word: w[1]))
    default: return nil
    }
  }
}

/// A task as its supervisor sees it.
@frozen public struct ServiceFacts: Equatable, Sendable {
  /// What the supervisor does with a task.
  @frozen public enum State: UInt64, Sendable {
    /// A program that was not started yet.
    case idle = 0
    /// It runs.
    case running = 1
    /// It ended, and is restarted when its pause is over.
    case waiting = 2
    /// It ended, and stays so.
    case ended = 3
  }
  /// Its entry in the bundle; the next task is found at or after `index + 1`.
  public var index: UInt64
  /// Its name.
  public var name: Name
  /// What is done with it.
  public var state: State
  /// How often it was restarted.
  public var restarts: UInt64
  /// How often it may be; 255: without limit.
  public var restartLimit: UInt64
  /// Its session with the memory server; 0: it does not run.
  public var session: UInt64

  /// A task.
  @inlinable public init(
    index: UInt64, name: Name, state: State, restarts: UInt64, restartLimit: UInt64, session: UInt64
  ) {
    self.index = index
    self.name = name
    self.state = state
    self.restarts = restarts
    self.restartLimit = restartLimit
    self.session = session
  }
  /// Reads the reply.
  @inlinable public init(_ w: borrowing Message) {
    self.init(
      index: w[0], name: Name(word: w[1]), state: State(rawValue: w[2]) ?? .ended, restarts: w[3],
      restartLimit: w[4], session: w[5])
  }
  /// The reply.
  @inlinable public var reply: Message { Message(index, name.word, state.rawValue, restarts, restartLimit, session) }
}

extension Client where Service == InitInterface {
  /// The caller's own session.
  @inlinable public static var own: Client { Client(slot: WellKnownSlot.supervisor) }

  /// Puts a handle to call a peer with in an empty slot.
  @inlinable public func connect(_ name: Name, slot: UInt64, _ gate: inout some Gate & ~Copyable) throws(InitRefusal) {
    let reply = try call(.connect(name), receive: slot, &gate)
    // A handle does not arrive where the slot is taken.
    guard reply.transfer == slot else { throw InitRefusal(.interface(.handleNeeded), reply.transfer, limit: slot) }
  }

  /// The first task at or after an entry; refused `noSuchTask` behind the last.
  @inlinable public func task(at index: UInt64, _ gate: inout some Gate & ~Copyable) throws(InitRefusal)
    -> ServiceFacts
  {
    ServiceFacts(try call(.taskAt(index: index), &gate))
  }

  /// Ends a task.
  @inlinable public func kill(_ name: Name, _ gate: inout some Gate & ~Copyable) throws(InitRefusal) {
    _ = try call(.kill(name), &gate)
  }

  /// Starts a program.
  @inlinable public func run(_ name: Name, argument: UInt64, _ gate: inout some Gate & ~Copyable) throws(InitRefusal) {
    _ = try call(.run(name, argument: argument), &gate)
  }

  /// Takes the lease of a device from a task.
  @inlinable public func revoke(_ task: Name, device: Name, _ gate: inout some Gate & ~Copyable) throws(InitRefusal) {
    _ = try call(.revoke(task, device: device), &gate)
  }

  /// Powers the machine off.
  @inlinable public func powerOff(_ gate: inout some Gate & ~Copyable) throws(InitRefusal) {
    _ = try call(.powerOff, &gate)
  }

  /// Does what is due; returns when to wake init next (0: never).
  @inlinable public func wake(_ gate: inout some Gate & ~Copyable) throws(InitRefusal) -> UInt64 {
    try call(.wake, &gate)[0]
  }
}
