import ABI
import Interfaces
import Registers
import Runtime
import Testing

/// A clock's server that answers what the test says.
struct ScriptedServer: Server {
  typealias Service = ClockInterface
  var answers: Answer<ClockInterface.Reason>
  var landingSlot: UInt64 { 33 }
  var seen: [(ClockInterface.Request, Arrival)] = []
  var bits: UInt64 = 0

  mutating func answer(_ request: ClockInterface.Request, from arrival: Arrival, _ gate: inout some Gate & ~Copyable)
    -> Answer<ClockInterface.Reason>
  {
    seen.append((request, arrival))
    return answers
  }
  mutating func notified(_ bits: UInt64, _ gate: inout some Gate & ~Copyable) -> UInt64 {
    self.bits = bits
    return 9
  }
}

@Suite("The server loop")
struct ServerTests {
  static let sleep = Message(77, label: ClockInterface.version << 16 | 2, handle: 5, transfer: 33)

  @Test("hands a request on with its badge and handle, and replies with what it gets")
  func request() {
    var server = ScriptedServer(answers: .reply(Message(1, 2)))
    var gate = ScriptedGate()
    var message = Self.sleep
    #expect(server.react(&message, &gate) == .reply)
    #expect(message == Message(1, 2))
    #expect(server.seen.first?.0 == .sleep(until: 77))
    #expect(server.seen.first?.1.badge == 5)
    #expect(server.seen.first?.1.handle == 33)
  }

  @Test("refuses another version and an unknown method before the service sees them")
  func refusals() {
    var server = ScriptedServer(answers: .done)
    var gate = ScriptedGate()
    var message = Message(label: 9 << 16 | 1)
    #expect(server.react(&message, &gate) == .reply)
    #expect(
      ClockInterfaceRefusal(reply: message)
        == ClockInterfaceRefusal(.interface(.version), 9, limit: ClockInterface.version))
    message = Message(label: ClockInterface.version << 16 | 99)
    #expect(server.react(&message, &gate) == .reply)
    #expect(ClockInterfaceRefusal(reply: message).cause == .interface(.unknownMethod))
    #expect(server.seen.isEmpty)
  }

  @Test(
    "drops the handle that came with what it cannot read, or no other would ever land",
    arguments: [9 << 16 | 1, ClockInterface.version << 16 | 99] as [UInt64])
  func unreadable(label: UInt64) {
    var server = ScriptedServer(answers: .done)
    var gate = ScriptedGate()
    var message = Message(label: label, transfer: 33)
    #expect(server.react(&message, &gate) == .reply)
    #expect(gate.calls.map(\.operation) == [.drop])
    #expect(gate.calls.first?.message.handle == 33)
  }

  @Test("refuses a request whose handle did not arrive, for without it it would mean something else")
  func lostHandle() {
    var server = ScriptedServer(answers: .done)
    var gate = ScriptedGate()
    var message = Message(label: ClockInterface.version << 16 | RequestLabel.passesHandle | 1)
    #expect(server.react(&message, &gate) == .reply)
    #expect(ClockInterfaceRefusal(reply: message).cause == .interface(.handleNeeded))
    #expect(server.seen.isEmpty)
  }

  @Test("keeps a reply for later in the slot that the service names")
  func later() {
    var server = ScriptedServer(answers: .later(slot: 40))
    var gate = ScriptedGate()
    var message = Self.sleep
    #expect(server.react(&message, &gate) == .receive(acknowledging: 0))
    #expect(gate.calls.map(\.operation) == [.saveReply])
    #expect(gate.calls[0].message[0] == 40)
  }

  @Test("answers at once where the reply cannot be kept")
  func cannotKeep() {
    var server = ScriptedServer(answers: .later(slot: 40))
    var gate = ScriptedGate { _, _ in Message(40, label: Outcome.refused | Status.slotOccupied.rawValue) }
    var message = Self.sleep
    #expect(server.react(&message, &gate) == .reply)
    #expect(ClockInterfaceRefusal(reply: message) == ClockInterfaceRefusal(.kernel(.slotOccupied), 40))
  }

  @Test("tells the service of its notification's bits, and acknowledges the interrupt that it names")
  func notification() {
    var server = ScriptedServer(answers: .done)
    var gate = ScriptedGate()
    var message = Message(handle: Badge.notification | 6)
    #expect(server.react(&message, &gate) == .receive(acknowledging: 9))
    #expect(server.bits == 6)
  }

  @Test("leaves a task stopped whose fault nobody serves")
  func fault() {
    var server = ScriptedServer(answers: .done)
    var gate = ScriptedGate()
    var message = Message(label: 0x24, handle: Badge.fault | 3)
    #expect(server.react(&message, &gate) == .reply)
    #expect(message.label != FaultMessage.resume)
  }

  @Test("offers a place for handles with every receive, and falls back when a reply is refused")
  func step() throws {
    var server = ScriptedServer(answers: .reply(Message(transfer: 50)))
    var refusals = 1
    var gate = ScriptedGate { _, _ in
      refusals -= 1
      return refusals >= 0 ? Message(50, label: Outcome.refused | Status.slotEmpty.rawValue) : Message(label: 4)
    }
    var message = Self.sleep
    try server.step(&message, on: 3, &gate)
    #expect(message.label == 4)
    #expect(gate.calls.map(\.operation) == [.replyReceive, .replyReceive])
    #expect(gate.calls[0].message.transfer == 50 | 33 << 32)
    #expect(gate.calls[1].message.transfer == 33 << 32)
    #expect(ClockInterfaceRefusal(reply: gate.calls[1].message).cause == .kernel(.slotEmpty))
  }
}

