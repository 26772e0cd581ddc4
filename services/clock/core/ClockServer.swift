internal import ABI
public import Drivers
public import Interfaces
public import Registers
public import Runtime

/// What the clock reads the counter from.
public protocol CounterSource {
  /// The count.
  var now: UInt64 { get }
  /// Counts a second.
  var frequency: UInt64 { get }
}

/// The clock's server: time of day from the PL031, sleep on the kernel's one deadline. It also wakes the supervisor,
/// which calls nobody that it looks after.
public struct ClockServer<Device: RegisterAccess & ~Copyable, Source: CounterSource>: Server, ~Copyable {
  /// What it serves.
  public typealias Service = ClockInterface
  private let device: PL031<Device>
  private let counter: Source
  private var sleepers = SleepQueue<16>()
  private var replies: Slots
  /// When the supervisor wants to be woken; 0: never.
  private var supervisorDue: UInt64 = 0

  /// A clock that keeps its sleepers' replies in `replies`.
  public init(_ device: consuming PL031<Device>, counter: Source, replies: Slots) {
    self.device = device
    self.counter = counter
    self.replies = replies
  }

  /// Answers a request.
  public mutating func answer(
    _ request: ClockInterface.Request, from arrival: Arrival, _ gate: inout some Gate & ~Copyable
  ) -> Answer<ClockInterface.Reason> {
    switch request {
    case .now:
      let time = ClockTime(
        unixSeconds: UInt64(device.seconds), counter: counter.now, frequency: counter.frequency)
      return .reply(time.reply)
    case .sleep(let count):
      if count <= counter.now { return .done }
      return sleep(until: count, client: arrival.badge, &gate)
    }
  }

  private mutating func sleep(until count: UInt64, client: UInt64, _ gate: inout some Gate & ~Copyable)
    -> Answer<ClockInterface.Reason>
  {
    guard let slot = replies.take() else { return .refuse(ClockInterfaceRefusal(.tooManySleepers)) }
    do throws(ClockRefusal) {
      try sleepers.add(Sleeper(deadline: count, client: client, reply: slot))
    } catch {
      replies.give(slot)
      guard case .tooManySleepers(let sleeping, let limit) = error else { return .done }
      return .refuse(ClockInterfaceRefusal(.tooManySleepers, UInt64(sleeping), limit: UInt64(limit)))
    }
    setDeadline(&gate)
    return .later(slot: slot)
  }

  /// Serves what the notification's bits stand for.
  public mutating func notified(_ bits: UInt64, _ gate: inout some Gate & ~Copyable) -> UInt64 {
    wakeSleepers(&gate)
    let isDue = supervisorDue != 0 && supervisorDue <= counter.now
    if bits & NotificationBit.supervisor != 0 || isDue { askSupervisor(&gate) }
    setDeadline(&gate)
    return 0
  }

  /// Lets the supervisor do what is due, and learns when it wants to be woken again.
  public mutating func askSupervisor(_ gate: inout some Gate & ~Copyable) {
    do throws(InitRefusal) { supervisorDue = try Client<InitInterface>.own.wake(&gate) } catch { supervisorDue = 0 }
  }

  private mutating func wakeSleepers(_ gate: inout some Gate & ~Copyable) {
    while let sleeper = sleepers.takeDue(at: counter.now) {
      do throws(Refusal) { try gate.reply(to: sleeper.reply, Message()) } catch {
        // The sleeper died: what is left in the slot goes.
        var message = Message(handle: sleeper.reply)
        gate.invoke(.drop, &message)
      }
      replies.give(sleeper.reply)
    }
  }

  /// Sets the kernel's deadline to whatever comes first.
  private mutating func setDeadline(_ gate: inout some Gate & ~Copyable) {
    var next = sleepers.nextDeadline ?? 0
    if supervisorDue != 0, next == 0 || supervisorDue < next { next = supervisorDue }
    var message = Message(next, handle: WellKnownSlot.timer)
    gate.invoke(.deadline, &message)
  }
}
