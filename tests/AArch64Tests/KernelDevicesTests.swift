import AArch64
import Registers
import Testing

typealias Access = RecordingRegisters.Access

@Suite("The GICv2 CPU interface") struct CPUInterfaceTests {
  @Test("is turned on last, with all priorities let through and EOImode set")
  func start() {
    let registers = RecordingRegisters(length: 0x2000, expecting: [.store(0x4, 0xf0), .store(0x0, 0x201)])
    GICv2CPUInterface(registers).start()
    #expect(registers.mismatches.isEmpty)
  }

  @Test(
    "acknowledges by one load and gives the interrupt's number alone",
    arguments: [(27, 27), (33, 33), (1019, 1019), (1023, 1023), (0x1c03, 3), (0xffff_fc21, 33)] as [(UInt64, UInt32)])
  func acknowledge(loaded: UInt64, number: UInt32) {
    let registers = RecordingRegisters(length: 0x2000, expecting: [.load(0xc, loaded)])
    #expect(GICv2CPUInterface(registers).acknowledge() == number)
    #expect(registers.mismatches.isEmpty)
  }

  @Test("drops the priority in its first page and deactivates in its second, by one store each")
  func life() {
    let registers = RecordingRegisters(
      length: 0x2000, expecting: [.load(0xc, 33), .store(0x10, 33), .store(0x1000, 33)])
    let interface = GICv2CPUInterface(registers)
    let interrupt = interface.acknowledge()
    interface.dropPriority(interrupt)
    interface.deactivate(interrupt)
    #expect(registers.mismatches.isEmpty)
  }
}

@Suite("The emergency console") struct EmergencyConsoleTests {
  /// UARTFR with TXFF set, and with all other bits set.
  private static let full: Access = .load(0x18, 1 << 5)
  private static let room: Access = .load(0x18, ~(1 << 5) & 0xffff_ffff)

  @Test("writes each byte when there is room, the lowest first, and no more than it was given")
  func bytes() {
    let registers = RecordingRegisters(expecting: [
      Self.room, .store(0, 0x61), Self.room, .store(0, 0xe2), Self.room, .store(0, 0x80),
    ])
    PolledPL011(registers).write(0x1122_3344_5580_e261, count: 3)
    PolledPL011(registers).write(.max, count: 0)
    #expect(registers.mismatches.isEmpty)
  }

  @Test("writes eight bytes at most of a word")
  func word() {
    let registers = RecordingRegisters(expecting: (1...8).flatMap { [Self.room, .store(0, $0)] })
    PolledPL011(registers).write(0x0807_0605_0403_0201, count: 8)
    #expect(registers.mismatches.isEmpty)
  }

  @Test("waits while the UART is full")
  func waiting() {
    let registers = RecordingRegisters(expecting: [
      Self.full, Self.full, Self.full, Self.room, .store(0, 0x61), Self.room, .store(0, 0x62),
    ])
    PolledPL011(registers).write(0x6261, count: 2)
    #expect(registers.mismatches.isEmpty)
  }

  @Test("gives a stuck UART the byte after a bounded wait")
  func stuck() {
    let loads = 1 + PolledPL011<RecordingRegisters>.patience
    let registers = RecordingRegisters(expecting: Array(repeating: Self.full, count: loads) + [.store(0, 0x61)])
    PolledPL011(registers).write(0x61, count: 1)
    #expect(registers.mismatches.isEmpty)
  }
}
