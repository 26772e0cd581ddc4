internal import ABI
internal import Machine

/// The log ring: `LogRing.pages` frames in a row, written by the kernel, read by whoever may map them.
package struct Log {
  /// Address of the ring; 0 before boot has named it.
  package var address: UInt64 = 0
  /// Records ever written.
  package var sequence: UInt64 = 0
  /// The Memory behind handles to the ring.
  package var memory: UInt64 = 0
  /// The Interrupt object that signals growth.
  package var object: UInt64 = 0
}

extension Kernel where M: ~Copyable {
  /// Names the frames of the log ring; from here on records are kept.
  public mutating func openLog(address: UInt64) {
    log.address = address
    machine.memory(address + 8, as: UInt64.self).pointee = machine.counterFrequency
  }

  /// `log`: x0 length and flags, x1–x7 the text. The kernel adds time and the task's name.
  mutating func log(_ caller: UInt64) throws(Refusal) {
    let flags = word(caller, 0)
    guard flags & ~(LogRecord.continues | 63) == 0, flags & 63 <= 56 else {
      throw Refusal(.outOfRange, flags & 63, limit: UInt64(LogRecord.capacity))
    }
    let block = thread(caller)
    append(source: task(block.pointee.task).pointee.name, flags: flags) { index in block.pointee[index + 1] }
    succeed(caller)
  }

  /// Appends a record of `text`, seven words, tells the reader, and prints the line while no console does.
  @inline(__always)
  public mutating func append(source: UInt64, flags: UInt64, text: (Int) -> UInt64) {
    guard log.address != 0 else { return }
    let place = record(log.sequence)
    place.pointee.time = machine.counter()
    place.pointee.source = source
    place.pointee.flags = flags
    for index in 0..<7 { place.pointee.text[index] = text(index) }
    finishRecord(flags)
  }

  /// The record behind the newest was written.
  public mutating func finishRecord(_ flags: UInt64) {
    log.sequence += 1
    machine.memory(log.address, as: UInt64.self).pointee = log.sequence
    if devices.emergencyIsMapped, flags & LogRecord.continues == 0 {
      printLine(log.sequence - 1)
      noteLogPrinted()
    }
    if log.object != 0 { raise(log.object) }
  }

  /// All records so far are printed: by the kernel, or by the console whose lease just ended. The next console goes on
  /// behind them.
  func noteLogPrinted() {
    guard log.address != 0 else { return }
    machine.memory(log.address + 16, as: UInt64.self).pointee = log.sequence
  }

  /// Prints the line whose last record is `last`: the records before it that it continues, then itself.
  private mutating func printLine(_ last: UInt64) {
    let source = record(last).pointee.source
    let oldest = last > 8 ? last &- 8 : 0
    var first = last
    var sequence = last
    while sequence > oldest {
      sequence &-= 1
      let earlier = record(sequence)
      guard earlier.pointee.source == source else { continue }
      if earlier.pointee.flags & LogRecord.continues == 0 { break }
      first = sequence
    }
    let prefix = LogPrefix(
      time: record(first).pointee.time, source: source, frequency: machine.counterFrequency)
    machine.emergencyWrite(prefix.words.0, count: 8)
    machine.emergencyWrite(prefix.words.1, count: 8)
    machine.emergencyWrite(prefix.words.2, count: 4)
    while first <= last {
      let next = record(first)
      if next.pointee.source == source { printText(next) }
      first &+= 1
    }
    machine.emergencyWrite(0x0a0d, count: 2)
  }

  @inline(__always) private mutating func printText(_ record: Reference<LogRecord>) {
    var left = min(record.pointee.flags & 63, UInt64(LogRecord.capacity))
    var index = 0
    while left > 8 {
      machine.emergencyWrite(record.pointee.text[index], count: 8)
      left &-= 8
      index &+= 1
    }
    if left > 0 { machine.emergencyWrite(record.pointee.text[index], count: left) }
  }

  private func record(_ sequence: UInt64) -> Reference<LogRecord> {
    machine.memory(log.address + UInt64(LogRing.offset(of: sequence)), as: LogRecord.self)
  }

  /// `power`: ends or restarts the machine, or restarts the memory server.
  mutating func power(_ caller: UInt64) throws(Refusal) {
    _ = try find(handleWord(caller), of: thread(caller).pointee.task, .power, rights: 0)
    guard let action = PowerAction(rawValue: word(caller, 0)) else {
      throw Refusal(.invalidOperation, word(caller, 0), limit: PowerAction.restartMemory.rawValue)
    }
    if action == .restartMemory { return try restartServer(caller) }
    succeed(caller)
    machine.power(off: action == .off)
  }
}
