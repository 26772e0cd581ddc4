internal import ABI
internal import Interfaces
internal import Runtime
internal import TrialRegisters

/// A program that writes memory of its own before and after it has made it read-only.
enum Writer {
  /// Exits with 4 where a request is refused, with 5 where what was written is not there, and faults where it should.
  static func run(_ address: UInt64, _ gate: inout SystemGate) -> Never {
    let memory = Client<MemoryInterface>.own
    let (slot, page) = (WellKnownSlot.firstFree, address >> 12)
    do throws(MemoryRefusal) {
      try memory.allocate(slot: slot, page: page, pages: 3, rights: [.read, .write], &gate)
      for each in 0..<3 as Range<UInt64> { _ = registers_exchange(address + each << 12, each + 1) }
      try memory.protect(slot: slot, rights: .read, &gate)
      try memory.protect(slot: slot, rights: [.read, .write], &gate)
      for each in 0..<3 as Range<UInt64> where registers_exchange(address + each << 12, 9) != each + 1 { exit(5) }
      try memory.protect(slot: slot, rights: .read, &gate)
    } catch { exit(4) }
    _ = registers_exchange(address + 2 << 12, 1)
    exit(6)
  }
}
