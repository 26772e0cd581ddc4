import ABI
import KernelCore
import Simulated
import TestSupport
import Testing

/// The order of stores, barriers and invalidations on each path of `map` and `unmap`.
@Suite("Order of stores, barriers and invalidations")
struct MapOrderTests {
  @Test("a first page: each table is cleared and ordered before the entry that leads to it")
  func firstPage() {
    let space = Space()
    let region = space.region(0x12345, 8)
    let frames = space.system.takeFrames(3)
    let (middle, leaf) = (frames + 1, frames + 2)
    let mapped = space.events {
      #expect(space.map(region, 0x12345, frame: frames, spares: (middle, leaf)).refusal == nil)
    }
    let growth: [Event] = [
      .publish, .store(space.root, 0x12345 >> 18, Entry.table(middle)),
      .publish, .store(middle, 0x12345 >> 9 & 511, Entry.table(leaf)),
      .store(leaf, 0x12345 & 511, Entry.page(frames, rights: 3)), .publish,
    ]
    #expect(mapped == growth)
    let unmapped = space.events { #expect(space.unmap(region, 0x12345)[1] == leaf) }
    let shrinking: [Event] = [
      .store(leaf, 0x12345 & 511, 0), .store(middle, 0x12345 >> 9 & 511, 0), .store(space.root, 0, 0),
      .publish, .invalidatePage(0x12345, space.identifier), .complete,
    ]
    #expect(unmapped == shrinking)
    #expect(space.system.audit() == [])
  }

  @Test("a page under a leaf table that is there: one store; another leaf: one table")
  func laterPages() {
    let space = Space()
    let region = space.region(0x400, 1024)
    let frames = space.system.takeFrames(8)
    _ = space.map(region, 0x400, frame: frames, spares: (frames + 6, frames + 7))
    let same = space.events { #expect(space.map(region, 0x401, frame: frames + 1)[1] == 0) }
    let sameLeaf: [Event] = [.store(frames + 7, 1, Entry.page(frames + 1, rights: 3)), .publish]
    #expect(same == sameLeaf)
    let next = space.events { #expect(space.map(region, 0x600, frame: frames + 2, spares: (frames + 5, 0))[1] == 1) }
    let newLeaf: [Event] = [
      .publish, .store(frames + 6, 3, Entry.table(frames + 5)),
      .store(frames + 5, 0, Entry.page(frames + 2, rights: 3)), .publish,
    ]
    #expect(next == newLeaf)
    let one = space.events { _ = space.unmap(region, 0x401) }
    let single: [Event] = [.store(frames + 7, 1, 0), .publish, .invalidatePage(0x401, space.identifier), .complete]
    #expect(one == single)
    #expect(space.system.audit() == [])
  }

  @Test("16 pages are forgotten one by one, 17 with the whole address space", arguments: [16, 17] as [UInt64])
  func many(count: UInt64) {
    let space = Space()
    let region = space.region(0x400, 64)
    let frames = space.system.takeFrames(count + 3)
    _ = space.map(region, 0x43f, frame: frames + count, spares: (frames + count + 1, frames + count + 2))
    let mapped = space.events { _ = space.map(region, 0x400, count, frame: frames) }
    #expect(mapped.last == .publish && mapped.count == Int(count) + 1)
    let unmapped = space.events { _ = space.unmap(region, 0x400, count) }
    let forgotten: [Event] =
      count == 16
      ? (0..<16).map { .invalidatePage(0x400 + $0, space.identifier) } : [.invalidateIdentifier(space.identifier)]
    let tail: [Event] = [.publish] + forgotten + [.complete]
    #expect(Array(unmapped.dropFirst(Int(count))) == tail)
    #expect(space.system.audit() == [])
  }

  @Test("2 MiB whose page and frame are aligned are one entry, mapped and unmapped")
  func block() {
    let space = Space()
    let region = space.region(0x800, 512)
    let frames = space.system.takeFrames(512, aligned: 512)
    let middle = space.system.takeFrames()
    let mapped = space.events { #expect(space.map(region, 0x800, 512, frame: frames, spares: (middle, 0))[1] == 1) }
    let oneEntry: [Event] = [
      .publish, .store(space.root, 0, Entry.table(middle)), .store(middle, 4, Entry.block(frames, rights: 3)),
      .publish,
    ]
    #expect(mapped == oneEntry)
    #expect(space.system.pages(of: space.task)[0x9ff] == SeenPage(frame: frames + 511, rights: 3, level: 2))
    let unmapped = space.events { #expect(space.unmap(region, 0x800, 512)[2] == middle) }
    let emptied: [Event] = [
      .store(middle, 4, 0), .store(space.root, 0, 0), .publish, .invalidatePage(0x800, space.identifier), .complete,
    ]
    #expect(unmapped == emptied)
    #expect(space.system.audit() == [])
  }

  @Test("a driver's pages are device memory, never executable, and end where the lease ends")
  func device() {
    let space = Space()
    let system = space.system
    let object = Message(0, 4, system.takeFrames(), 60, 0, 0x9000, 2, handle: HandOver.Slot.devices)
    system.must(system.memoryServer, .create, object)
    let region = space.region(0x700, 2, memory: 60)
    let tables = system.takeFrames(2)
    let mapped = space.events { _ = space.map(region, 0x700, 2, spares: (tables, tables + 1)) }
    #expect(mapped.contains(.store(tables + 1, 0x100, Entry.device(0x9000))))
    #expect(mapped.contains(.store(tables + 1, 0x101, Entry.device(0x9001))))
    #expect(system.audit() == [])
    _ = space.unmap(region, 0x700, 2)
    system.must(system.memoryServer, .drop, Message(handle: 60))
    let live = system.kernel.ledger(system.kernel.task(system.server).pointee.objectFrames).pointee.live
    system.must(space.task, .drop, Message(handle: region))
    let after = system.kernel.ledger(system.kernel.task(system.server).pointee.objectFrames).pointee.live
    #expect(live.nonzeroBitCount == after.nonzeroBitCount + 1, "the Memory ended with its last region")
    #expect(system.audit() == [])
  }
}
