import ABI
import ConsoleCore
import Drivers
import Interfaces
import Registers
import Runtime
import Testing

/// A UART that takes every byte at once and has what the test puts in; and a log ring of zeroes and what is set.
final class FakeDevice: RegisterAccess {
  var length: Int { 0x4000 }
  var sent: [UInt8] = []
  var input: [UInt8] = []
  var raised: UInt32 = 0
  var words: [Int: UInt64] = [:]

  func load8(at offset: Int) -> UInt8 { 0 }
  func load64(at offset: Int) -> UInt64 { words[offset] ?? 0 }
  func store8(_ value: UInt8, at offset: Int) {}
  func store64(_ value: UInt64, at offset: Int) {}
  func load32(at offset: Int) -> UInt32 {
    switch offset {
    case 0x00: UInt32(input.removeFirst())
    case 0x18: input.isEmpty ? 0x10 : 0
    case 0x40: raised
    default: 0
    }
  }
  func store32(_ value: UInt32, at offset: Int) { if offset == 0 { sent.append(UInt8(value)) } }

  /// Adds a record to the ring.
  func log(_ sequence: UInt64, _ text: UInt64, length: UInt64) {
    let offset = LogRing.offset(of: sequence)
    words[0] = sequence + 1
    words[8] = 1000
    words[offset] = 2500
    words[offset + 8] = Name("memory").word
    words[offset + 16] = length
    words[offset + 24] = text
  }
}

@Suite("The console's server")
struct ConsoleServerTests {
  let device = FakeDevice()
  let ring = FakeDevice()

  func server() -> ConsoleServer<FakeDevice, FakeDevice> {
    ConsoleServer(
      Console(PL011(device)), log: LogReader(ring), replies: Slots(from: 16, count: 2), interrupt: 9)
  }

  static func message(_ request: ConsoleInterface.Request, from client: UInt64 = 4) -> Message {
    var message = Message()
    request.encode(into: &message)
    message.label |= ConsoleInterface.version << 16
    message.handle = client
    return message
  }

  @Test("sends what a client writes and replies at once")
  func writes() {
    var server = server()
    var gate = ScriptedGate()
    var chunk = Chunk()
    for byte in "hello".utf8 { _ = chunk.append(byte) }
    var message = Self.message(.write(chunk))
    #expect(server.react(&message, &gate) == .reply)
    #expect(message.label == ReplyLabel.served)
    #expect(device.sent == Array("hello".utf8))
  }

  @Test("keeps a reader waiting until its interrupt brings input")
  func reads() throws {
    var server = server()
    var gate = ScriptedGate()
    var message = Self.message(.read(limit: 56))
    #expect(server.react(&message, &gate) == .receive(acknowledging: 0))
    #expect(gate.calls.last?.operation == .saveReply)
    device.input = Array("ab".utf8)
    device.raised = 1 << 4
    message = Message(handle: Badge.notification | NotificationBit.device)
    #expect(server.react(&message, &gate) == .receive(acknowledging: 9))
    let reply = try #require(gate.calls.last { $0.operation == .reply }?.message)
    #expect(reply.handle == 16)
    #expect(reply[0] == 2)
    #expect(reply[1] == 0x6261)
  }

  @Test("refuses a client that reads twice, and one more than it has places for")
  func refuses() {
    var server = server()
    var gate = ScriptedGate()
    var message = Self.message(.read(limit: 1))
    _ = server.react(&message, &gate)
    message = Self.message(.read(limit: 1))
    #expect(server.react(&message, &gate) == .reply)
    #expect(ConsoleInterfaceRefusal(reply: message).cause == .service(.alreadyReading))
    message = Self.message(.read(limit: 1), from: 5)
    #expect(server.react(&message, &gate) == .receive(acknowledging: 0))
    message = Self.message(.read(limit: 1), from: 6)
    #expect(server.react(&message, &gate) == .reply)
    #expect(ConsoleInterfaceRefusal(reply: message).cause == .service(.tooManyWaiting))
  }

  @Test("prints a line of the log when it is told that the log has grown")
  func logs() {
    var server = server()
    var gate = ScriptedGate()
    ring.log(0, 0x696b, length: 2)
    var message = Message(handle: Badge.notification | NotificationBit.log)
    #expect(server.react(&message, &gate) == .receive(acknowledging: 0))
    // 16 bytes fill the device's FIFO; the transmit interrupt brings the rest.
    device.raised = 1 << 5
    for _ in 0..<2 {
      message = Message(handle: Badge.notification | NotificationBit.device)
      _ = server.react(&message, &gate)
    }
    #expect(String(decoding: device.sent, as: UTF8.self) == "[   2.500] memory   ki\r\n")
  }

  @Test("starts a line of the log at the start of a line, though a client left the cursor in one")
  func lineStart() {
    var server = server()
    var gate = ScriptedGate()
    var chunk = Chunk()
    _ = chunk.append(UInt8(ascii: ">"))
    var message = Self.message(.write(chunk))
    _ = server.react(&message, &gate)
    ring.log(0, 0x696b, length: 2)
    message = Message(handle: Badge.notification | NotificationBit.log)
    _ = server.react(&message, &gate)
    #expect(String(decoding: device.sent.prefix(4), as: UTF8.self) == ">\r\n[")
  }
}
