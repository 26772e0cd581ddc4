import InitCore
import Interfaces
import Testing

@Suite("The supervisor")
struct SupervisorTests {
  /// A supervisor at 1,000 counts a second: one count is a millisecond.
  static func supervisor(limit: UInt64 = 3, pause: UInt64 = 20) -> Supervisor {
    var supervisor = Supervisor(frequency: 1000)
    supervisor.add("memory", limit: 0, pause: 0)
    supervisor.add("init", limit: 0, pause: 0)
    supervisor.add("console", limit: limit, pause: pause)
    supervisor.add("faulter", limit: 0, pause: 0)
    return supervisor
  }

  /// Holds the supervisor to a statement; reading it takes an `inout`.
  func expect(
    _ holds: (inout Supervisor) -> Bool, _ supervisor: inout Supervisor, at location: SourceLocation = #_sourceLocation
  ) {
    let isTrue = holds(&supervisor)
    #expect(isTrue, sourceLocation: location)
  }

  @Test("finds tasks by name and by session, and no others")
  func finds() {
    var supervisor = Self.supervisor()
    supervisor.started(2, session: 9, at: 0)
    expect({ (s: inout Supervisor) in s.index(of: "console") == 2 }, &supervisor)
    expect({ (s: inout Supervisor) in s.index(of: "nobody") == nil }, &supervisor)
    expect({ (s: inout Supervisor) in s.index(ofSession: 9) == 2 }, &supervisor)
    expect({ (s: inout Supervisor) in s.index(ofSession: 8) == nil }, &supervisor)
    expect({ (s: inout Supervisor) in s.index(ofSession: 0) == nil }, &supervisor)
  }

  @Test("waits before a restart, twice as long after each failure in a row")
  func doubles() {
    var supervisor = Self.supervisor(limit: 255)
    var now: UInt64 = 100
    for pause: UInt64 in [20, 40, 80, 160, 320, 640, 1280, 1280] {
      supervisor.started(2, session: 5, at: now)
      #expect(supervisor.ended(2, at: now) == .waiting)
      expect({ (s: inout Supervisor) in s.nextDue() == now + pause }, &supervisor)
      #expect(supervisor.takeDue(at: now + pause - 1) == nil)
      now += pause
      #expect(supervisor.takeDue(at: now) == 2)
      #expect(supervisor.takeDue(at: now) == nil)
    }
  }

  @Test("gives up at the limit, and starts afresh after ten quiet seconds")
  func limit() {
    var supervisor = Self.supervisor(limit: 2)
    for now: UInt64 in [0, 1000] {
      supervisor.started(2, session: 5, at: now)
      #expect(supervisor.ended(2, at: now) == .waiting)
    }
    supervisor.started(2, session: 5, at: 2000)
    #expect(supervisor.ended(2, at: 12_000) == .waiting)
    supervisor.started(2, session: 5, at: 13_000)
    #expect(supervisor.ended(2, at: 13_001) == .waiting)
    supervisor.started(2, session: 5, at: 14_000)
    #expect(supervisor.ended(2, at: 14_001) == .ended)
    expect({ (s: inout Supervisor) in s.facts(2).restarts == 4 }, &supervisor)
    expect({ (s: inout Supervisor) in s.nextDue() == 0 }, &supervisor)
  }

  @Test("never restarts a program, and a service that could not be started counts as failed")
  func programs() {
    var supervisor = Self.supervisor()
    expect({ (s: inout Supervisor) in !s.isService(3) }, &supervisor)
    expect({ (s: inout Supervisor) in s.isService(2) }, &supervisor)
    supervisor.started(3, session: 7, at: 0)
    #expect(supervisor.ended(3, at: 1) == .ended)
    #expect(supervisor.ended(2, at: 1) == .waiting)
  }

  @Test("restarts at once where there is no timer, but not one that failed seven times in a row")
  func early() {
    var supervisor = Self.supervisor(limit: 255)
    for _ in 0..<6 {
      _ = supervisor.ended(2, at: 0)
      #expect(supervisor.takeDue(at: 0, early: true) == 2)
    }
    _ = supervisor.ended(2, at: 0)
    #expect(supervisor.takeDue(at: 0, early: true) == nil)
    expect({ (s: inout Supervisor) in s.nextDue() == 1280 }, &supervisor)
  }
}
