import Drivers
import Registers
import Testing

@Suite("A virtio entropy source") struct VirtioEntropyTests {
  private typealias Source = VirtioEntropy<RecordingRegisters, RecordingRegisters>
  private let bus: UInt64 = 0x1_4000_3000
  private let legacy: [Access] = [
    .load(4, 1), .store(0x70, 0), .store(0x70, 1), .store(0x70, 3), .store(0x24, 0), .store(0x20, 0),
    .store(0x28, 4096), .store(0x30, 0), .load(0x34, 8), .store(0x38, 8), .store(0x3c, 4096), .store(0x40, 0x14_0003),
    .store(0x70, 7),
  ]

  @Test("is known by magic and number", arguments: [(0x7472_6976, 4, true), (0x7472_6976, 0, false), (0, 4, false)])
  func present(magic: UInt64, device: UInt64, isPresent: Bool) {
    let rest: [Access] = magic == 0 ? [] : [.load(8, device)]
    let registers = RecordingRegisters(expecting: [.load(0, magic)] + rest)
    #expect(Source.isPresent(registers) == isPresent)
    #expect(registers.mismatches.isEmpty)
  }

  @Test("is given its queue by page number where it is legacy, then brings bytes by interrupt")
  func legacySource() {
    let registers = RecordingRegisters(
      expecting: legacy + [.store(0x50, 0), .load(0x60, 1), .store(0x64, 1)]
        + [.load(0x60, 0)] + [.load(0x60, 2), .store(0x64, 2)] + [.store(0x70, 0)])
    let memory = RecordingRegisters(
      length: 0x3000,
      expecting: [
        .store(0, 0x1_4000_5000, width: 8), .store(8, 64), .store(12, 2), .store(128, 1 << 16),
        .load(0x1000, 1 << 16), .load(0x1008, 64), .load(0x2008, 7, width: 8), .load(0x1000, 0),
      ])
    var source = Source(registers, memory: memory, bus: bus)
    let isReady = source.isReady
    source.ask(64)
    let came = source.handleInterrupt()
    let word = source.word(1)
    let others = [source.handleInterrupt(), source.handleInterrupt()]
    source.reset()
    #expect(isReady && came == 64 && word == 7 && others == [nil, nil])
    #expect(registers.mismatches.isEmpty)
    #expect(memory.mismatches.isEmpty)
  }

  @Test("is given the parts of its queue by address where it is not, unless it refuses the features or has no queue")
  func modernSource() {
    let begin: [Access] = [
      .load(4, 2), .store(0x70, 0), .store(0x70, 1), .store(0x70, 3), .store(0x24, 0), .store(0x20, 0),
      .store(0x24, 1), .store(0x20, 1), .store(0x70, 11),
    ]
    let queue: [Access] = [
      .store(0x38, 8), .store(0x80, 0x4000_3000), .store(0x84, 1), .store(0x90, 0x4000_3080), .store(0x94, 1),
      .store(0xa0, 0x4000_4000), .store(0xa4, 1), .store(0x44, 1), .store(0x70, 15),
    ]
    for (more, isReady) in [
      ([.load(0x70, 11), .store(0x30, 0), .load(0x34, 1024)] + queue, true),
      ([.load(0x70, 3)], false), ([.load(0x70, 11), .store(0x30, 0), .load(0x34, 0)], false),
    ] as [([Access], Bool)] {
      let registers = RecordingRegisters(expecting: begin + more)
      let memory = RecordingRegisters(expecting: [])
      let source = Source(registers, memory: memory, bus: bus)
      let found = source.isReady
      #expect(found == isReady)
      #expect(registers.mismatches.isEmpty)
      #expect(memory.mismatches.isEmpty)
    }
  }
}