@Suite("The runtime")
struct RuntimeTests {
  @Test("connects at first use, and anew after the peer died")
  func reconnects() throws {
    var connection = Connection<ClockInterface>(to: "clock", slot: 20)
    var deaths = 2
    var connects = 0
    var gate = ScriptedGate { operation, message in
      guard operation == .call else { return Message() }
      if message.handle == WellKnownSlot.supervisor {
        connects += 1
        return Message(transfer: message.transfer >> 32)
      }
      deaths -= 1
      return deaths >= 0 ? Message(label: Outcome.refused | Status.peerGone.rawValue) : Message(42)
    }
    let time = try connection.use(&gate) { (client, gate: inout ScriptedGate) throws(ClockInterfaceRefusal) in
      try client.now(&gate)
    }
    #expect(time.unixSeconds == 42)
    #expect(connects == 3)
    #expect(connection.reconnections == 2)
  }

  @Test("gives a peer up that dies three times under one request")
  func givesUp() {
    var connection = Connection<ClockInterface>(to: "clock", slot: 20)
    var gate = ScriptedGate { operation, message in
      if message.handle == WellKnownSlot.supervisor { return Message(transfer: message.transfer >> 32) }
      return operation == .call ? Message(label: Outcome.refused | Status.peerGone.rawValue) : Message()
    }
    #expect(throws: ClockInterfaceRefusal(.call(.peerGone))) {
      try connection.use(&gate) { (client, gate: inout ScriptedGate) throws(ClockInterfaceRefusal) in
        try client.now(&gate)
      }
    }
  }

  @Test("sends a long line in records of 56 bytes, all but the last continued")
  func logs() {
    var gate = ScriptedGate()
    var line = LogLine()
    line.write(repeating: UInt8(ascii: "x"), times: 60)
    gate.log(line)
    #expect(gate.calls.map { $0.message[0] } == [56 | LogRecord.continues, 4])
    #expect(gate.calls[1].message[1] == 0x7878_7878)
  }

  @Test("puts lines of alternating tasks together")
  func assembles() {
    var lines = LineAssembler()
    func record(_ source: Name, _ text: UInt64, more: Bool) -> LogRecord {
      LogRecord(
        time: 1500, source: source.word, flags: 1 | (more ? LogRecord.continues : 0), text: [text, 0, 0, 0, 0, 0, 0])
    }
    #expect(lines.take(record("aa", 0x31, more: true)) == nil)
    #expect(lines.take(record("bb", 0x41, more: true)) == nil)
    #expect(lines.take(record("aa", 0x32, more: false))?.text.equals("12") == true)
    let line = lines.take(record("bb", 0x42, more: false))
    var text = TextBuffer<80>()
    line?.write(to: &text, frequency: 1000)
    #expect(text.equals("[   1.500] bb       AB\r\n"))
  }

  @Test("gives each slot once, and takes it back")
  func slots() {
    var slots = Slots(from: 10, count: 2)
    #expect(slots.take() == 10)
    #expect(slots.take() == 11)
    #expect(slots.take() == nil)
    slots.give(10)
    #expect(slots.take() == 10)
  }

  @Test("says what was refused in words, with names as names and large values in hexadecimal")
  func words() {
    var text = TextBuffer<120>()
    text.write(MemoryRefusal(.deviceHeld, Name("pl011").word, limit: Name("console").word))
    #expect(text.equals("held by another task: device, holder pl011, console"))
    text.removeAll()
    text.write(Refusal(.slotOutside, 17, limit: 16))
    #expect(text.equals("slot outside the table: slot, slots 17, 16"))
  }
}
