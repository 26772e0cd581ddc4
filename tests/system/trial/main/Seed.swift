internal import ABI
internal import Interfaces
internal import Runtime
internal import ShellCore

/// The seed's case: all RAM through the kernel's half, and the devices in their holders' spaces, asked of the MMU.
struct Seed: ~Copyable {
  private var report = Report()
  private let first: UInt64 = 0x4008_0000
  private let end: UInt64 = 0x4800_0000
  private let kernelHalf: UInt64 = 0xffff_ff80_0000_0000

  consuming func run() -> Never {
    report.claimAll()
    probeMemory()
    probeDevices("console")
    probeDevices("irq")
    report.line("seed", "done")
    report.rest()
  }

  private mutating func probe(_ address: UInt64, in session: UInt64 = 1, asTask: Bool = false) -> Answer {
    let answer = try? report.memory.probe(
      session: session, address: address, asTask: asTask, &report.terminal.gate)
    return Answer(raw: answer ?? 1)
  }

  private mutating func probeMemory() {
    var mapped: UInt64 = 0
    var open: UInt64 = 0
    var page = first
    while page < end {
      let answer = probe(kernelHalf + page)
      if answer.isMapped, answer.address == page, answer.attributes == Answer.normal { mapped += 1 }
      if probe(kernelHalf + page, asTask: true).isMapped { open += 1 }
      page += Geometry.frameBytes
    }
    count("pages at themselves through the kernel's half", mapped)
    count("of these open to a task", open)
  }

  private mutating func count(_ name: StaticString, _ value: UInt64) {
    report.begin(name)
    report.terminal.write(decimal: value)
    report.terminal.write(" of ")
    report.terminal.write(decimal: (end - first) / Geometry.frameBytes)
    report.end()
  }

  /// Every leased page of a task: as the task reads it, and as its neighbour cannot.
  private mutating func probeDevices(_ holder: Name) {
    var session: UInt64 = 0
    while let facts = try? report.memory.task(at: session, &report.terminal.gate) {
      session = facts.session + 1
      guard facts.name == holder else { continue }
      var slot: UInt64 = 0
      while let region = try? report.memory.region(session: facts.session, at: slot, &report.terminal.gate) {
        slot = region.slot + 1
        if RegionFacts.Kind(rawValue: region.kind) == .device { tell(region, of: facts) }
      }
    }
  }

  private mutating func tell(_ region: RegionFacts, of task: TaskFacts) {
    let base = probe(region.page << 12, in: task.session, asTask: true).address
    var good: UInt64 = 0
    for page in 0..<region.pages {
      let answer = probe((region.page + page) << 12, in: task.session, asTask: true)
      if answer.isMapped, answer.address == base + page << 12, answer.attributes == Answer.device { good += 1 }
    }
    report.terminal.write(name: region.device)
    report.terminal.write(" in ")
    report.terminal.write(name: task.name)
    report.terminal.write(" from ")
    report.terminal.write(hex: base)
    report.terminal.write(": ")
    report.terminal.write(decimal: good)
    report.terminal.write(" of ")
    report.terminal.write(decimal: region.pages)
    report.terminal.write(" pages device memory")
    report.end()
  }
}

/// PAR_EL1. Arm ARM D17.2.114: F in bit 0, the address in bits 47:12, the attributes as MAIR has them in bits 63:56.
private struct Answer {
  let raw: UInt64
  var isMapped: Bool { raw & 1 == 0 }
  var address: UInt64 { raw & 0xffff_ffff_f000 }
  var attributes: UInt64 { raw >> 56 }
  /// Normal, write-back, allocating.
  static var normal: UInt64 { 0xff }
  /// Device-nGnRE.
  static var device: UInt64 { 4 }
}
