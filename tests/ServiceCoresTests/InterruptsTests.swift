import Drivers
import InterruptsCore
import Registers
import Testing

@Suite("Interrupts") struct InterruptsTests {
  typealias Access = RecordingRegisters.Access

  @Test("an interrupt is set up before it is let through, and held back by one store")
  func enable() throws {
    let registers = RecordingRegisters(expecting: [
      .load(4, 8),
      .load(0xc08, 0), .store(0xc08, 8), .store(0x421, 0xa0, width: 1), .store(0x104, 2),
      .store(0x184, 2),
    ])
    var interrupts = Interrupts(.v2(GICv2Distributor(registers)))
    try interrupts.enable(33, trigger: .edge)
    #expect(interrupts.isEnabled(33) == true)
    #expect(interrupts.enabledCount == 1)
    try interrupts.disable(33)
    #expect(interrupts.isEnabled(33) == false)
    #expect(interrupts.enabledCount == 0)
    #expect(registers.mismatches.isEmpty)
  }

  @Test("the same service drives a GICv3 by its own registers")
  func version3() throws {
    let distributor = RecordingRegisters(
      length: 0x1_0000,
      expecting: [.load(4, 8), .load(0xc08, 0), .store(0xc08, 0), .store(0x421, 0x90, width: 1), .store(0x104, 2)])
    let redistributors = RecordingRegisters(expecting: [])
    var interrupts = Interrupts(
      .v3(GICv3Distributor(distributor: distributor, redistributors: redistributors)))
    try interrupts.enable(33, trigger: .level, priority: 0x90)
    #expect(interrupts.limit == 288)
    #expect(distributor.mismatches.isEmpty)
    #expect(redistributors.mismatches.isEmpty)
  }

  @Test("what cannot be is refused by name and touches nothing")
  func refusals() throws {
    let registers = RecordingRegisters(expecting: [.load(4, 8), .store(0x402, 0xa0, width: 1), .store(0x100, 4)])
    var interrupts = Interrupts(.v2(GICv2Distributor(registers)))
    try interrupts.enable(2, trigger: .edge)
    let attempts: [(InterruptsRefusal, InterruptsRefusal?)] = [
      (.alreadyEnabled(intid: 2), refusal { () throws(InterruptsRefusal) in try interrupts.enable(2, trigger: .edge) }),
      (.notEnabled(intid: 34), refusal { () throws(InterruptsRefusal) in try interrupts.disable(34) }),
      (
        .controller(.outOfRange(intid: 288, limit: 288)),
        refusal { () throws(InterruptsRefusal) in try interrupts.enable(288, trigger: .edge) }
      ),
      (
        .controller(.outOfRange(intid: .max, limit: 288)),
        refusal { () throws(InterruptsRefusal) in try interrupts.disable(.max) }
      ),
      (
        .controller(.fixedTrigger(intid: 3)),
        refusal { () throws(InterruptsRefusal) in try interrupts.enable(3, trigger: .level) }
      ),
    ]
    for (expected, got) in attempts { #expect(got == expected) }
    #expect(interrupts.enabledCount == 1)
    #expect(registers.mismatches.isEmpty)
  }

  func refusal(_ body: () throws(InterruptsRefusal) -> Void) -> InterruptsRefusal? {
    do throws(InterruptsRefusal) { try body() } catch { return error }
    return nil
  }
}
