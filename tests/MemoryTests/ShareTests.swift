import ABI
import Interfaces
import KernelCore
import Machine
import MemoryCore
import TestSupport
import Testing

private let own = Client<MemoryInterface>.own

@Suite("Memory that tasks share, by the server") struct ShareTests {
  @Test("a task shows a part of another's pages, pays its tables alone, and gives it back without a trace")
  func shows() throws {
    let sharers = try Sharers()
    try sharers.share()
    sharers.asChild()
    var gate = sharers.gate
    let used = sharers.used(sharers.childThread)
    let page = try own.show(memory: Sharers.name, slot: 41, pages: 4, offset: 2, rights: .read, &gate)
    for index in 0..<4 as Range<UInt64> {
      let frame = sharers.frame(sharers.childThread, page + index)
      #expect(frame != nil && frame == sharers.frame(sharers.initThread, 0x5002 + index))
    }
    #expect(sharers.used(sharers.childThread) == used + 2)
    sharers.check()
    // A repeated request finds what is there.
    #expect(try own.show(memory: Sharers.name, slot: 41, pages: 4, offset: 2, rights: .read, &gate) == page)
    try own.free(slot: 41, &gate)
    #expect(sharers.used(sharers.childThread) == used)
    #expect(sharers.frame(sharers.initThread, 0x5002) != nil)
    sharers.check()
  }

  @Test("what a region shows is its home's to bring: prefault and decommit are refused, and take no frame")
  func notItsOwn() throws {
    let sharers = try Sharers()
    for (round, lazily) in [true, false].enumerated() {
      try sharers.share(pages: 40, lazily: lazily)
      var gate = sharers.gate
      if lazily { try own.prefault(slot: 30, page: 0x5000, pages: 9, &gate) }
      sharers.asChild()
      gate = sharers.gate
      try own.show(memory: Sharers.name, slot: 41, page: 0x8000, pages: 40, rights: [.read, .write], &gate)
      let before = try Books(sharers.system)
      for page in [0x8000, 0x8009] as [UInt64] {
        #expect(throws: MemoryRefusal(.notRegion, 41)) { try own.prefault(slot: 41, page: page, pages: 14, &gate) }
        #expect(throws: MemoryRefusal(.notRegion, 41)) { try own.decommit(slot: 41, page: page, pages: 14, &gate) }
      }
      #expect(try Books(sharers.system).differences(before) == [], "round \(round)")
      sharers.check()
      try own.free(slot: 41, &gate)
      sharers.asInit()
      gate = sharers.gate
      try own.free(slot: 30, &gate)
      for slot: UInt64 in [31] { try gate.drop(slot) }
      sharers.asChild()
      gate = sharers.gate
      try gate.drop(Sharers.name)
    }
  }

  @Test("a page that its home brings lazily comes by the touch of whoever shows it, on the home's account")
  func lazily() throws {
    let sharers = try Sharers()
    try sharers.share(pages: 1024, lazily: true)
    sharers.asChild()
    var gate = sharers.gate
    try own.show(memory: Sharers.name, slot: 41, page: 0x8000, pages: 1000, offset: 3, rights: [.read, .write], &gate)
    let (home, child) = (sharers.used(sharers.initThread), sharers.used(sharers.childThread))
    #expect(sharers.touch(0x8010))
    #expect(sharers.frame(sharers.childThread, 0x8010) == sharers.frame(sharers.initThread, 0x5013))
    #expect(sharers.frame(sharers.childThread, 0x8010) != nil)
    #expect(sharers.used(sharers.initThread) == home + 2)
    #expect(sharers.used(sharers.childThread) == child + 1)
    #expect(sharers.touch(0x8010))
    sharers.check()
  }

  @Test("what its owner frees is taken from whoever shows it: the next touch is told so")
  func taken() throws {
    let sharers = try Sharers()
    let before = sharers.used(sharers.initThread)
    try sharers.share()
    sharers.asChild()
    var gate = sharers.gate
    try own.show(memory: Sharers.name, slot: 41, page: 0x8000, pages: 8, rights: .read, &gate)
    sharers.asInit()
    gate = sharers.gate
    try own.free(slot: 30, &gate)
    #expect(sharers.frame(sharers.childThread, 0x8000) == nil)
    #expect(try gate.inspectHandle(31).word.kind == .gone)
    // The frame of objects stays with the account.
    #expect(sharers.used(sharers.initThread) <= before + 1)
    sharers.check()
    #expect(!sharers.touch(0x8003))
    #expect(sharers.system.meddling.log.lines.contains { $0.hasSuffix("read at 0x0800_3000, which was taken from it") })
  }

  @Test("the leaf table that a block replaces where the last shown page comes is free again")
  func merges() throws {
    let sharers = try Sharers()
    sharers.asInit()
    var gate = sharers.gate
    try own.reserve(slot: 30, page: 0x5000, pages: 512, fit: .block, &gate)
    try own.share(slot: 30, to: 31, &gate)
    try gate.copy(31, to: Sharers.name, task: Sharers.child)
    sharers.asChild()
    gate = sharers.gate
    try own.show(memory: Sharers.name, slot: 41, page: 0x8000, pages: 512, rights: [.read, .write], &gate)
    let used = sharers.used(sharers.childThread)
    for page in [0x8100, 0x8101] as [UInt64] { #expect(sharers.touch(page)) }
    #expect(sharers.used(sharers.childThread) == used + 1)
    #expect(sharers.touch(0x8000))
    #expect(sharers.used(sharers.childThread) == used)
    sharers.check()
  }
}
