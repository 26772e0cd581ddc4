import ABI
import KernelCore
import Machine
import TestSupport
import Testing

@Suite("Clearing and publishing in steps")
struct RestartTests {
  /// A server that may map with RAM of its own, a task to map in, and 64 frames.
  private func space() -> (Space, UInt64, UInt64) {
    let space = Space()
    let region = space.region(0x200, 64)
    return (space, region, space.system.takeFrames(64))
  }

  @Test("a map that interrupts stop again and again goes on where it was and maps zeroes")
  func restarts() {
    let (space, region, frames) = space()
    let spares = space.system.takeFrames(2)
    space.system.kernel.machine.pending = Array(40..<60)
    let pc = space.system.kernel.thread(space.system.memoryServer.thread).pointee.registers.instruction
    let result = space.map(region, 0x200, 64, frame: frames, spares: (spares, spares + 1))
    #expect(result.refusal == nil)
    #expect([result[0], result[1]] == [64, 3])
    #expect(space.system.kernel.thread(space.system.memoryServer.thread).pointee.registers.instruction == pc + 4)
    #expect(space.system.kernel.machine.active.count == 7, "one interrupt after each eight frames but the last")
    for frame in frames..<frames + 64 { #expect(isZero(space.system, frame)) }
    #expect(space.system.audit() == [])
  }

  @Test("the first step changes nothing but memory that is free, and leaves the arguments")
  func firstStep() {
    let (space, region, frames) = space()
    let spares = space.system.takeFrames(2)
    let system = space.system
    let message = Message(region, 0x200, 64, frames, spares, spares + 1, 2, handle: space.task.slot)
    system.setMessage(message, of: system.memoryServer.thread)
    system.kernel.machine.pending = [40]
    let pc = system.kernel.thread(system.memoryServer.thread).pointee.registers.instruction
    system.kernel.systemCall(Operation.map.rawValue)
    #expect(system.kernel.thread(system.memoryServer.thread).pointee.registers.instruction == pc &- 4)
    #expect(system.message(of: system.memoryServer.thread) == message)
    #expect(system.kernel.ram.cleared == FrameRange(frames, frames + 8))
    #expect(system.used(space.task) == 2)
    #expect(system.audit() == [])
  }

  @Test("a frame that was cleared, then used and freed by somebody else, is cleared again")
  func staleness() {
    let (space, region, frames) = space()
    let spares = space.system.takeFrames(2)
    let system = space.system
    // Another holder of the authority, that an interrupt lets run between two steps.
    let rival = system.spawn(slot: 41, priority: 61)
    system.give(2, to: rival, 20)
    let server = system.memoryServer
    let message = Message(region, 0x200, 64, frames, spares, spares + 1, 2, handle: space.task.slot)
    system.makeCurrent(server.thread)
    system.setMessage(message, of: server.thread)
    system.kernel.machine.pending = [40]
    system.kernel.systemCall(Operation.map.rawValue)
    #expect(system.kernel.ram.cleared.count == 8)
    // The rival makes a task of the first two of them, and ends it: two free frames, written all over.
    system.must(rival, .create, Message(0, 3, frames, 60, 0, 8, 0xbad, frames + 1, handle: 20))
    while system.must(rival, .destroy, Message(handle: 60))[1] == 0 {}
    #expect(!isZero(system, frames))
    #expect(system.call(server, .map, message).refusal == nil)
    #expect(isZero(system, frames))
    #expect(system.audit() == [])
  }

  @Test(
    "executable pages become visible to instruction fetch in steps that interrupts stop, each frame once",
    arguments: [1, 8, 9, 64, 512])
  func published(pages: UInt64) {
    let space = Space()
    let region = space.region(0x200, 512, rights: 5)
    let frames = space.system.takeFrames(512, aligned: 512)
    let spares = space.system.takeFrames(2)
    let system = space.system
    system.kernel.machine.pending = Array(40..<240)
    let result = space.map(region, 0x200, pages, frame: frames, spares: (spares, spares + 1))
    #expect(result.refusal == nil && result[0] == pages)
    #expect(system.kernel.machine.synchronizedFrames.isSuperset(of: frames..<frames + pages))
    let clearing = (pages - 1) / 8
    let publishing = (pages - 1) / 8 + 1
    #expect(
      system.kernel.machine.active.count == Int(clearing + publishing),
      "one interrupt between any two steps, in the end none")
    for frame in frames..<frames + pages { #expect(isZero(system, frame)) }
    #expect(system.kernel.ram.published == FrameRange(0, 0))
    #expect(system.audit() == [])
  }

  @Test(
    "what a call has made visible and not mapped, only the same call takes for visible",
    arguments: [(0, 8), (1, 16), (2, 16), (3, 16)])
  func otherPublisher(between: Int, visible: Int) {
    let space = Space()
    let system = space.system
    let frames = system.takeFrames(16, aligned: 16)
    let spares = system.takeFrames(2)
    let region = space.region(0x200, 16, rights: 5)
    let rival = system.spawn(slot: 41, priority: 61)
    system.give(2, to: rival, 20)
    system.give(space.task.slot, to: rival, 21)
    let server = system.memoryServer
    let message = Message(region, 0x200, 16, frames, spares, spares + 1, 2, handle: space.task.slot)
    system.makeCurrent(server.thread)
    system.setMessage(message, of: server.thread)
    // After eight frames were cleared, all of them, and eight were made visible.
    for number in 40...42 as ClosedRange<UInt32> {
      system.kernel.machine.pending = [number]
      system.makeCurrent(server.thread)
      system.kernel.systemCall(Operation.map.rawValue)
      system.kernel.machine.pending = []
    }
    #expect(system.kernel.ram.published == FrameRange(frames, frames + 8))
    system.kernel.machine.forgetSynchronized()
    // Nothing comes between; another's call; a call of the same thread's, refused and plain.
    let isSame = between != 1
    let slots: (authority: UInt64, task: UInt64) = isSame ? (2, space.task.slot) : (20, 21)
    if between == 2 {
      #expect(system.call(server, .protect, Message(region, 0x200, 17, 5, handle: slots.task)).refusal != nil)
    }
    if between == 3 {
      let plain = space.region(0x300, 1)
      let frame = system.takeFrames()
      #expect(space.map(plain, 0x300, 1, frame: frame, spares: (spares, spares + 1)).refusal == nil)
    }
    let tables: (UInt64, UInt64) = between == 3 ? (0, 0) : (spares, spares + 1)
    let again = Message(
      region, 0x200, 16, frames, tables.0, tables.1, slots.authority, handle: slots.task)
    #expect(system.call(isSame ? server : rival, .map, again).refusal == nil)
    #expect(system.kernel.machine.synchronizedFrames.count == visible)
    #expect(system.audit() == [])
  }

  private func isZero(_ system: SimulatedSystem, _ frame: UInt64) -> Bool {
    (0..<512 as Range<UInt64>).allSatisfy {
      system.kernel.machine.memory(DirectMap.address(frame) + $0 * 8, as: UInt64.self).pointee == 0
    }
  }
}
