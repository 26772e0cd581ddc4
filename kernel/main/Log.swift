internal import AArch64
internal import ABI
internal import KernelCore

/// A line of the boot log: into the ring, and on the emergency console.
@inline(never) func log(_ subject: StaticString, _ fill: (inout Line) -> Void) {
  var line = Line()
  line.append(subject)
  line.pad(to: 9)
  fill(&line)
  var start = 0
  let time = kernel.machine.counter()
  repeat {
    let record = line.record(from: start, time: time)
    kernel.append(record)
    start &+= LogRecord.capacity
  } while start < line.count
}

/// Writes a line straight on a console: a refusal or a panic, when the ring may not be there.
@inline(never) func show(_ subject: StaticString, _ text: borrowing Line, on console: EmergencyConsole) {
  let time = kernel.machine.counter()
  let record = Line().record(from: 0, time: time)
  var prefix = LogPrefix(record: record, frequency: kernel.machine.counterFrequency)
  while let byte = prefix.next() { console.write(byte) }
  var head = Line()
  head.append(subject)
  head.pad(to: 9)
  for index in 0..<head.count { console.write(head.bytes[index]) }
  for index in 0..<text.count { console.write(text.bytes[index]) }
  console.write(0x0d)
  console.write(0x0a)
}

extension Line {
  /// The record of 56 bytes of the line from `start`.
  func record(from start: Int, time: UInt64) -> LogRecord {
    var text: InlineArray<7, UInt64> = .init(repeating: 0)
    let length = min(count &- start, LogRecord.capacity)
    var index = 0
    while index < length {
      text[index &>> 3] |= UInt64(bytes[start &+ index]) &<< UInt64(index & 7 &* 8)
      index &+= 1
    }
    let more = count &- start > LogRecord.capacity
    return LogRecord(
      time: time, source: ServiceName.kernel, flags: UInt64(length) | (more ? LogRecord.continues : 0), text: text)
  }
}
