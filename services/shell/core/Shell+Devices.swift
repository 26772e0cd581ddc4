internal import ABI
internal import ClockCore
internal import Interfaces
internal import Registers
internal import Runtime

// `devices`, `log`, `time`.
extension Shell where Kernel: ~Copyable, Ring: ~Copyable {
  mutating func showDevices() throws(ShellRefusal) {
    terminal.write("device            holder     ranges  interrupts  delivered")
    terminal.newLine()
    var index: UInt64 = 0
    while let device = try nextDevice(at: index) {
      show(device)
      index = device.index + 1
    }
    try showConsole()
  }

  private mutating func nextDevice(at index: UInt64) throws(ShellRefusal) -> DeviceFacts? {
    do throws(MemoryRefusal) { return try memory.device(at: index, &terminal.gate) } catch {
      if error.cause == .service(.endOfList) { return nil }
      throw .memory(error)
    }
  }

  private mutating func show(_ device: DeviceFacts) {
    terminal.write(name: device.name)
    terminal.write(name: device.nameEnd, width: 18 - device.name.count)
    if device.holder == .none {
      terminal.write("free", width: 9)
    } else {
      terminal.write(name: device.holder, width: 9)
    }
    terminal.write(decimal: device.ranges, width: 8)
    terminal.write(decimal: device.interrupts, width: 12)
    terminal.write(decimal: device.delivered, width: 11)
    terminal.newLine()
  }

  /// What only the driver knows: which of its interrupts brought input and which made room.
  private mutating func showConsole() throws(ShellRefusal) {
    let counts: ConsoleCounts
    do throws(ConsoleInterfaceRefusal) { counts = try terminal.counts() } catch { throw .console(error) }
    terminal.write("console: receive interrupts ")
    terminal.write(decimal: counts.receiveInterrupts)
    terminal.write(", transmit interrupts ")
    terminal.write(decimal: counts.transmitInterrupts)
    terminal.write(", bytes in ")
    terminal.write(decimal: counts.received)
    terminal.write(", out ")
    terminal.write(decimal: counts.sent)
    terminal.write(", lost ")
    terminal.write(decimal: counts.lost)
    terminal.newLine()
  }

  mutating func showLog() {
    log.seek(to: 0)
    let frequency = log.frequency
    var lines = LineAssembler()
    while let record = log.next() {
      if let line = lines.take(record) { line.write(to: &terminal, frequency: frequency) }
    }
  }

  mutating func showTime() throws(ShellRefusal) {
    let time: ClockTime
    do throws(ClockInterfaceRefusal) {
      time = try clock.use(&terminal.gate) { (client, gate: inout Kernel) throws(ClockInterfaceRefusal) in
        try client.now(&gate)
      }
    } catch { throw .clock(error) }
    DateTime(unixSeconds: Int64(clamping: time.unixSeconds)).write(to: &terminal)
    let milliseconds = time.counter / max(time.frequency / 1000, 1)
    terminal.write(", up ")
    terminal.write(decimal: milliseconds / 1000)
    terminal.write(".")
    terminal.write(decimal: milliseconds % 1000, width: 3, fill: UInt8(ascii: "0"))
    terminal.write(" s")
    terminal.newLine()
  }
}
