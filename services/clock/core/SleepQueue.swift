/// Why a sleeper was not taken.
public enum ClockRefusal: Error, Equatable, Sendable {
  /// All places are taken: `sleepers` of `limit`.
  case tooManySleepers(sleepers: Int, limit: Int)
}

/// One who wants to be woken.
public struct Sleeper: Equatable, Sendable {
  /// When, in ticks of the caller's clock.
  public let deadline: UInt64
  /// The badge of the client that sleeps.
  public let client: UInt64
  /// The kept reply that wakes it.
  public let reply: UInt64

  /// A sleeper until `deadline`.
  public init(deadline: UInt64, client: UInt64, reply: UInt64) {
    self.deadline = deadline
    self.client = client
    self.reply = reply
  }
}

/// At most `capacity` sleepers, the earliest deadline first; of equal deadlines the one that came first.
public struct SleepQueue<let capacity: Int> {
  private var sleepers: InlineArray<capacity, Sleeper>
  /// The number of sleepers.
  public private(set) var count = 0

  /// Nobody sleeps.
  public init() { sleepers = InlineArray(repeating: Sleeper(deadline: 0, client: 0, reply: 0)) }

  /// The earliest deadline, for the kernel's timer; nothing where nobody sleeps.
  public var nextDeadline: UInt64? { count == 0 ? nil : sleepers[0].deadline }

  /// Lets `sleeper` sleep.
  public mutating func add(_ sleeper: Sleeper) throws(ClockRefusal) {
    guard count < capacity else { throw .tooManySleepers(sleepers: count, limit: capacity) }
    var place = count
    while place > 0 && sleepers[place - 1].deadline > sleeper.deadline {
      sleepers[place] = sleepers[place - 1]
      place -= 1
    }
    sleepers[place] = sleeper
    count += 1
  }

  /// Takes the earliest sleeper whose deadline is `now` or before; call until there is none.
  public mutating func takeDue(at now: UInt64) -> Sleeper? {
    guard count > 0, sleepers[0].deadline <= now else { return nil }
    return remove(at: 0)
  }

  /// Takes a sleeper of `client` out, after it died; call until there is none.
  public mutating func take(client: UInt64) -> Sleeper? {
    for index in 0..<count where sleepers[index].client == client { return remove(at: index) }
    return nil
  }

  private mutating func remove(at index: Int) -> Sleeper {
    let sleeper = sleepers[index]
    for place in index..<count - 1 { sleepers[place] = sleepers[place + 1] }
    count -= 1
    return sleeper
  }
}
