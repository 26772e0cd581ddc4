import ABI
import Interfaces
import TestSupport

/// Kernel calls that a test keeps from the kernel: it answers them in its place.
final class Meddling {
  var answers: ((ABI.Operation, Message) -> Message?)?
  /// What the server logged.
  let log = LogLines()
}

/// Lines of the log, put together from their records.
final class LogLines {
  private(set) var lines: [String] = []
  private var begun: [UInt8] = []

  /// Takes a record as `log` does: length, whether the line goes on, and the text.
  func append(_ record: Message) {
    for index in 0..<Int(record[0] & 0x3f) {
      begun.append(UInt8(truncatingIfNeeded: record[1 + index / 8] >> UInt64(index % 8 * 8)))
    }
    guard record[0] & LogRecord.continues == 0 else { return }
    lines.append(String(decoding: begun, as: UTF8.self))
    begun = []
  }
}

/// The kernel's core, called by whichever thread runs.
struct TestGate: Gate {
  let machine: SimulatedSystem
  var meddling = Meddling()
  mutating func invoke(_ operation: ABI.Operation, _ message: inout Message) {
    if operation == .log { meddling.log.append(message) }
    message = meddling.answers?(operation, message) ?? machine.invoke(operation, message)
  }
}

/// A client's way into the kernel; what it asks of the server is served before it goes on.
struct ClientGate: Gate {
  let system: TestSystem
  mutating func invoke(_ operation: ABI.Operation, _ message: inout Message) {
    let caller = system.machine.current
    let result = system.machine.invoke(operation, message)
    system.serve()
    message = system.machine.current == caller ? system.machine.message(of: caller) : result
  }
}
