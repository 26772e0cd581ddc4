internal import AArch64
internal import KernelEntry

/// Writes a line on the console: time, source, subject, text.
func show(_ text: borrowing Line, subject: StaticString, on console: EmergencyConsole) {
  var head = Line()
  head.append("[")
  let now = unsafe machine.counter()
  let frequency = max(unsafe machine.counterFrequency, 1)
  head.append(decimal: now / frequency, width: 4)
  head.append(".")
  head.append(decimal: now % frequency &* 1000 / frequency, width: 3, padding: UInt8(ascii: "0"))
  head.append("] kernel   ")
  head.append(subject)
  head.pad(to: 31)
  for index in 0..<head.count { console.write(head.bytes[index]) }
  for index in 0..<text.count { console.write(text.bytes[index]) }
  console.write(0x0d)
  console.write(0x0a)
}
