import ConsoleCore
import Drivers
import Interfaces
import Testing

extension Chunk {
  init(_ bytes: some Sequence<UInt8>) {
    self.init()
    for byte in bytes { precondition(append(byte)) }
  }
  var bytes: [UInt8] { (0..<count).map { self[$0] } }
}

@Suite("Console") struct ConsoleTests {
  @Test("a flood of input loses no byte, however slowly it is read", arguments: [1, 7, 56])
  func flood(step: Int) throws {
    var random = Seeded(state: UInt64(step))
    let text = (0..<20_000).map { _ in UInt8.random(in: 0...255, using: &random) }
    let device = ModelPL011()
    device.incoming = text[...]
    var console = Console(PL011(device))
    var read: [UInt8] = []
    var wasHeld = false
    while read.count < text.count {
      device.deliver(Int.random(in: 0...40, using: &random))
      if device.isRaised { _ = console.onInterrupt() }
      wasHeld = wasHeld || console.isReceiveHeld
      if console.unread > 0, Int.random(in: 0..<8, using: &random) == 0 || console.isReceiveHeld,
        let chunk = try console.read(upTo: step, for: 1, reply: 1)
      {
        read += chunk.bytes
      }
    }
    #expect(read == text)
    #expect(wasHeld == true)
    #expect(console.counts.overruns == 0)
    #expect(console.counts.received == 20_000)
  }

  @Test("a flood of output arrives whole and in order, with writers waiting rather than losing")
  func output() throws {
    var random = Seeded(state: 9)
    let device = ModelPL011()
    var console = Console(PL011(device))
    var expected: [UInt8] = []
    var waits = 0
    var isWaiting = false
    for _ in 0..<2000 {
      if !isWaiting {
        let chunk = Chunk(
          (0..<Int.random(in: 0...56, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) })
        expected += chunk.bytes
        isWaiting = try !console.write(chunk, from: 1, reply: 5)
        waits += isWaiting ? 1 : 0
      }
      device.shift(Int.random(in: 0...20, using: &random))
      if device.isRaised { _ = console.onInterrupt() }
      if case .written(reply: 5)? = console.nextCompletion() { isWaiting = false }
    }
    while device.sent.count < expected.count {
      device.shift(20)
      if device.isRaised { _ = console.onInterrupt() }
      _ = console.nextCompletion()
    }
    #expect(device.sent == expected)
    #expect(device.lost == 0)
    #expect(waits > 0)
    #expect(console.counts.transmitInterrupts > 0)
  }

  @Test("interrupt counts grow with traffic and stand still without")
  func counts() throws {
    let device = ModelPL011()
    var console = Console(PL011(device))
    _ = try console.write(Chunk(repeatElement(0x78, count: 56)), from: 1, reply: 1)
    device.incoming = [1, 2, 3]
    for _ in 0..<10 {
      device.shift(16)
      device.deliver(1)
      if device.isRaised { _ = console.onInterrupt() }
    }
    let counts = console.counts
    #expect(counts.receiveInterrupts == 3 && counts.transmitInterrupts == 3)
    for _ in 0..<10 {
      device.shift(16)
      device.deliver(1)
      if device.isRaised { _ = console.onInterrupt() }
    }
    #expect(console.counts == counts)
  }

  @Test("a reader waits for input and is answered by the interrupt that brings it")
  func waitingReader() throws {
    let device = ModelPL011()
    var console = Console(PL011(device))
    #expect(try console.read(upTo: 2, for: 7, reply: 70) == nil)
    #expect(try console.read(upTo: 9, for: 8, reply: 80) == nil)
    #expect(console.nextCompletion() == nil)
    device.incoming = [0x61, 0x62, 0x63]
    device.deliver(3)
    _ = console.onInterrupt()
    var answers: [(UInt64, [UInt8])] = []
    while case .read(let reply, let chunk)? = console.nextCompletion() { answers.append((reply, chunk.bytes)) }
    #expect(answers.map(\.0) == [70, 80])
    #expect(answers.map(\.1) == [[0x61, 0x62], [0x63]])
  }

  @Test("a second read of one client and a ninth reader are refused, and nothing changes")
  func refusals() throws {
    var console = Console(PL011(ModelPL011()))
    for client in 0..<8 as Range<UInt64> { #expect(try console.read(upTo: 1, for: client, reply: client) == nil) }
    do throws(ConsoleRefusal) {
      _ = try console.read(upTo: 1, for: 3, reply: 9)
      Issue.record("taken twice")
    } catch { #expect(error == .alreadyReading) }
    do throws(ConsoleRefusal) {
      _ = try console.read(upTo: 1, for: 8, reply: 9)
      Issue.record("taken ninth")
    } catch { #expect(error == .tooManyWaiting(limit: 8)) }
    #expect(console.forget(client: 3) == 3)
    #expect(console.forget(client: 3) == nil)
    #expect(try console.read(upTo: 1, for: 8, reply: 9) == nil)
  }

  @Test("a writer behind one that waits does not overtake it")
  func writersInTurn() throws {
    let device = ModelPL011()
    var console = Console(PL011(device))
    let long = Chunk(repeatElement(0x61, count: 56))
    var queued = 0
    while try console.write(long, from: 1, reply: 1) { queued += 56 }
    #expect(try console.write(Chunk([0x62]), from: 2, reply: 2) == false)
    #expect(console.writeIfRoom(Chunk([0x63])) == false)
    do throws(ConsoleRefusal) {
      _ = try console.write(Chunk([0x64]), from: 2, reply: 3)
      Issue.record("taken twice")
    } catch { #expect(error == .alreadyWriting) }
    var order: [UInt64] = []
    while device.sent.count < queued + 57 {
      device.shift(16)
      if device.isRaised { _ = console.onInterrupt() }
      while case .written(let reply)? = console.nextCompletion() { order.append(reply) }
    }
    #expect(order == [1, 2])
    #expect(device.sent == Array(repeating: 0x61, count: queued + 56) + [0x62])
  }
}
