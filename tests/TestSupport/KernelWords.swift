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

  /// Those that a kernel call can change.
  var named: KeyValuePairs<String, UInt64> {
    [
      "current thread": cpu.current, "ready priorities": cpu.ready,
      "slice is armed": cpu.sliceIsArmed ? 1 : 0, "call restarts": cpu.restarts ? 1 : 0,
      "slice": cpu.sliceIsArmed ? timer.slice : 0, "deadline": timer.deadline, "timer's object": timer.object,
      "log records": log.sequence, "log's object": log.object,
      "is attached": devices.isAttached ? 1 : 0, "emergency console is mapped": devices.emergencyIsMapped ? 1 : 0,
      "regions of the UART": devices.uartRegions,
      "tables that grew": facts.grownTables, "reserved ranges": UInt64(ram.reservedCount), "authority": ram.memory,
      "added ranges": UInt64(ram.addedCount), "used from": ram.used.first, "used to": ram.used.end,
      "cleared from": ram.cleared.first, "cleared to": ram.cleared.end, "published from": ram.published.first,
      "published to": ram.published.end, "publisher": ram.publisher,
    ]
  }

  /// What in two kernels differs, in words.
  func differences(from other: KernelWords) -> [String] {
    zip(named, other.named).filter { $0.value != $1.value }.map { "\($0.key): \($0.value) and \($1.value)" }
  }
}
