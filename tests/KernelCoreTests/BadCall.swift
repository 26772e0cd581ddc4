import ABI
import KernelCore
import TestSupport

/// A client with one handle of each sort, so that a table can name what it does wrong.
final class World {
  let system = SimulatedSystem(frames: 4096)
  let client: Actor
  let other: Actor
  /// The first of two free frames; the first of the client's two.
  let free: UInt64
  let mapped: UInt64

  /// The client's slots.
  enum Slot {
    static let endpoint: UInt64 = 8
    static let endpointNoRights: UInt64 = 9
    static let notification: UInt64 = 10
    static let notificationNoRights: UInt64 = 11
    static let region: UInt64 = 12
    static let gone: UInt64 = 13
    static let reply: UInt64 = 14
    static let interrupt: UInt64 = 15
    static let interruptNoRights: UInt64 = 16
    static let task: UInt64 = 17
    static let taskNoRights: UInt64 = 18
    static let dying: UInt64 = 19
    static let memory: UInt64 = 20
    static let memoryNoRights: UInt64 = 21
    static let devices: UInt64 = 22
    static let bundle: UInt64 = 23
    static let power: UInt64 = 24
    static let timer: UInt64 = 25
    static let timerNoRights: UInt64 = 26
    static let device: UInt64 = 27
    static let badged: UInt64 = 28
    static let bundleRegion: UInt64 = 29
    static let own: UInt64 = 30
    static let endpointNoPass: UInt64 = 31
    static let blockRegion: UInt64 = 32
    static let thread: UInt64 = 33
    static let threadNoRights: UInt64 = 34
    static let logNoRights: UInt64 = 35
    static let server: UInt64 = 36
    static let empty: UInt64 = 40
  }

  /// The client's pages: two of `region` are mapped, and all of `blockRegion` by one block.
  enum Page {
    static let region: UInt64 = 0x100
    static let bundle: UInt64 = 0x400
    static let block: UInt64 = 0x800
  }

  init() {
    let system = system
    client = system.spawn(slot: 40, quota: 700)
    other = system.spawn(slot: 41)
    let dying = system.spawn(slot: 42)
    // Runs when nobody else can.
    system.spawn(slot: 43, priority: 0)
    let server = system.memoryServer
    for (kind, slot) in [(ObjectKind.endpoint, 50), (.endpoint, 51), (.notification, 52)] as [(ObjectKind, UInt64)] {
      system.make(kind, slot: slot)
    }
    system.must(server, .create, Message(0, 4, system.takeFrames(), 53, 0, 0x9000, 1, handle: HandOver.Slot.devices))
    system.must(server, .create, Message(0, 6, system.takeFrames(), 54, 0, 33, handle: HandOver.Slot.devices))
    system.must(server, .create, Message(0, 11, system.takeFrames(), 55, 0, handle: 2))
    for (source, target, rights) in [
      (50, Slot.endpoint, 7), (50, Slot.endpointNoRights, 0), (50, Slot.endpointNoPass, 3), (51, Slot.gone, 7),
      (52, Slot.notification, 7), (52, Slot.notificationNoRights, 0), (53, Slot.device, 7), (54, Slot.interrupt, 7),
      (54, Slot.interruptNoRights, 0), (41, Slot.task, 7), (41, Slot.taskNoRights, 0), (42, Slot.dying, 7),
      (2, Slot.memory, 7), (2, Slot.memoryNoRights, 0), (3, Slot.devices, 7), (4, Slot.bundle, 7),
      (5, Slot.logNoRights, 0), (6, Slot.power, 7), (7, Slot.timer, 7), (7, Slot.timerNoRights, 0), (40, Slot.own, 7),
      (55, Slot.thread, 7), (55, Slot.threadNoRights, 0), (HandOver.Slot.task, Slot.server, 7),
    ] as [(UInt64, UInt64, UInt64)] { system.give(source, to: client, target, rights: rights) }
    system.give(50, to: client, Slot.badged, badge: 5)
    system.give(50, to: other, 8)
    system.must(server, .revoke, Message(handle: 51))
    system.must(dying, .null)
    system.must(server, .destroy, Message(handle: 42))
    free = system.takeFrames(2)
    mapped = system.takeFrames(2)
    makeRegions()
    system.call(other, .call, Message(handle: 8))
    system.must(client, .receive, Message(handle: Slot.endpoint))
    system.must(client, .saveReply, Message(Slot.reply))
    // The memory server, which stands above all, waits: the client runs alone.
    system.must(server, .wait, Message(handle: 52))
    system.makeCurrent(client.thread)
  }

  private func makeRegions() {
    let server = system.memoryServer
    system.must(server, .region, Message(Slot.region, Page.region, 8, 3, 0, 0, handle: client.slot))
    system.must(
      server, .map,
      Message(
        Slot.region, Page.region, 2, mapped, system.takeFrames(), system.takeFrames(), 2, handle: client.slot))
    system.must(
      server, .region, Message(Slot.bundleRegion, Page.bundle, 4, 1, HandOver.Slot.bundle, handle: client.slot))
    system.must(server, .region, Message(Slot.blockRegion, Page.block, 512, 3, 0, 0, handle: client.slot))
    let block = system.takeFrames(512, aligned: 512)
    system.must(
      server, .map,
      Message(Slot.blockRegion, Page.block, 512, block, system.takeFrames(), 0, 2, handle: client.slot))
  }
}

/// A call that the kernel must refuse.
struct BadCall: CustomStringConvertible, Sendable {
  let operation: Operation
  let description: String
  let refusal: Refusal
  let message: @Sendable (World) -> Message

  init(
    _ operation: Operation, _ description: String, _ refusal: Refusal, _ message: @escaping @Sendable (World) -> Message
  ) {
    self.operation = operation
    self.description = "\(operation): \(description)"
    self.refusal = refusal
    self.message = message
  }
}
