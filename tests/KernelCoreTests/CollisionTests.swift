import ABI
import KernelCore
import TestSupport
import Testing

/// Refusals whose values are frames of the world, or whose world needs more than one call to be made.
@Suite("What a call names twice, or somebody has already")
struct CollisionTests {
  typealias Slot = World.Slot

  /// A call of the client's that is refused and changes nothing.
  private func refuse(_ world: World, _ operation: Operation, _ message: Message, _ refusal: Refusal) {
    let system = world.system
    system.setMessage(message, of: world.client.thread)
    let before = system.digest(except: world.client.thread)
    #expect(system.call(world.client, operation, message).refusal == refusal)
    system.kernel.thread(world.client.thread).pointee.registers.instruction &-= 4
    #expect(system.digest(except: world.client.thread) == before)
    #expect(system.audit() == [])
  }

  @Test("a new task's root is none of its other frames")
  func root() {
    let world = World()
    for root in [world.free, world.free + 1] {
      let message = Message(0, 3, world.free, Slot.empty, 0, 32, 0, root | 1 << 48, handle: Slot.memory)
      refuse(world, .create, message, Refusal(.frameNotFree, root))
    }
  }

  @Test("the interrupt controller takes two different tables, and once")
  func attach() {
    let world = World()
    let same = Message(2, 0x8010, world.free, world.free, handle: Slot.devices)
    refuse(world, .interrupt, same, Refusal(.frameNotFree, world.free))
    let first = Message(2, 0x8010, world.free, world.free + 1, handle: Slot.devices)
    world.system.must(world.client, .interrupt, first)
    refuse(world, .interrupt, Message(2, 0x8010, 0, 0, handle: Slot.devices), Refusal(.busy, 1))
  }

  @Test("a table that is needed alone is the first spare")
  func firstSpare() {
    let space = Space()
    let (near, far) = (space.region(0x8_0000, 1), space.region(0x8_0200, 1))
    let frames = space.system.takeFrames(4)
    let tables = (space.system.takeFrames(), space.system.takeFrames())
    #expect(space.map(near, 0x8_0000, frame: frames, spares: tables).refusal == nil)
    let refused = space.map(far, 0x8_0200, frame: frames + 1, spares: (0, frames + 2))
    #expect(refused.refusal == Refusal(.tablesNeeded, 1, limit: 1))
    #expect(space.map(far, 0x8_0200, frame: frames + 1, spares: (frames + 2, 0)).refusal == nil)
    #expect(space.system.audit() == [])
  }

  @Test("a notification wakes one thread's receive")
  func bound() {
    let system = SimulatedSystem(frames: 4096)
    let (first, second) = (system.spawn(slot: 40), system.spawn(slot: 41))
    system.make(.notification, slot: 50)
    for task in [first, second] { system.give(50, to: task, 8) }
    system.must(first, .thread, Message(3, 8))
    #expect(system.call(second, .thread, Message(3, 8)).refusal == Refusal(.busy, 8))
    // Its own thread may bind it again.
    system.must(first, .thread, Message(3, 8))
    #expect(system.audit() == [])
  }
}
