import ABI
import Interfaces
import Testing

/// What a request looks like after it travelled.
func travelled<Request: InterfaceRequest>(_ request: Request) -> (label: UInt64, Request?) {
  var message = Message()
  request.encode(into: &message)
  return (message.label, Request(method: message.label, message))
}

@Suite("The interfaces of clock, interrupts, init and console")
struct OtherInterfacesTests {
  @Test("read back what they write", arguments: [ClockInterface.Request.now, .sleep(until: 1 << 40)])
  func clock(_ request: ClockInterface.Request) { #expect(travelled(request).1 == request) }

  @Test("read back what they write", arguments: [InterruptsInterface.Request.enable, .disable, .counts])
  func interrupts(_ request: InterruptsInterface.Request) { #expect(travelled(request).1 == request) }

  @Test(
    "read back what they write",
    arguments: [
      InitInterface.Request.connect("console"), .taskAt(index: 3), .kill("shell"), .run("faulter", argument: 2),
      .powerOff, .wake, .revoke("clock", device: "rtc"),
    ])
  func initRequests(_ request: InitInterface.Request) { #expect(travelled(request).1 == request) }

  @Test("carry up to 56 bytes to the console, and refuse a message that claims more")
  func console() {
    var chunk = Chunk()
    for byte in 0..<UInt8(56) { _ = chunk.append(byte) }
    guard case .write(let arrived)? = travelled(ConsoleInterface.Request.write(chunk)).1 else {
      Issue.record("not a write")
      return
    }
    #expect(arrived.count == 56)
    #expect((0..<56).allSatisfy { arrived[$0] == UInt8($0) })
    #expect(ConsoleInterface.Request(method: 1, Message(57)) == nil)
  }

  @Test("number their requests from 1 and know no others")
  func numbers() {
    #expect(ClockInterface.Request(method: 0, Message()) == nil)
    #expect(ClockInterface.Request(method: 3, Message()) == nil)
    #expect(InterruptsInterface.Request(method: 4, Message()) == nil)
    #expect(InitInterface.Request(method: 8, Message()) == nil)
    #expect(ConsoleInterface.Request(method: 4, Message()) == nil)
  }

  @Test("tell a handle that did not arrive from one that did")
  func connect() throws {
    var gate = ScriptedGate { _, message in Message(transfer: message.transfer >> 32) }
    try Client<InitInterface>.own.connect("console", slot: 12, &gate)
    gate.respond = { _, _ in Message() }
    #expect(throws: InitRefusal(.interface(.handleNeeded), 0, limit: 12)) {
      try Client<InitInterface>.own.connect("console", slot: 12, &gate)
    }
  }
}
