public import ABI
internal import Machine

/// The log ring: `LogRing.pages` frames in a row, written by the kernel, read by whoever may map them.
package struct Log {
  /// Physical address of the ring; 0 before boot has named it.
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
    var text: InlineArray<7, UInt64> = .init(repeating: 0)
    for index in 0..<7 { text[index] = word(caller, index + 1) }
    let source = task(thread(caller).pointee.task).pointee.name
    append(LogRecord(time: machine.counter(), source: source, flags: flags, text: text))
    succeed(caller)
  }

  /// Appends a record, tells the reader, and prints the line while no console does.
  public mutating func append(_ record: LogRecord) {
    guard log.address != 0 else { return }
    machine.memory(log.address + UInt64(LogRing.offset(of: log.sequence)), as: LogRecord.self).pointee = record
    log.sequence += 1
    machine.memory(log.address, as: UInt64.self).pointee = log.sequence
    if devices.emergencyIsMapped, record.flags & LogRecord.continues == 0 { printLine(log.sequence - 1) }
    if log.object != 0 { raise(log.object) }
  }

  /// Prints the line whose last record is `last`: the records before it that it continues, then itself.
  private mutating func printLine(_ last: UInt64) {
    let record = record(last)
    let oldest = last > 8 ? last - 8 : 0
    var first = last
    var sequence = last
    while sequence > oldest {
      sequence -= 1
      let earlier = self.record(sequence)
      guard earlier.source == record.source else { continue }
      if earlier.flags & LogRecord.continues == 0 { break }
      first = sequence
    }
    var prefix = LogPrefix(record: self.record(first), frequency: machine.counterFrequency)
    while let byte = prefix.next() { machine.emergencyWrite(byte) }
    for sequence in first...last {
      let part = self.record(sequence)
      guard part.source == record.source else { continue }
      for index in 0..<part.length { machine.emergencyWrite(part.byte(index)) }
    }
    machine.emergencyWrite(13)
    machine.emergencyWrite(10)
  }

  private func record(_ sequence: UInt64) -> LogRecord {
    machine.memory(log.address + UInt64(LogRing.offset(of: sequence)), as: LogRecord.self).pointee
  }

  /// `power`: ends or restarts the machine.
  mutating func power(_ caller: UInt64) throws(Refusal) {
    _ = try find(handleWord(caller), of: thread(caller).pointee.task, .power, rights: 0)
    guard let action = PowerAction(rawValue: word(caller, 0)) else {
      throw Refusal(.invalidOperation, word(caller, 0), limit: PowerAction.reset.rawValue)
    }
    succeed(caller)
    machine.power(off: action == .off)
  }
}
