import Drivers
import Registers
import Testing

@Suite("GICv3") struct GICv3Tests {
  static let distributorScript: [Access] =
    [.load(4, 1), .store(0, 0), .load(0, 1 << 31), .load(0, 0), .store(0, 0x10), .load(0, 0x10)]
    + [.store(0x84, 0xffff_ffff)] + GICv2Tests.reset(word: 1) + [.store(0xc08, 0), .store(0xc0c, 0)]
    + (32..<64).map { .store(0x6000 + 8 * $0, 1, width: 8) }
    + [.load(0, 0x10), .store(0, 0x12), .load(0, 0x12)]

  /// The second redistributor of two is ours.
  static let redistributorScript: [Access] =
    [.load(8, 0, width: 8), .load(0x2_0008, 1 << 32 | 1 << 4, width: 8)]
    + [.load(0x2_0014, 6), .store(0x2_0014, 4), .load(0x2_0014, 4), .load(0x2_0014, 0)]
    + [.store(0x3_0080, 0xffff_ffff)] + GICv2Tests.reset(word: 0, base: 0x3_0000) + [.store(0x3_0c04, 0)]
    + [.load(0x2_0000, 8), .load(0x2_0000, 0)]

  static func registers(_ distributor: [Access], _ redistributors: [Access]) -> (
    RecordingRegisters, RecordingRegisters
  ) {
    (
      RecordingRegisters(length: 0x1_0000, expecting: distributor),
      RecordingRegisters(length: 0x4_0000, expecting: redistributors)
    )
  }

  @Test("affinity routing, then the interrupts, then group 1; the redistributor wakes first")
  func initialise() throws {
    let (gicd, gicr) = Self.registers(Self.distributorScript, Self.redistributorScript)
    var gic = GICv3Distributor(distributor: gicd, redistributors: gicr)
    try gic.initialise(affinity: 1)
    #expect(gicd.mismatches.isEmpty)
    #expect(gicr.mismatches.isEmpty)
  }

  @Test("own interrupts go to the redistributor, shared ones to the distributor")
  func operations() throws {
    let (gicd, gicr) = Self.registers(
      Self.distributorScript + [
        .store(0x104, 2), .store(0x184, 2), .load(0, 0x12), .store(0x421, 0x80, width: 1),
        .load(0xc08, 0), .store(0xc08, 8), .store(0x6000 + 8 * 33, 0x2a_0001_0203, width: 8),
      ],
      Self.redistributorScript + [
        .store(0x3_0100, 1 << 27), .store(0x3_0180, 1 << 27), .load(0x2_0000, 0), .store(0x3_041b, 0x40, width: 1),
        .load(0x3_0c04, 0), .store(0x3_0c04, 1 << 23),
      ])
    var gic = GICv3Distributor(distributor: gicd, redistributors: gicr)
    try gic.initialise(affinity: 1)
    for intid in [33, 27] as [UInt32] {
      try gic.enable(intid)
      try gic.disable(intid)
      try gic.setPriority(intid == 33 ? 0x80 : 0x40, of: intid)
      try gic.setTrigger(.edge, of: intid)
    }
    try gic.setTarget(0x2a01_0203, of: 33)
    #expect(gicd.mismatches.isEmpty)
    #expect(gicr.mismatches.isEmpty)
  }

  @Test("a refused operation names both values and touches nothing")
  func refusals() {
    let (gicd, gicr) = Self.registers([.load(4, 8)], [])
    let gic = GICv3Distributor(distributor: gicd, redistributors: gicr)
    let outside = GICRefusal.outOfRange(intid: 288, limit: 288)
    #expect(throws: outside) { try gic.enable(288) }
    #expect(throws: outside) { try gic.disable(288) }
    #expect(throws: outside) { try gic.setPriority(0, of: 288) }
    #expect(throws: outside) { try gic.setTrigger(.edge, of: 288) }
    #expect(throws: outside) { try gic.setTarget(1, of: 288) }
    #expect(throws: GICRefusal.fixedTrigger(intid: 15)) { try gic.setTrigger(.level, of: 15) }
    #expect(throws: GICRefusal.notShared(intid: 31)) { try gic.setTarget(1, of: 31) }
    #expect(gicd.mismatches.isEmpty)
    #expect(gicr.mismatches.isEmpty)
  }

  @Test(
    "a CPU without a redistributor is refused, whether the list or the lease ends first",
    arguments: [
      [.load(8, 1 << 4, width: 8)], [.load(8, 0, width: 8), .load(0x2_0008, 2 << 32, width: 8)],
      [.load(8, 2, width: 8)],
    ] as [[Access]])
  func missing(script: [Access]) {
    let (gicd, gicr) = Self.registers([.load(4, 1)], script)
    var gic = GICv3Distributor(distributor: gicd, redistributors: gicr)
    do throws(GICRefusal) {
      try gic.initialise(affinity: 7)
      Issue.record("initialised without a redistributor")
    } catch {
      #expect(error == .noRedistributor(affinity: 7))
    }
    #expect(gicd.mismatches.isEmpty)
    #expect(gicr.mismatches.isEmpty)
  }

  @Test("a distributor that never settles is given up")
  func stuck() {
    let (gicd, gicr) = Self.registers(
      [.load(4, 1), .store(0, 0)] + Array(repeating: .load(0, 1 << 31), count: 100_000), [.load(8, 1 << 4, width: 8)])
    var gic = GICv3Distributor(distributor: gicd, redistributors: gicr)
    do throws(GICRefusal) {
      try gic.initialise(affinity: 0)
      Issue.record("initialised a stuck distributor")
    } catch {
      #expect(error == .notReady)
    }
    #expect(gicd.mismatches.isEmpty)
    #expect(gicr.mismatches.isEmpty)
  }
}
