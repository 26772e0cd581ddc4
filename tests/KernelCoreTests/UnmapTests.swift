import ABI
import KernelCore
import Simulated
import TestSupport
import Testing

@Suite("Unmapping")
struct UnmapTests {
  /// x0–x4 of an `unmap`: pages handled, two tables, the first frame that came free and how many.
  private func told(_ message: Message) -> [UInt64] { (0..<5).map { message[$0] } }

  @Test("the first pages whose frames lie together go, and their frames are told; what is empty is passed over")
  func runs() {
    let space = Space()
    let region = space.region(0x200, 64)
    let frames = space.system.takeFrames(20)
    let spares = (frames + 18, frames + 19)
    // Pages 3 to 5 and 6 to 7 on two runs of frames, page 8 on the frame before that of page 7, 20 alone.
    _ = space.map(region, 0x203, 3, frame: frames + 8, spares: spares)
    _ = space.map(region, 0x206, 2, frame: frames + 4)
    _ = space.map(region, 0x208, frame: frames + 3)
    _ = space.map(region, 0x214, frame: frames)
    #expect(told(space.unmap(region, 0x200, 3)) == [3, 0, 0, 0, 0])
    #expect(told(space.unmap(region, 0x200, 5)) == [5, 0, 0, frames + 8, 2])
    #expect(told(space.unmap(region, 0x205, 59)) == [1, 0, 0, frames + 10, 1])
    #expect(told(space.unmap(region, 0x206, 58)) == [2, 0, 0, frames + 4, 2])
    #expect(told(space.unmap(region, 0x208, 56)) == [1, 0, 0, frames + 3, 1])
    #expect(space.system.audit() == [])
    #expect(told(space.unmap(region, 0x200, 64)) == [21, frames + 19, frames + 18, frames, 1])
    #expect(told(space.unmap(region, 0x200, 64)) == [64, 0, 0, 0, 0])
    #expect(space.system.audit() == [])
  }

  @Test("a run ends with its leaf table, however the frames go on")
  func leaves() {
    let space = Space()
    let region = space.region(0x3fe, 4)
    let frames = space.system.takeFrames(8)
    _ = space.map(region, 0x3fe, 2, frame: frames, spares: (frames + 4, frames + 5))
    _ = space.map(region, 0x400, 2, frame: frames + 2, spares: (frames + 6, 0))
    #expect(told(space.unmap(region, 0x3fe, 4)) == [2, frames + 5, 0, frames, 2])
    #expect(told(space.unmap(region, 0x400, 2)) == [2, frames + 6, frames + 4, frames + 2, 2])
    #expect(space.system.audit() == [])
  }

  @Test("a region over a Memory tells no frames, and all of a leaf table goes at once, over what is empty too")
  func shown() {
    let space = Space()
    let region = space.region(0x200, 16, rights: 1, memory: HandOver.Slot.bundle)
    let frames = space.system.takeFrames(2)
    _ = space.map(region, 0x202, 3, spares: (frames, frames + 1))
    _ = space.map(region, 0x209, 2)
    #expect(told(space.unmap(region, 0x201, 15)) == [15, frames + 1, frames, 0, 0])
    #expect(space.system.audit() == [])
  }

  @Test("half a terabyte that holds nothing is passed over in one call")
  func emptyHalf() {
    let space = Space()
    let region = space.region(1, Geometry.taskPages - 1)
    #expect(told(space.unmap(region, 1, Geometry.taskPages - 1)) == [Geometry.taskPages - 1, 0, 0, 0, 0])
  }

  @Test("a call passes over at most 512 entries: tables that are absent whole, the others entry by entry")
  func bounded() {
    let space = Space()
    let region = space.region(1, Geometry.taskPages - 1)
    let frames = space.system.takeFrames(3)
    // The last page of the last leaf table: 511 entries before it at each level.
    let last = Geometry.taskPages - 1
    _ = space.map(region, last, frame: frames, spares: (frames + 1, frames + 2))
    var page: UInt64 = 1
    var ends: [UInt64] = []
    while page <= last {
      let step = space.unmap(region, page, last + 1 - page)
      page += step[0]
      ends.append(page)
      if step[4] != 0 { #expect(told(step) == [step[0], frames + 2, frames + 1, frames, 1]) }
    }
    #expect(ends == [Geometry.taskPages - 511 * 512, last - 509, last + 1])
    #expect(space.system.audit() == [])
  }
}
