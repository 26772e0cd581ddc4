internal import ABI
internal import Interfaces
internal import Runtime
internal import ShellCore
internal import TrialRegisters

/// A task of several threads: equals take turns, each keeps its own registers, and all end without a trace.
struct Threads: ~Copyable {
  private var report = Report()
  private static var stacks: UInt64 { 20 }
  private static var endpoint: UInt64 { 60 }
  private static var threads: Range<UInt64> { 1..<5 }

  consuming func run() -> Never {
    report.line("threads", "begin")
    let before = report.free()
    prepare()
    round()
    let between = report.free()
    round()
    report.line("frames after a second round", report.free() == between ? "as before" : "NOT as before")
    tidy()
    // The frame of objects stays with the account until the task ends.
    report.line("frames afterwards", report.free() == before - 1 ? "one of objects is kept" : "NOT as before")
    report.line("threads", "end")
    report.rest()
  }

  /// A stack of a page for each thread, a page apart, and the endpoint that the threads call.
  private mutating func prepare() {
    do throws(MemoryRefusal) {
      try report.memory.createEndpoint(slot: Threads.endpoint, &report.terminal.gate)
      for thread in Threads.threads {
        try report.memory.allocate(
          slot: Threads.stacks + thread, page: Threads.stack(thread), pages: 1, rights: [.read, .write],
          &report.terminal.gate)
      }
    } catch { report.line("stacks", "NOT ALLOCATED") }
  }

  private static func stack(_ thread: UInt64) -> UInt64 { 0x4_0000 + thread * 2 }

  /// All threads spin for a while with registers of their own, then call: the first thread hears each of them once.
  private mutating func round() {
    for thread in Threads.threads {
      do throws(MemoryRefusal) {
        try FurtherThread.start(
          slot: 40 + thread, stackTop: (Threads.stack(thread) + 1) << 12, priority: 11, argument: thread
        ) { thread in
          let changed = registers_kept_until(Counter.now + Counter.frequency / 20)
          var message = Message(thread, changed, handle: 60)
          var gate = SystemGate()
          gate.invoke(.call, &message)
        }
      } catch { report.line("a thread", "NOT STARTED") }
    }
    hear()
  }

  private mutating func hear() {
    var (heard, changed): (UInt64, UInt64) = (0, 0)
    var message = Message(handle: Threads.endpoint)
    report.terminal.gate.invoke(.receive, &message)
    for thread in Threads.threads {
      heard |= 1 << message[0]
      changed |= message[1]
      if thread + 1 == Threads.threads.upperBound { break }
      message = Message(handle: Threads.endpoint)
      report.terminal.gate.invoke(.replyReceive, &message)
    }
    message = Message()
    report.terminal.gate.invoke(.reply, &message)
    report.line("threads heard", heard == 0b11110 ? "each once" : "NOT each once")
    report.line("registers of equals", changed == 0 ? "are kept" : "ARE CHANGED")
    // Equals: a turn is enough for each that was answered to end.
    for _ in Threads.threads { report.terminal.gate.invoke(.yield, &message) }
    for thread in Threads.threads {
      let found = try? report.terminal.gate.inspectHandle(40 + thread).word
      if found != .empty { report.line("a thread that returned", "HAS ITS HANDLE") }
    }
  }

  private mutating func tidy() {
    try? report.terminal.gate.drop(Threads.endpoint)
    for thread in Threads.threads { try? report.memory.free(slot: Threads.stacks + thread, &report.terminal.gate) }
  }
}
