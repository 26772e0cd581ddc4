internal import ABI
internal import Interfaces
internal import Runtime
internal import ShellCore
internal import TrialRegisters

/// A task whose memory comes with the first touch, and whose stack grows until it ends.
struct Lazy: ~Copyable {
  var report = Report()
  private var page: UInt64 = 0
  static var slot: UInt64 { 40 }
  /// 8 MiB.
  private static var pages: UInt64 { 2048 }

  consuming func run() -> Never {
    report.line("lazy", "begin")
    let (before, present) = (report.free(), mapped(stackSlot()))
    touchAll()
    giveBack()
    large(.run)
    large(.block)
    resize()
    growStack(before, present)
    report.line("lazy", "end")
    registers_descend(64)
    report.line("stack", "NOT GUARDED")
    report.rest()
  }

  /// Reserves 8 MiB and touches each page.
  private mutating func touchAll() {
    let (free, faults) = (report.free(), facts().faults)
    reserve(Lazy.pages, .page)
    number("frames that a reservation takes", free - report.free())
    number("words that were not zero", dirtied(Lazy.pages))
    number("faults", facts().faults - faults)
    number("pages mapped", mapped(Lazy.slot))
  }

  /// A part goes back and comes again, zeroed; then all of it.
  private mutating func giveBack() {
    do throws(MemoryRefusal) {
      try report.memory.decommit(slot: Lazy.slot, page: page, pages: 1000, &report.terminal.gate)
      number("pages mapped after a part went back", mapped(Lazy.slot))
      try report.memory.prefault(slot: Lazy.slot, page: page, pages: 500, &report.terminal.gate)
      number("pages mapped after half of it was asked for", mapped(Lazy.slot))
      number("words of that part that were not zero", dirtied(1000))
      try report.memory.free(slot: Lazy.slot, &report.terminal.gate)
    } catch { report.line("give back", "REFUSED") }
  }

  /// One touch in a region that allows more than a page.
  private mutating func large(_ fit: RegionFit) {
    reserve(1024, fit)
    _ = registers_exchange((page + 700) << 12, 1)
    number("pages that one touch brought", mapped(Lazy.slot))
    do throws(MemoryRefusal) { try report.memory.free(slot: Lazy.slot, &report.terminal.gate) } catch {
      report.line("free", "REFUSED")
    }
  }

  /// 40 pages of stack; nothing else is left of all this.
  private mutating func growStack(_ before: UInt64, _ present: UInt64) {
    registers_descend(40)
    let grown = mapped(stackSlot())
    report.line("stack", grown > present && grown >= 40 ? "has grown" : "HAS NOT GROWN")
    report.line("frames afterwards", report.free() == before - (grown - present) ? "as before" : "NOT as before")
  }

  private mutating func reserve(_ pages: UInt64, _ fit: RegionFit) {
    do throws(MemoryRefusal) {
      page = try report.memory.reserve(slot: Lazy.slot, pages: pages, fit: fit, &report.terminal.gate)
    } catch { report.line("reserve", "REFUSED") }
  }

  /// Writes to the first pages of the region; how many held something.
  private func dirtied(_ pages: UInt64) -> UInt64 {
    var dirty: UInt64 = 0
    for page in page..<page + pages where registers_exchange(page << 12, 0x5ec2_e700) != 0 { dirty += 1 }
    return dirty
  }

  /// What the server says of this task.
  mutating func facts() -> TaskFacts {
    var session: UInt64 = 0
    while let facts = try? report.memory.task(at: session, &report.terminal.gate) {
      if facts.name == "lazy" { return facts }
      session = facts.session + 1
    }
    exit(4)
  }

  mutating func mapped(_ slot: UInt64) -> UInt64 {
    let session = facts().session
    return (try? report.memory.region(session: session, at: slot, &report.terminal.gate))?.mapped ?? .max
  }

  /// The slot of the one region with guard pages.
  private mutating func stackSlot() -> UInt64 {
    let session = facts().session
    var slot: UInt64 = 0
    while let region = try? report.memory.region(session: session, at: slot, &report.terminal.gate) {
      if region.flags.isGuarded { return region.slot }
      slot = region.slot + 1
    }
    exit(5)
  }

  mutating func number(_ name: StaticString, _ value: UInt64) {
    report.begin(name)
    report.terminal.write(decimal: value)
    report.end()
  }
}
