import Registers
import Testing

@Suite("Registers") struct RegistersTests {
  @Test("a bit field takes and puts exactly its own bits")
  func bitField() {
    #expect(BitField<26, 6>.extract(UInt64(0x9600_0045)) == 0x25)
    #expect(BitField<4, 8>.insert(0xab, into: UInt32(0xffff_f00f)) == 0xffff_fabf)
    #expect(BitField<0, 64>.extract(UInt64.max) == .max)
    #expect(BitField<31, 1>.mask() as UInt32 == 0x8000_0000)
  }

  @Test("what is put into a bit field comes out, and nothing else moves")
  func roundTrip() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<1000 {
      let word = UInt32.random(in: 0 ... .max, using: &random)
      let value = UInt32.random(in: 0..<32, using: &random)
      let made = BitField<7, 5>.insert(value, into: word)
      #expect(BitField<7, 5>.extract(made) == value)
      #expect(made & ~BitField<7, 5>.mask() == word & ~BitField<7, 5>.mask())
    }
  }

  @Test("a value wider than its bit field traps")
  func tooWide() async {
    await #expect(processExitsWith: .failure) { _ = BitField<0, 2>.insert(4, into: UInt32(0)) }
  }

  @Test("a recording names the access that is out of order, and the one that is missing")
  func recording() {
    let registers = RecordingRegisters(expecting: [.load(0x18, 7), .store(0, 1), .store(4, 2)])
    #expect(registers.load32(at: 0x18) == 7)
    registers.store32(2, at: 4)
    #expect(
      registers.mismatches == [
        "access 1: expected store32 of 0x1 to 0x0, made store32 of 0x2 to 0x4",
        "missing store32 of 0x1 to 0x0", "missing store32 of 0x2 to 0x4",
      ])
  }

  @Test("a recording tells a byte from a word, and an access too many")
  func recordingWidth() {
    let byte = RecordingRegisters(expecting: [.load(0, 0)])
    _ = byte.load8(at: 0)
    #expect(byte.mismatches.first == "access 0: expected load32 of 0x0, made load8 of 0x0")
    let extra = RecordingRegisters(expecting: [])
    extra.store64(9, at: 8)
    #expect(extra.mismatches == ["store64 of 0x9 to 0x8 after the end of the script"])
  }

  @Test("a recording that nobody looked at traps")
  func forgotten() async {
    await #expect(processExitsWith: .failure) { _ = RecordingRegisters(expecting: []) }
  }

  @Test("mapped registers reach the memory they map, at each width")
  func mapped() {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 8)
    defer { memory.deallocate() }
    memory.initializeMemory(as: UInt8.self, repeating: 0)
    let registers = MappedRegisters(unsafeAddress: UInt(bitPattern: memory.baseAddress), length: 64)
    registers.store32(0x1234_5678, at: 4)
    registers.store8(0xab, at: 5)
    #expect(registers.load64(at: 0) == 0x1234_ab78_0000_0000)
    registers.store64(1, at: 56)
    #expect(registers.load32(at: 56) == 1 && registers.load8(at: 56) == 1)
  }

  @Test("an access outside the device or not aligned traps", arguments: [64, 61, -4, 2])
  func outside(offset: Int) async {
    await #expect(processExitsWith: .failure) { [offset] in
      let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 128, alignment: 8)
      _ = MappedRegisters(unsafeAddress: UInt(bitPattern: memory.baseAddress), length: 64).load32(at: offset)
    }
  }

  @Test("a wait ends when the bits answer, or after its attempts")
  func wait() {
    let registers = RecordingRegisters(expecting: [.load(8, 3), .load(8, 2), .load(8, 3), .load(8, 3)])
    let status = Register<ReadOnly>(8)
    #expect(registers.wait(for: status, mask: 1, value: 0, attempts: 5))
    #expect(!registers.wait(for: status, mask: 1, value: 0, attempts: 2))
    #expect(registers.mismatches.isEmpty)
  }
}
