import Drivers
import Registers
import Testing

@Suite("GICv2") struct GICv2Tests {
  /// 32 interrupts from word `word`: disabled, not pending, not active, priority 0xa0.
  static func reset(word: Int, base: Int = 0) -> [Access] {
    [
      .store(base + 0x180 + 4 * word, 0xffff_ffff), .store(base + 0x280 + 4 * word, 0xffff_ffff),
      .store(base + 0x380 + 4 * word, 0xffff_ffff),
    ] + (0..<8).map { .store(base + 0x400 + 32 * word + 4 * $0, 0xa0a0_a0a0) }
  }

  static func initialise(target: UInt64) -> [Access] {
    [.store(0, 0), .load(0x800, target)] + reset(word: 0) + [.store(0xc04, 0)]
      + reset(word: 1) + [.store(0xc08, 0), .store(0xc0c, 0)]
      + (target == 0 ? [] : (0..<8).map { .store(0x820 + 4 * $0, target) })
      + [.store(0, 1)]
  }

  @Test("all is disabled and sent to this CPU before the distributor is enabled", arguments: [0x0101_0101, 0])
  func initialise(target: UInt64) {
    let registers = RecordingRegisters(expecting: [.load(4, 1)] + Self.initialise(target: target))
    let gic = GICv2Distributor(registers)
    gic.initialise()
    #expect(gic.limit == 64)
    #expect(registers.mismatches.isEmpty)
  }

  @Test("each operation is the one store it must be")
  func operations() throws {
    let registers = RecordingRegisters(expecting: [
      .load(4, 8),
      .store(0x104, 1 << 1), .store(0x184, 1 << 1), .store(0x100, 1 << 27), .store(0x180, 1 << 27),
      .store(0x400 + 33, 0x80, width: 1), .store(0x800 + 33, 2, width: 1),
      .load(0xc08, 0), .store(0xc08, 0b1000), .load(0xc08, 0xffff_ffff), .store(0xc08, 0xffff_fff7),
    ])
    let gic = GICv2Distributor(registers)
    try gic.enable(33)
    try gic.disable(33)
    try gic.enable(27)
    try gic.disable(27)
    try gic.setPriority(0x80, of: 33)
    try gic.setTarget(2, of: 33)
    try gic.setTrigger(.edge, of: 33)
    try gic.setTrigger(.level, of: 33)
    #expect(registers.mismatches.isEmpty)
  }

  @Test("a refused operation names both values and touches nothing")
  func refusals() {
    let registers = RecordingRegisters(expecting: [.load(4, 8)])
    let gic = GICv2Distributor(registers)
    let outside = GICRefusal.outOfRange(intid: 288, limit: 288)
    #expect(throws: outside) { try gic.enable(288) }
    #expect(throws: outside) { try gic.disable(288) }
    #expect(throws: outside) { try gic.setPriority(0, of: 288) }
    #expect(throws: outside) { try gic.setTrigger(.edge, of: 288) }
    #expect(throws: outside) { try gic.setTarget(1, of: 288) }
    #expect(throws: GICRefusal.outOfRange(intid: .max, limit: 288)) { try gic.enable(.max) }
    #expect(throws: GICRefusal.fixedTrigger(intid: 3)) { try gic.setTrigger(.level, of: 3) }
    #expect(throws: GICRefusal.notShared(intid: 27)) { try gic.setTarget(1, of: 27) }
    #expect(registers.mismatches.isEmpty)
  }

  @Test("INTIDs end where ITLinesNumber says, at 1020 at most", arguments: [(0, 32), (8, 288), (31, 1020)])
  func limit(type: UInt64, limit: UInt32) {
    let registers = RecordingRegisters(expecting: [.load(4, 0xffff_ffe0 | type)])
    #expect(GICv2Distributor(registers).limit == limit)
    #expect(registers.mismatches.isEmpty)
  }
}
