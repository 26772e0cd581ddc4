internal import ABI
internal import Interfaces
internal import Runtime
internal import ShellCore

/// What a trial writes on the console: one line a case.
struct Report: ~Copyable {
  var terminal = Terminal(gate: SystemGate(), slot: WellKnownSlot.firstFree)
  let memory = Client<MemoryInterface>.own

  /// A case and the start of its line.
  mutating func begin(_ name: StaticString) {
    terminal.write(name)
    terminal.write(": ")
  }

  mutating func end() {
    terminal.newLine()
    terminal.flush()
  }

  /// A line without values.
  mutating func line(_ name: StaticString, _ words: StaticString) {
    begin(name)
    terminal.write(words)
    end()
  }

  /// A kernel call that must be refused.
  mutating func kernel(_ name: StaticString, _ operation: Operation, _ message: Message) {
    var message = message
    terminal.gate.invoke(operation, &message)
    begin(name)
    if let refusal = message.refusal { terminal.write(refusal) } else { terminal.write("NOT REFUSED") }
    end()
  }

  /// A request to the memory server that must be refused; without `values` only the reason is told.
  mutating func server(
    _ name: StaticString, _ request: MemoryInterface.Request, pass: UInt64 = 0, values: Bool = true
  ) {
    begin(name)
    do throws(MemoryRefusal) {
      _ = try memory.callUntilDone(request, pass: pass, &terminal.gate)
      terminal.write("NOT REFUSED")
    } catch {
      if values {
        terminal.write(error)
      } else if case .service(let reason) = error.cause {
        terminal.write(reason.words)
      }
    }
    end()
  }

  /// A message to the memory server that must be refused.
  mutating func reply(_ name: StaticString, _ message: Message) {
    var message = message
    terminal.gate.invoke(.call, &message)
    begin(name)
    if message.label == ReplyLabel.served {
      terminal.write("NOT REFUSED")
    } else {
      terminal.write(MemoryRefusal(reply: message))
    }
    end()
  }

  /// Does nothing more, so that what the task holds stays to be looked at.
  mutating func rest() -> Never {
    while true { _ = try? terminal.gate.wait(WellKnownSlot.notification) }
  }

  /// Frames that are free, claimed or not.
  mutating func free() -> UInt64 {
    guard let counts = try? memory.memoryCounts(&terminal.gate) else { return 0 }
    return counts.free + counts.unclaimed
  }
}
