internal import ABI
internal import Interfaces
internal import Runtime
internal import ShellCore

extension Report {
  /// Takes pages until the server has claimed all sections, then gives them back.
  mutating func claimAll() {
    var slot: UInt64 = 20
    while let counts = try? memory.memoryCounts(&terminal.gate), counts.unclaimed > 0, slot < 80 {
      do throws(MemoryRefusal) {
        try memory.allocate(slot: slot, page: slot << 12, pages: 4096, rights: [.read, .write], &terminal.gate)
        slot += 1
      } catch { break }
    }
    for taken in 20..<slot { try? memory.free(slot: taken, &terminal.gate) }
    begin("frames not claimed")
    let counts = try? memory.memoryCounts(&terminal.gate)
    terminal.write(decimal: counts?.unclaimed ?? .max)
    end()
  }

  /// Compares the server's index with the ledger, section by section.
  mutating func verify() {
    var section: UInt64 = 0
    var differing: UInt64 = 0
    while let found = try? memory.verify(section: section, &terminal.gate) {
      differing += found.differing
      section += 1
    }
    begin("index")
    terminal.write(decimal: differing)
    terminal.write(" bytes differ")
    end()
  }
}
