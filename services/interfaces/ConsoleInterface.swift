public import ABI

/// The console: text in and out, by the UART's interrupts.
public enum ConsoleInterface: Interface {
  /// The version both ends compare.
  @inlinable public static var version: UInt64 { 1 }

  /// What may be asked.
  @frozen public enum Request: InterfaceRequest {
    /// Queues bytes to be sent; the reply comes when there was room.
    case write(Chunk)
    /// Takes input, at most `limit` bytes; the reply comes when there is some.
    case read(limit: UInt64)
    /// What was counted since the console started.
    case counts
  }

  /// Why the console refuses.
  @frozen public enum Reason: UInt64, ServiceReason {
    /// The client waits for input already.
    case alreadyReading = 1
    /// The client waits for room already.
    case alreadyWriting = 2
    /// As many clients wait as there are places for (limit: the places).
    case tooManyWaiting = 3

    /// What happened, and after a colon what the two values are.
    public var words: StaticString {
      switch self {
      case .alreadyReading: "this client waits for input already"
      case .alreadyWriting: "this client waits for room already"
      case .tooManyWaiting: "too many wait: waiting, places"
      }
    }
  }
}

/// Why the console refused.
public typealias ConsoleInterfaceRefusal = ServiceRefusal<ConsoleInterface.Reason>

extension ConsoleInterface.Request {
  /// Writes the words, and the method's number as the label.
  @inlinable @inline(__always)
  public func encode(into message: inout Message) {
    switch self {
    case .write(let chunk):
      message = chunk.message
      message.label = 1
    case .read(let limit): message = Message(limit, label: 2)
    case .counts: message = Message(label: 3)
    }
  }

  /// Reads the words of a method.
  @inlinable @inline(__always)
  public init?(method: UInt64, _ w: borrowing Message) {
    switch method {
    case 1:
      guard let chunk = Chunk(w) else { return nil }
      self = .write(chunk)
    case 2: self = .read(limit: w[0])
    case 3: self = .counts
    default: return nil
    }
  }
}

extension Chunk {
  /// The chunk in a message: the count in the first word, the bytes in the others.
  @inlinable public var message: Message {
    Message(UInt64(count), words[0], words[1], words[2], words[3], words[4], words[5], words[6])
  }
  /// The chunk of a message; nil where it claims more bytes than fit.
  @inlinable public init?(_ w: borrowing Message) {
    self.init(words: [w[1], w[2], w[3], w[4], w[5], w[6], w[7]], count: w[0])
  }
}

/// What the console counted.
@frozen public struct ConsoleCounts: Equatable, Sendable {
  /// Interrupts that brought input.
  public var receiveInterrupts: UInt64
  /// Interrupts that found room for output.
  public var transmitInterrupts: UInt64
  /// Bytes received.
  public var received: UInt64
  /// Bytes sent.
  public var sent: UInt64
  /// Bytes lost or dropped: overruns, framing and parity errors.
  public var lost: UInt64

  /// The counts of a driver.
  @inlinable public init(
    receiveInterrupts: UInt64, transmitInterrupts: UInt64, received: UInt64, sent: UInt64, lost: UInt64
  ) {
    self.receiveInterrupts = receiveInterrupts
    self.transmitInterrupts = transmitInterrupts
    self.received = received
    self.sent = sent
    self.lost = lost
  }
  /// Reads the reply.
  @inlinable public init(_ w: borrowing Message) {
    self.init(receiveInterrupts: w[0], transmitInterrupts: w[1], received: w[2], sent: w[3], lost: w[4])
  }
  /// The reply.
  @inlinable public var reply: Message { Message(receiveInterrupts, transmitInterrupts, received, sent, lost) }
}

extension Client where Service == ConsoleInterface {
  /// Sends bytes.
  @inlinable public func write(_ chunk: Chunk, _ gate: inout some Gate & ~Copyable) throws(ConsoleInterfaceRefusal) {
    _ = try call(.write(chunk), &gate)
  }

  /// Waits for input and takes at most `limit` bytes.
  @inlinable public func read(limit: UInt64, _ gate: inout some Gate & ~Copyable) throws(ConsoleInterfaceRefusal)
    -> Chunk
  {
    Chunk(try call(.read(limit: limit), &gate)) ?? Chunk()
  }

  /// What was counted.
  @inlinable public func counts(_ gate: inout some Gate & ~Copyable) throws(ConsoleInterfaceRefusal) -> ConsoleCounts {
    ConsoleCounts(try call(.counts, &gate))
  }
}
