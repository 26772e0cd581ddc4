public import Interfaces

/// What init knows of the tasks it looks after, and when each is restarted. Pure: events and times go in, decisions
/// come out.
///
/// A task whose restart limit is 0 is a *program*: started on request, never restarted. Any other is a *service*:
/// started at boot, and restarted after a pause that doubles with each failure in a row; one that ran for ten seconds
/// starts afresh.
///
/// Every method is mutating, even one that only reads: a non-mutating one would copy the table onto the stack first.
public struct Supervisor: Sendable {
  /// Tasks at most: the entries of a bundle.
  public static var capacity: Int { 32 }
  /// The restart limit that means none.
  public static var unlimited: UInt64 { 255 }
  /// Pauses double this many times at most.
  static var mostDoublings: UInt64 { 6 }

  struct Supervised: Sendable {
    var name = Name.none
    var state = ServiceFacts.State.idle
    var limit: UInt64 = 0
    /// The first pause, in counts.
    var pause: UInt64 = 0
    /// Failures in a row.
    var failures: UInt64 = 0
    var restarts: UInt64 = 0
    var session: UInt64 = 0
    var startedAt: UInt64 = 0
    var dueAt: UInt64 = 0
  }

  private let frequency: UInt64
  private var tasks = InlineArray<32, Supervised>(repeating: Supervised())
  /// One past the last entry.
  public private(set) var count = 0

  /// Nobody to look after. The frequency is the counter's, in Hz.
  public init(frequency: UInt64) { self.frequency = max(frequency, 1000) }

  /// Looks after the next entry of the bundle; entries are added in order, the pause is in milliseconds.
  public mutating func add(_ name: Name, limit: UInt64, pause: UInt64) {
    precondition(count < Self.capacity, "more entries than a bundle holds")
    tasks[count].name = name
    tasks[count].limit = limit
    tasks[count].pause = pause * frequency / 1000
    count += 1
  }

  /// The entry of a name.
  public mutating func index(of name: Name) -> Int? {
    for index in 0..<count where tasks[index].name == name { return index }
    return nil
  }

  /// The entry that runs as a session of the memory server.
  public mutating func index(ofSession session: UInt64) -> Int? {
    guard session != 0 else { return nil }
    for index in 0..<count where tasks[index].session == session { return index }
    return nil
  }

  /// Whether an entry is started at boot.
  public mutating func isService(_ index: Int) -> Bool { tasks[index].limit > 0 }

  /// What is known of an entry.
  public mutating func facts(_ index: Int) -> ServiceFacts {
    let task = tasks[index]
    return ServiceFacts(
      index: UInt64(index), name: task.name, state: task.state, restarts: task.restarts, restartLimit: task.limit,
      session: task.session)
  }

  /// An entry runs.
  public mutating func started(_ index: Int, session: UInt64, at now: UInt64) {
    tasks[index].state = .running
    tasks[index].session = session
    tasks[index].startedAt = now
  }

  /// An entry ended, or could not be started. Decides what comes next.
  public mutating func ended(_ index: Int, at now: UInt64) -> ServiceFacts.State {
    tasks[index].session = 0
    if tasks[index].state == .running, now - tasks[index].startedAt >= 10 * frequency { tasks[index].failures = 0 }
    let limit = tasks[index].limit
    guard limit > 0, limit == Self.unlimited || tasks[index].failures < limit else {
      tasks[index].state = .ended
      return .ended
    }
    let doublings = min(tasks[index].failures, Self.mostDoublings)
    tasks[index].dueAt = now + tasks[index].pause << doublings
    tasks[index].failures += 1
    tasks[index].restarts += 1
    tasks[index].state = .waiting
    return .waiting
  }

  /// An entry whose pause is over; it is the caller's to start. With `early`, one that waits, due or not: where there
  /// is no timer, nobody would come back for it. What has failed often has to wait for a timer all the same.
  public mutating func takeDue(at now: UInt64, early: Bool = false) -> Int? {
    for index in 0..<count where tasks[index].state == .waiting {
      guard tasks[index].dueAt <= now || early && tasks[index].failures <= Self.mostDoublings else { continue }
      tasks[index].state = .idle
      return index
    }
    return nil
  }

  /// When the next pause is over; 0: nobody waits.
  public mutating func nextDue() -> UInt64 {
    var next: UInt64 = 0
    for index in 0..<count where tasks[index].state == .waiting && (next == 0 || tasks[index].dueAt < next) {
      next = max(tasks[index].dueAt, 1)
    }
    return next
  }
}
