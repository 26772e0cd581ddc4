import ABI
import KernelCore
import TestSupport

/// A server and two clients that share an endpoint (slot 8) and a notification (slot 9), and an idle thread.
/// The server's handle receives; the clients' carry the badges 1 and 2. The memory server waits.
final class Meeting {
  let system = SimulatedSystem(frames: 4096)
  let server: Actor
  let first: Actor
  let second: Actor
  let idle: Actor

  init(server priority: UInt64 = 20, first: UInt64 = 10, second: UInt64 = 10) {
    server = system.spawn(slot: 40, priority: priority)
    self.first = system.spawn(slot: 41, priority: first)
    self.second = system.spawn(slot: 42, priority: second)
    idle = system.spawn(slot: 43, priority: 0)
    system.make(.endpoint, slot: 50)
    system.make(.notification, slot: 51)
    system.make(.notification, slot: 52)
    for (actor, badge) in [(server, 0), (self.first, 1), (self.second, 2)] as [(Actor, UInt64)] {
      system.give(50, to: actor, 8, badge: badge)
      system.give(51, to: actor, 9, badge: badge << 4)
      system.give(50, to: actor, WellKnownSlot.memory, badge: 64 + badge)
    }
    quiet()
  }

  /// The memory server waits until it is needed again.
  func quiet() { system.must(system.memoryServer, .wait, Message(handle: 52)) }

  /// Makes calls as the memory server, wherever it waits.
  func asMemoryServer(_ work: () -> Void) {
    system.kernel.setBits(1, of: system.handle(system.memoryServer, 52).object)
    work()
    quiet()
  }

  /// The server receives.
  @discardableResult func receive() -> Message { system.call(server, .receive, Message(handle: 8)) }

  /// A client calls through slot 8.
  @discardableResult func call(_ actor: Actor, _ message: Message = Message()) -> Message {
    var sent = message
    if sent.handle == 0 { sent.handle = 8 }
    return system.call(actor, .call, sent)
  }

  func state(_ actor: Actor) -> UInt64 { system.state(actor) }
  func result(_ actor: Actor) -> Message { system.message(of: actor.thread) }
}
