import ABI
import Interfaces
import Testing

@Suite("The memory server's interface")
struct MemoryInterfaceTests {
  static let requests: [MemoryInterface.Request] = [
    .allocate(slot: 8, page: 0x100, pages: 3, rights: 3), .free(slot: 8), .createTask(entry: 2, slot: 9),
    .destroyTask, .load(slot: 8, page: 1, offset: 0x3000, filePages: 4, memoryPages: 5, rights: 3),
    .createEndpoint(slot: 3), .createNotification(slot: 4), .createThread(slot: 5),
    .lease(grant: "uart", index: 0, slot: 10, page: 7, pages: 2),
    .releaseLease(slot: 10), .interrupt(grant: "uart", index: 1, slot: 11), .attach, .supervise, .nextEvent,
    .exit(status: 5), .mapLog(slot: 7, page: 6), .mapBundle(slot: 12, page: 13), .memoryCounts, .taskAt(session: 3),
    .tableCounts(session: 4), .regionAt(session: 5, slot: 6), .deviceAt(index: 7),
    .probe(session: 2, address: 0x3000, asTask: true), .started,
    .verify(section: 3),
    .protect(slot: 8, rights: 5),
    .reserve(slot: 8, page: 0x100, pages: 3, rights: 3, fit: 2, isGuarded: true),
    .prefault(slot: 8, page: 0x101, pages: 2), .decommit(slot: 8, page: 0x102, pages: 1),
    .share(slot: 8, destination: 9), .show(slot: 8, page: 0x100, pages: 2, offset: 1, rights: 1, copies: true),
    .seal(slot: 8), .setQuota(quota: 9), .revokeLease(device: "uart"),
    .allocateDMA(lease: 1, slot: 2, page: 3, pages: 4, alignment: 0x2000, limit: .max), .busAddress(slot: 9),
    .addMemory(address: 1 << 31, bytes: 1 << 20), .resize(slot: 8, from: 3, to: 5),
  ]

  @Test("reads back every request that it writes", arguments: requests)
  func roundTrip(_ request: MemoryInterface.Request) {
    var message = Message()
    request.encode(into: &message)
    #expect(MemoryInterface.Request(method: message.label, message) == request)
  }

  @Test("gives each request a number of its own, from 1 without a gap")
  func numbers() {
    let numbers = Self.requests.map { request in
      var message = Message()
      request.encode(into: &message)
      return message.label
    }
    #expect(numbers.sorted() == Array(1...UInt64(Self.requests.count)))
    #expect(MemoryInterface.Request(method: 0, Message()) == nil)
    #expect(MemoryInterface.Request(method: UInt64(Self.requests.count) + 1, Message()) == nil)
  }

  @Test("carries both values of a refusal, whoever refused")
  func refusals() {
    let refusals: [MemoryRefusal] = [
      MemoryRefusal(.outOfMemory, 3, limit: 1), MemoryRefusal(.serverFull), MemoryRefusal(.kernel(.slotOccupied), 9),
      MemoryRefusal(.interface(.version), 1, limit: 2),
    ]
    for refusal in refusals { #expect(MemoryRefusal(reply: refusal.reply) == refusal) }
  }

  @Test("tells a service that died from one that refuses")
  func peerGone() {
    var gate = ScriptedGate { _, _ in Message(label: Outcome.refused | Status.peerGone.rawValue) }
    let error = #expect(throws: MemoryRefusal.self) {
      try Client<MemoryInterface>.own.createEndpoint(slot: 3, &gate)
    }
    #expect(error?.peerIsGone == true)
    #expect(MemoryRefusal(.kernel(.peerGone)).peerIsGone == false)
  }

  @Test("asks again while the server has not finished")
  func again() throws {
    var left = 3
    var gate = ScriptedGate { _, _ in
      left -= 1
      return Message(label: left > 0 ? ReplyLabel.again : 0)
    }
    try Client<MemoryInterface>.own.free(slot: 8, &gate)
    #expect(gate.calls.count == 3)
    #expect(gate.calls[0].message == gate.calls[2].message)
  }

  @Test("puts version and method in the label, and the handles that travel in x10")
  func registers() throws {
    var gate = ScriptedGate()
    try Client<MemoryInterface>.own.createNotification(slot: 4, task: 20, &gate)
    let sent = gate.calls[0].message
    #expect(sent.label == MemoryInterface.version << 16 | RequestLabel.passesHandle | 7)
    #expect(sent.handle == WellKnownSlot.memory)
    #expect(sent.transfer == 20)
  }

  @Test("packs a name in one word, the first letter lowest")
  func names() {
    #expect(Name("memory").word == 0x7972_6f6d_656d)
    #expect(Name("console").count == 7)
    #expect(Name("interrup")[7] == UInt8(ascii: "p"))
    #expect(Name.none.count == 0)
  }
}
