import Drivers
import Registers
import Testing

typealias Access = RecordingRegisters.Access

/// Everything that `ring` holds, oldest first.
func drain<let size: Int>(_ ring: inout ByteRing<size>) -> [UInt8] {
  var bytes: [UInt8] = []
  while let byte = ring.pop() { bytes.append(byte) }
  return bytes
}

@Suite("PL011") struct PL011Tests {
  static let setUp: [Access] = [
    .store(0x38, 0), .load(0x2c, 0x70), .store(0x34, 0x08), .store(0x44, 0x780), .store(0x30, 0x301),
    .store(0x38, 0x50),
  ]

  @Test("a line never set up gets divisor, then line control, then FIFO levels, then its receive interrupts")
  func initialise() {
    let registers = RecordingRegisters(expecting: [
      .store(0x38, 0), .load(0x2c, 0),
      .store(0x30, 0), .store(0x24, 13), .store(0x28, 1), .store(0x2c, 0x70),
      .store(0x34, 0x08), .store(0x44, 0x780), .store(0x30, 0x301), .store(0x38, 0x50),
    ])
    _ = PL011(registers)
    #expect(registers.mismatches.isEmpty)
  }

  @Test("a line that is set up keeps what its FIFO holds")
  func adopt() {
    let registers = RecordingRegisters(expecting: Self.setUp)
    _ = PL011(registers)
    #expect(registers.mismatches.isEmpty)
  }

  @Test("a receive interrupt empties the FIFO into the ring and clears nothing by hand")
  func receive() {
    let registers = RecordingRegisters(
      expecting: Self.setUp + [
        .load(0x40, 0x10), .load(0x18, 0), .load(0, 0x61), .load(0x18, 0), .load(0, 0x62), .load(0x18, 0x10),
      ])
    var uart = PL011(registers)
    var input = ByteRing<8>()
    var output = ByteRing<8>()
    let service = uart.handleInterrupt(input: &input, output: &output)
    #expect(service.received == 2 && service.sent == 0 && !service.isReceiveHeld)
    #expect(drain(&input) == [0x61, 0x62])
    #expect(uart.counts.receiveInterrupts == 1 && uart.counts.received == 2)
    #expect(registers.mismatches.isEmpty)
  }

  @Test("a full ring masks reception, room in it takes the FIFO's bytes first and then unmasks")
  func backPressure() {
    let registers = RecordingRegisters(
      expecting: Self.setUp + [
        .load(0x40, 0x40), .load(0x18, 0), .load(0, 0x31), .load(0x18, 0), .load(0, 0x32), .store(0x38, 0),
      ])
    var uart = PL011(registers)
    var input = ByteRing<2>()
    var output = ByteRing<1>()
    #expect(uart.handleInterrupt(input: &input, output: &output).isReceiveHeld == true)
    #expect(uart.resumeReceive(into: &input) == 0)
    #expect(input.pop() == 0x31)
    #expect(registers.mismatches.isEmpty)
    registers.expect([.load(0x18, 0), .load(0, 0x33)])
    #expect(uart.resumeReceive(into: &input) == 1)
    #expect(uart.isReceiveHeld == true)
    #expect(drain(&input) == [0x32, 0x33])
    registers.expect([.load(0x18, 0x10), .store(0x38, 0x50)])
    #expect(uart.resumeReceive(into: &input) == 0)
    #expect(uart.isReceiveHeld == false)
    #expect(registers.mismatches.isEmpty)
  }

  @Test(
    "a received error is counted, and drops the byte unless the loss was before it",
    arguments: [(0x100, false), (0x200, false), (0x500, false), (0x800, true)] as [(UInt64, Bool)])
  func errors(bits: UInt64, keeps: Bool) {
    let clear: [Access] = bits & 0x800 != 0 ? [.store(4, 0)] : []
    let registers = RecordingRegisters(
      expecting: Self.setUp + [.load(0x40, 0x10), .load(0x18, 0), .load(0, bits | 0x41)] + clear + [.load(0x18, 0x10)])
    var uart = PL011(registers)
    var input = ByteRing<8>()
    var output = ByteRing<1>()
    let service = uart.handleInterrupt(input: &input, output: &output)
    #expect(service.received == (keeps ? 1 : 0))
    #expect(input.pop() == (keeps ? 0x41 : nil))
    let counts = uart.counts
    #expect(counts.framingErrors == (bits == 0x100 ? 1 : 0))
    #expect(counts.parityErrors == (bits == 0x200 ? 1 : 0))
    #expect(counts.breaks == (bits == 0x500 ? 1 : 0))
    #expect(counts.overruns == (bits == 0x800 ? 1 : 0))
    #expect(registers.mismatches.isEmpty)
  }

  @Test("what fits the FIFO is sent without an interrupt")
  func sendShort() {
    let registers = RecordingRegisters(
      expecting: Self.setUp + [.load(0x18, 0), .store(0, 0x68), .load(0x18, 0), .store(0, 0x69)])
    var uart = PL011(registers)
    var output = ByteRing<8>()
    _ = output.push(0x68)
    _ = output.push(0x69)
    #expect(uart.startTransmit(from: &output) == 2)
    #expect(uart.startTransmit(from: &output) == 0)
    #expect(registers.mismatches.isEmpty)
  }

  @Test("a full FIFO turns the transmit interrupt on, an empty ring turns it off")
  func sendLong() {
    let registers = RecordingRegisters(
      expecting: Self.setUp + [
        .load(0x18, 0), .store(0, 0x68), .load(0x18, 0x20), .store(0x38, 0x70),
        .load(0x40, 0x20), .load(0x18, 0), .store(0, 0x69), .store(0x38, 0x50),
      ])
    var uart = PL011(registers)
    var input = ByteRing<1>()
    var output = ByteRing<8>()
    _ = output.push(0x68)
    _ = output.push(0x69)
    #expect(uart.startTransmit(from: &output) == 1)
    #expect(uart.startTransmit(from: &output) == 0)
    #expect(uart.handleInterrupt(input: &input, output: &output).sent == 1)
    #expect(uart.counts.transmitInterrupts == 1 && uart.counts.sent == 2)
    #expect(registers.mismatches.isEmpty)
  }

  @Test("one call sends no more than the FIFO's depth")
  func sendBounded() {
    var script = Self.setUp
    for byte in 0..<16 { script += [.load(0x18, 0), .store(0, UInt64(byte))] }
    let registers = RecordingRegisters(expecting: script + [.store(0x38, 0x70)])
    var uart = PL011(registers)
    var output = ByteRing<32>()
    for byte in 0..<20 { _ = output.push(UInt8(byte)) }
    #expect(uart.startTransmit(from: &output) == 16)
    #expect(registers.mismatches.isEmpty)
  }

  @Test("an interrupt that nothing raised does nothing")
  func spurious() {
    let registers = RecordingRegisters(expecting: Self.setUp + [.load(0x40, 0)])
    var uart = PL011(registers)
    var input = ByteRing<1>()
    var output = ByteRing<1>()
    #expect(uart.handleInterrupt(input: &input, output: &output) == .init())
    #expect(registers.mismatches.isEmpty)
  }

  @Test("a ring returns bytes in order and refuses when full, however often it wraps")
  func ring() {
    var ring = ByteRing<3>()
    var next: UInt8 = 0
    var expected: UInt8 = 0
    for _ in 0..<50 {
      while ring.push(next) { next &+= 1 }
      #expect(ring.free == 0)
      for _ in 0..<2 {
        #expect(ring.pop() == expected)
        expected &+= 1
      }
    }
  }
}
