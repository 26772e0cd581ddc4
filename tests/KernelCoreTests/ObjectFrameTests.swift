import ABI
import KernelCore
import TestSupport
import Testing

@Suite("Frames of objects") struct ObjectFrameTests {
  @Test("an account's newest frame of objects comes back with the last that lived there, to who has the authority")
  func comesBack() {
    let space = Space()
    let system = space.system
    let server = system.memoryServer
    let used = system.kernel.task(space.task.task).pointee.used
    let frames = (0..<2).map { _ in system.takeFrames() }
    func make(_ slots: Range<UInt64>, on frame: UInt64) {
      for slot in slots { system.must(server, .create, Message(40, 1, frame, slot, 0, handle: 2)) }
    }
    // 31 objects fill a frame; the 32nd opens another.
    make(50..<81, on: frames[0])
    make(81..<82, on: frames[1])
    #expect(system.kernel.task(space.task.task).pointee.used == used + 2)
    // Without the authority it stays, and so does one that is not the newest, or on which others live.
    system.must(server, .drop, Message(0, 0, 2, handle: 50))
    for slot in 51..<81 as Range<UInt64> { #expect(system.must(server, .drop, Message(0, 0, 2, handle: slot))[0] == 0) }
    #expect(system.kernel.task(space.task.task).pointee.used == used + 2)
    #expect(system.must(server, .drop, Message(0, 0, 2, handle: 81))[0] == frames[1])
    #expect(system.kernel.ledger(frames[1]).pointee.isFree)
    #expect(system.kernel.task(space.task.task).pointee.used == used + 1)
    // The older one is the newest now.
    make(50..<51, on: frames[1])
    #expect(system.must(server, .drop, Message(handle: 50))[0] == 0)
    #expect(system.kernel.task(space.task.task).pointee.used == used + 1)
    make(50..<51, on: frames[1])
    #expect(system.must(server, .drop, Message(0, 0, 2, handle: 50))[0] == frames[0])
    #expect(system.kernel.task(space.task.task).pointee.used == used)
    #expect(system.audit() == [])
  }
}
