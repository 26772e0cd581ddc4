import Drivers
import Registers
import Testing

@Suite("PL031") struct PL031Tests {
  @Test("the clock is started only where firmware did not", arguments: [0, 1] as [UInt64])
  func start(running: UInt64) {
    let start: [Access] = running == 0 ? [.store(0xc, 1)] : []
    let registers = RecordingRegisters(
      expecting: [.store(0x10, 0), .store(0x1c, 1), .load(0xc, running)] + start + [.load(0, 1_700_000_000)])
    let clock = PL031(registers)
    #expect(clock.seconds == 1_700_000_000)
    #expect(registers.mismatches.isEmpty)
  }

  @Test("an alarm is set before it is let through, and tells when its time had passed")
  func alarm() {
    let registers = RecordingRegisters(
      expecting: [.store(0x10, 0), .store(0x1c, 1), .load(0xc, 1)]
        + [.store(0x1c, 1), .store(4, 100), .store(0x10, 1), .load(0, 99)]
        + [.store(0x1c, 1), .store(4, 100), .store(0x10, 1), .load(0, 100)]
        + [.load(0x18, 0)] + [.load(0x18, 1), .store(0x10, 0), .store(0x1c, 1)])
    let clock = PL031(registers)
    #expect(clock.setAlarm(at: 100) == true)
    #expect(clock.setAlarm(at: 100) == false)
    #expect(clock.handleInterrupt() == false)
    #expect(clock.handleInterrupt() == true)
    #expect(registers.mismatches.isEmpty)
  }
}
