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
  repeat {
    let length = min(line.count &- start, LogRecord.capacity)
    let more = line.count &- start > LogRecord.capacity
    let flags = UInt64(length) | (more ? LogRecord.continues : 0)
    kernel.append(source: ServiceName.kernel, flags: flags) { index in line.words[(start &>> 3 &+ index) & 31] }
    start &+= LogRecord.capacity
  } while start < line.count
}

/// Writes a line straight on a console: a refusal or a panic, when the ring may not be there.
@inline(never) func show(_ subject: StaticString, _ text: borrowing Line, on console: EmergencyConsole) {
  let time = kernel.machine.counter()
  let prefix = LogPrefix(time: time, source: ServiceName.kernel, frequency: kernel.machine.counterFrequency)
  console.write(prefix.words.0, count: 8)
  console.write(prefix.words.1, count: 8)
  console.write(prefix.words.2, count: 4)
  var head = Line()
  head.append(subject)
  head.pad(to: 9)
  head.write(to: console)
  text.write(to: console)
  console.write(0x0a0d, count: 2)
}

extension Line {
  /// Writes the line on a console.
  func write(to console: EmergencyConsole) {
    var start = 0
    while start < count {
      console.write(words[start &>> 3], count: UInt64(min(count &- start, 8)))
      start &+= 8
    }
  }
}
