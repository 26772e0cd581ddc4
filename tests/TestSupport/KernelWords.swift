import KernelCore
import Simulated

/// The kernel's own words, beside what lies in frames.
struct KernelWords {
  var cpu: Processor
  var ram: RAM
  var log: Log
  var timer: Timer
  var devices: DeviceFacts
  var facts: KernelFacts

  /// As they are now.
  init(_ kernel: borrowing Kernel<Simulated>) {
    (cpu, ram, log) = (kernel.cpu, kernel.ram, kernel.log)
    (timer, devices, facts) = (kernel.timer, kernel.devices, kernel.facts)
  }

  /// Makes a kernel's words these.
  func restore(_ kernel: inout Kernel<Simulated>) {
    (kernel.cpu, kernel.ram, kernel.log) = (cpu, ram, log)
    (kernel.timer, kernel.devices, kernel.facts) = (timer, devices, facts)
  }

  /// Those that a kernel call can change, as `names` has their names.
  var values: [UInt64] {
    [
      cpu.current, cpu.ready, cpu.sliceIsArmed ? 1 : 0, cpu.restarts ? 1 : 0, cpu.sliceIsArmed ? timer.slice : 0,
      timer.deadline, timer.object, log.sequence, log.object, devices.isAttached ? 1 : 0,
      devices.emergencyIsMapped ? 1 : 0, devices.uartRegions, facts.grownTables, UInt64(ram.reservedCount),
      ram.memory, UInt64(ram.addedCount), ram.used.first, ram.used.end, ram.cleared.first, ram.cleared.end,
      ram.published.first, ram.published.end, ram.publisher,
    ]
  }

  private static let names = [
    "current thread", "ready priorities", "slice is armed", "call restarts", "slice", "deadline", "timer's object",
    "log records", "log's object", "is attached", "emergency console is mapped", "regions of the UART",
    "tables that grew", "reserved ranges", "authority", "added ranges", "used from", "used to", "cleared from",
    "cleared to", "published from", "published to", "publisher",
  ]

  /// What in two kernels differs, in words.
  func differences(from other: KernelWords) -> [String] {
    let (one, two) = (values, other.values)
    if one == two { return [] }
    return Self.names.indices.filter { one[$0] != two[$0] }.map { "\(Self.names[$0]): \(one[$0]) and \(two[$0])" }
  }
}
