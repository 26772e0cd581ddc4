internal import ABI
internal import Drivers
public import Interfaces
public import Registers
public import Runtime

/// The console's server: its clients, the UART's interrupt, and the kernel's log, which it prints line by line.
public struct ConsoleServer<Device: RegisterAccess & ~Copyable, Ring: RegisterAccess & ~Copyable>: Server, ~Copyable {
  /// What it serves.
  public typealias Service = ConsoleInterface
  private var console: Console<Device>
  private var log: LogReader<Ring>
  private var lines = LineAssembler()
  /// A line of the log on its way out, and how much of it is.
  private var line = TextBuffer<272>()
  private var printed = 0
  /// Whether the last client left the cursor at the start of a line.
  private var isAtLineStart = true
  private var replies: Slots
  private let interrupt: UInt64

  /// A console that keeps its clients' replies in `replies`; `interrupt` is the slot of the UART's interrupt.
  public init(
    _ console: consuming Console<Device>, log: consuming LogReader<Ring>, replies: Slots, interrupt: UInt64
  ) {
    self.console = console
    self.log = log
    self.replies = replies
    self.interrupt = interrupt
  }

  /// Answers a request.
  public mutating func answer(
    _ request: ConsoleInterface.Request, from arrival: Arrival, _ gate: inout some Gate & ~Copyable
  ) -> Answer<ConsoleInterface.Reason> {
    switch request {
    case .counts: return .reply(counts.reply)
    case .write(let chunk):
      if chunk.count > 0 { isAtLineStart = chunk[chunk.count - 1] == 0x0a }
      return answerLater { (console: inout Console<Device>, slot) throws(ConsoleRefusal) in
        try console.write(chunk, from: arrival.badge, reply: slot) ? Message() : nil
      }
    case .read(let limit):
      return answerLater { (console: inout Console<Device>, slot) throws(ConsoleRefusal) in
        try console.read(upTo: Int(clamping: limit), for: arrival.badge, reply: slot)?.message
      }
    }
  }

  /// Answers at once, or keeps the reply in a slot until the console is ready.
  private mutating func answerLater(
    _ body: (inout Console<Device>, UInt64) throws(ConsoleRefusal) -> Message?
  ) -> Answer<ConsoleInterface.Reason> {
    guard let slot = replies.take() else { return .refuse(ConsoleInterfaceRefusal(.tooManyWaiting)) }
    do throws(ConsoleRefusal) {
      guard let reply = try body(&console, slot) else { return .later(slot: slot) }
      replies.give(slot)
      return .reply(reply)
    } catch {
      replies.give(slot)
      return .refuse(error.refusal)
    }
  }

  /// Serves what the notification's bits stand for.
  public mutating func notified(_ bits: UInt64, _ gate: inout some Gate & ~Copyable) -> UInt64 {
    let isDevice = bits & NotificationBit.device != 0
    if isDevice { _ = console.onInterrupt() }
    while let completion = console.nextCompletion() { complete(completion, &gate) }
    printLog()
    return isDevice ? interrupt : 0
  }

  private mutating func complete(_ completion: ConsoleCompletion, _ gate: inout some Gate & ~Copyable) {
    let (slot, reply) =
      switch completion {
      case .read(let slot, let chunk): (slot, chunk.message)
      case .written(let slot): (slot, Message())
      }
    do throws(Refusal) { try gate.reply(to: slot, reply) } catch {
      // The client died while it waited: what is left in the slot goes.
      var message = Message(handle: slot)
      gate.invoke(.drop, &message)
    }
    replies.give(slot)
  }

  /// Prints whole lines of the log for as long as there is room; the next transmit interrupt goes on.
  public mutating func printLog() {
    while queueLine(), let record = log.next() {
      if let whole = lines.take(record) {
        line.removeAll()
        printed = 0
        if !isAtLineStart { line.newLine() }
        isAtLineStart = true
        whole.write(to: &line, frequency: log.frequency)
      }
    }
  }

  /// Queues the rest of the line; false where there was no room for all of it.
  private mutating func queueLine() -> Bool {
    while printed < line.count {
      var chunk = Chunk()
      while printed + chunk.count < line.count, chunk.append(line[printed + chunk.count]) {}
      guard console.writeIfRoom(chunk) else { return false }
      printed += chunk.count
    }
    return true
  }

  private var counts: ConsoleCounts {
    let counts = console.counts
    return ConsoleCounts(
      receiveInterrupts: counts.receiveInterrupts, transmitInterrupts: counts.transmitInterrupts,
      received: counts.received, sent: counts.sent,
      lost: counts.overruns + counts.framingErrors + counts.parityErrors)
  }
}

extension ConsoleRefusal {
  /// The refusal as it travels.
  var refusal: ConsoleInterfaceRefusal {
    switch self {
    case .alreadyReading: ConsoleInterfaceRefusal(.alreadyReading)
    case .alreadyWriting: ConsoleInterfaceRefusal(.alreadyWriting)
    case .tooManyWaiting(let limit):
      ConsoleInterfaceRefusal(.tooManyWaiting, UInt64(limit), limit: UInt64(limit))
    }
  }
}
