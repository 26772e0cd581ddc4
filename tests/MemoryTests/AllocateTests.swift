import ABI
import Interfaces
import KernelCore
import MemoryCore
import Testing

/// What the kernel holds about memory: to compare before and after a refused request.
struct Snapshot: Equatable {
  var ledger: [UInt64]
  var used: [UInt64]
  var slots: [UInt64]

  init(_ system: TestSystem) {
    let first = system.machine.firstFrame
    let frames = first..<first + Geometry.sectionFrames
    ledger = frames.map { system.machine.kernel.ledger($0).pointee.raw }
    let task = system.machine.kernel.thread(system.machine.current).pointee.task
    used = [system.machine.server, task].map { system.machine.kernel.task($0).pointee.used }
    slots = (1..<88).map { system.machine.kernel.handle(task + 1280 + $0 * 32).pointee.word.raw }
  }
}

private let own = Client<MemoryInterface>.own

@Suite("Allocating and freeing") struct AllocateTests {
  @Test("memory that is large and aligned is mapped in blocks, without a leaf table") func blocks() throws {
    let system = try TestSystem()
    var gate = system.client
    try own.allocate(slot: 20, page: 0x1200, pages: 1024, rights: [.read, .write], &gate)
    let task = system.machine.kernel.thread(system.machine.current).pointee.task
    let before = system.machine.kernel.task(task).pointee.tables
    #expect(system.machine.kernel.task(task).pointee.mappedPages >= 1024)
    #expect(before == 3)
  }

  @Test("the same request again finds what it made") func again() throws {
    let system = try TestSystem()
    var gate = system.client
    try own.allocate(slot: 20, page: 0x1000, pages: 3, rights: [.read, .write], &gate)
    let before = Snapshot(system)
    try own.allocate(slot: 20, page: 0x1000, pages: 3, rights: [.read, .write], &gate)
    #expect(Snapshot(system) == before)
  }

  struct Bad: CustomTestStringConvertible, Sendable {
    var words: Message
    var cause: MemoryRefusal.Cause
    var value: UInt64
    var limit: UInt64
    var testDescription: String { "\(words[0]) \(words[1]) \(words[2]) \(words[3]): \(cause)" }
    init(
      _ slot: UInt64, _ page: UInt64, _ pages: UInt64, _ rights: UInt64, _ cause: MemoryRefusal.Cause,
      _ value: UInt64, _ limit: UInt64 = 0
    ) {
      words = Message(slot, page, pages, rights)
      self.cause = cause
      self.value = value
      self.limit = limit
    }
  }

  static let refused: [Bad] = [
    Bad(20, 0x1000, 0, 3, .service(.rangeOutside), 0x1000, 0),
    Bad(20, 0x1000, .max, 3, .service(.rangeOutside), 0x1000, .max),
    Bad(20, Geometry.taskPages, 1, 3, .service(.rangeOutside), Geometry.taskPages, 1),
    Bad(20, Geometry.taskPages - 1, 2, 3, .service(.rangeOutside), Geometry.taskPages - 1, 2),
    Bad(20, .max, 1, 3, .service(.rangeOutside), .max, 1),
    Bad(20, 0x1000, 1, 0, .service(.invalidRights), 0),
    Bad(20, 0x1000, 1, 2, .service(.invalidRights), 2),
    Bad(20, 0x1000, 1, 6, .service(.invalidRights), 6),
    Bad(20, 0x1000, 1, 7, .service(.invalidRights), 7),
    Bad(20, 0x1000, 1, 11, .service(.invalidRights), 11),
    Bad(1, 0x1000, 1, 3, .service(.slotOccupied), 1, ObjectKind.endpoint.rawValue),
    Bad(88, 0x1000, 1, 3, .kernel(.slotOutside), 88, 88),
    Bad(.max, 0x1000, 1, 3, .kernel(.slotOutside), .max, 88),
    Bad(20, TestBundle.textPage, 1, 3, .kernel(.regionOverlap), TestBundle.textPage, 80),
    Bad(20, TestBundle.textPage - 1, 3, 3, .kernel(.regionOverlap), TestBundle.textPage - 1, 80),
  ]

  @Test("a bad argument is refused by name, and nothing has changed", arguments: refused) func badArgument(_ row: Bad)
    throws
  {
    let system = try TestSystem()
    var gate = system.client
    let before = Snapshot(system)
    let frees = system.frees
    let refusal = try #require(throws: MemoryRefusal.self) {
      try own.allocate(
        slot: row.words[0], page: row.words[1], pages: row.words[2], rights: Rights.Memory(rawValue: row.words[3]),
        &gate)
    }
    #expect(refusal == MemoryRefusal(row.cause, row.value, limit: row.limit))
    #expect(Snapshot(system) == before)
    #expect(system.frees == frees)
  }

  @Test("giving back what is no region is refused") func badFree() throws {
    let system = try TestSystem()
    var gate = system.client
    for slot: UInt64 in [1, 20] {
      #expect(throws: MemoryRefusal(.notRegion, slot)) { try own.free(slot: slot, &gate) }
    }
    #expect(throws: MemoryRefusal(.kernel(.slotOutside), 88, limit: 88)) { try own.free(slot: 88, &gate) }
  }

  @Test("page 0 leaves the choice to the server: gaps, blocks aligned, a free page on either side") func choice() throws
  {
    let system = try TestSystem()
    var gate = system.client
    func allocate(_ slot: UInt64, _ pages: UInt64) throws -> UInt64 {
      let request = MemoryInterface.Request.allocate(slot: slot, page: 0, pages: pages, rights: 3)
      return try own.callUntilDone(request, &gate)[0]
    }
    let small = try allocate(20, 5)
    let next = try allocate(21, 5)
    let large = try allocate(22, 1024)
    #expect(small > 0)
    #expect(next == small + 6)
    #expect(large & 511 == 0)
    #expect(try allocate(22, 1024) == large)
  }
}
