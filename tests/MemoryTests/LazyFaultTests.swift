import ABI
import Interfaces
import KernelCore
import MemoryCore
import TestSupport
import Testing

private let own = Client<MemoryInterface>.own

@Suite("Faults that are a task's end") struct LazyFaultTests {
  struct Bad: Sendable, CustomTestStringConvertible {
    let address: UInt64
    let touch: LazySystem.Touch
    /// What the report says of the place, and of the cause.
    let place: String
    let cause: String
    var testDescription: String { "\(touch) at \(address)" }
    init(_ address: UInt64, _ touch: LazySystem.Touch, _ place: String, _ cause: String) {
      (self.address, self.touch, self.place, self.cause) = (address, touch, place, cause)
    }
  }

  /// A stack of 16 pages from page 0x2000 on, constants from 0x3000 on, data from 0x4000 on; all of them lazy.
  static let faults: [Bad] = [
    Bad(0x1ff_fff8, .write, "in the guard page below its stack", "a stack that grew into its guard page"),
    Bad(0x201_0000, .read, "in the guard page above its stack", "more taken from a stack than was put there"),
    Bad(0x1ff_efff, .write, "below its stack", "a stray pointer"),
    Bad(0x201_1000, .read, "where nothing is mapped", "a stray pointer"),
    Bad(0x300_0000, .write, "which its region does not allow", "a write to code or to constants"),
    Bad(0x300_0000, .forbiddenWrite, "which its region does not allow", "a write to code or to constants"),
    Bad(0x400_0000, .execute, "which its region does not allow", "a jump into data"),
    Bad(0x400_0000, .forbiddenWrite, "which its region does not allow", "a write to code or to constants"),
    Bad(0x400_2000, .read, "where nothing is mapped", "a stray pointer"),
    Bad(0x3ff_ffff, .read, "where nothing is mapped", "a stray pointer"),
    Bad(1 << 39, .read, "in the kernel's half", "a pointer into the kernel's half"),
    Bad(0xffff_ff80_0000_0000, .write, "in the kernel's half", "a pointer into the kernel's half"),
    Bad(8, .read, "where nothing is mapped", "a null pointer"),
  ]

  @Test("what no region brings is reported in words and stops the task; nothing has come", arguments: faults)
  func fault(_ bad: Bad) throws {
    let lazy = try LazySystem()
    var gate = lazy.system.client
    try own.reserve(slot: 30, page: 0x2000, pages: 16, isGuarded: true, &gate)
    try own.reserve(slot: 31, page: 0x3000, pages: 2, rights: .read, &gate)
    try own.reserve(slot: 32, page: 0x4000, pages: 2, &gate)
    let before = lazy.words
    let lines = lazy.log.count
    #expect(!lazy.touch(bad.address, bad.touch))
    #expect(lazy.words.used == before.used && lazy.words.mappedPages == before.mappedPages)
    let report = Array(lazy.log[lines...])
    try #require(report.count == 4)
    #expect(report.allSatisfy { $0.hasPrefix("fault    clock    ") })
    #expect(report[0].hasSuffix(", \(bad.place)"), "\(report[0])")
    #expect(report[2].hasPrefix("fault    clock    likely \(bad.cause)"), "\(report[2])")
    if bad.address > 0xffff { #expect(report[2].contains("; nearest region 0x")) }
    lazy.check()
  }

  @Test("what a region does not allow brings nothing where the page's table is there, either")
  func forbidden() throws {
    let lazy = try LazySystem()
    var gate = lazy.system.client
    try own.reserve(slot: 31, page: 0x3000, pages: 2, rights: .read, &gate)
    #expect(lazy.touch(0x300_1000, .read))
    let before = lazy.words
    #expect(!lazy.touch(0x300_0000, .write))
    #expect(lazy.words.used == before.used && lazy.words.mappedPages == before.mappedPages)
    lazy.check()
  }

  @Test("faults that bring pages are counted and not told, and no event waits")
  func counted() throws {
    let lazy = try LazySystem()
    var gate = lazy.system.client
    try own.reserve(slot: 30, page: 0x2000, pages: 16, &gate)
    let lines = lazy.log.count
    for page in 0x2000..<0x2005 as Range<UInt64> { #expect(lazy.touchPage(page)) }
    #expect(lazy.log.count == lines)
    var session: UInt64 = 0
    var names = 0
    while let facts = try? own.task(at: session, &gate) {
      session = facts.session + 1
      guard facts.name == "clock" else { continue }
      names += 1
      #expect(facts.faults == 5 && facts.priority == 30)
      let region = try own.region(session: facts.session, at: 30, &gate)
      #expect(region.pages == 16 && region.mapped == 5 && region.flags == .lazy(.page))
    }
    #expect(names == 1)
  }

  @Test("a region mapped whole brings nothing later")
  func whole() throws {
    let lazy = try LazySystem()
    var gate = lazy.system.client
    try own.allocate(slot: 30, page: 0x2000, pages: 4, rights: [.read, .write], &gate)
    #expect(!lazy.touch(0x200_0000, .read))
    lazy.check()
  }
}
