internal import ABI
internal import Faults
internal import Interfaces
internal import Runtime
internal import ShellCore
internal import TrialRegisters

// Regions that get longer and shorter where they are, and what the task finds in them.
extension Lazy {
  private static var name: UInt64 { 41 }
  private static var view: UInt64 { 42 }
  /// 8 GiB, where a block of 2 MiB may lie.
  private static var place: UInt64 { 1 << 21 }

  mutating func resize() {
    let free = report.free()
    do throws(MemoryRefusal) {
      try resizePresent()
      try resizeReserved()
      try resizeShared()
    } catch {
      report.begin("resize")
      report.terminal.write(error)
      report.end()
    }
    report.line("frames after that", report.free() == free ? "as before" : "NOT as before")
  }

  /// Pages that are there: 300, then 1100, then 100.
  private mutating func resizePresent() throws(MemoryRefusal) {
    try report.memory.allocate(
      slot: Lazy.slot, page: Lazy.place, pages: 300, rights: [.read, .write], &report.terminal.gate)
    number("words of 300 pages that were not zero", exchanged(0..<300))
    try report.memory.resize(slot: Lazy.slot, from: 300, to: 1100, &report.terminal.gate)
    number("pages mapped of 1100 that they became", mapped(Lazy.slot))
    number("words of the first 300 that are kept", exchanged(0..<300))
    number("words of the others that were not zero", exchanged(300..<1100))
    report.line("blocks of 2 MiB among them", blocks() > 0 ? "some" : "NONE")
    try report.memory.resize(slot: Lazy.slot, from: 1100, to: 100, &report.terminal.gate)
    number("pages mapped of 100 that are left", mapped(Lazy.slot))
    number("words of these that are kept", exchanged(0..<100))
    do throws(MemoryRefusal) {
      try report.memory.resize(slot: Lazy.slot, from: 100, to: 1 << 26, &report.terminal.gate)
      report.line("more than the account", "NOT REFUSED")
    } catch {
      report.line("more than the account", error.cause == .service(.quotaExceeded) ? "refused" : "REFUSED OTHERWISE")
    }
    try report.memory.free(slot: Lazy.slot, &report.terminal.gate)
  }

  /// Pages that come with the first touch.
  private mutating func resizeReserved() throws(MemoryRefusal) {
    try report.memory.reserve(slot: Lazy.slot, page: Lazy.place, pages: 16, &report.terminal.gate)
    try report.memory.resize(slot: Lazy.slot, from: 16, to: 1 << 20, &report.terminal.gate)
    number("words at both ends of 4 GiB that were not zero", exchanged(0..<1) + exchanged(1 << 20 - 1..<1 << 20))
    try report.memory.resize(slot: Lazy.slot, from: 1 << 20, to: 1, &report.terminal.gate)
    number("pages mapped of one that is left", mapped(Lazy.slot))
    try report.memory.free(slot: Lazy.slot, &report.terminal.gate)
  }

  /// A home, and a region that shows all of it.
  private mutating func resizeShared() throws(MemoryRefusal) {
    try report.memory.allocate(
      slot: Lazy.slot, page: Lazy.place, pages: 8, rights: [.read, .write], &report.terminal.gate)
    try report.memory.share(slot: Lazy.slot, to: Lazy.name, &report.terminal.gate)
    try report.memory.resize(slot: Lazy.slot, from: 8, to: 20, &report.terminal.gate)
    let shown = try report.memory.show(
      memory: Lazy.name, slot: Lazy.view, pages: 20, rights: .read, &report.terminal.gate)
    _ = exchanged(19..<20)
    number("the last page's word, where it is shown", fault_read((shown + 19) << 12) & 0xff)
    do throws(MemoryRefusal) {
      try report.memory.resize(slot: Lazy.slot, from: 20, to: 19, &report.terminal.gate)
      report.line("shorter than what is shown", "NOT REFUSED")
    } catch {
      report.line(
        "shorter than what is shown",
        error.cause == .kernel(.regionMapped) && error.limit == Lazy.view ? "refused" : "REFUSED OTHERWISE")
    }
    try report.memory.free(slot: Lazy.view, &report.terminal.gate)
    try report.memory.resize(slot: Lazy.slot, from: 20, to: 1, &report.terminal.gate)
    try report.memory.free(slot: Lazy.slot, &report.terminal.gate)
    try? report.terminal.gate.drop(Lazy.name)
  }

  /// Writes to pages of the region; how many held what is written.
  private func exchanged(_ pages: Range<UInt64>) -> UInt64 {
    var found: UInt64 = 0
    for page in pages where registers_exchange((Lazy.place + page) << 12, 0x5ec2_e711) != 0 { found += 1 }
    return found
  }

  private mutating func blocks() -> UInt64 {
    let session = facts().session
    return (try? report.memory.tableCounts(session: session, &report.terminal.gate))?.blocks ?? 0
  }
}
