public import Drivers
public import Interfaces
public import Registers

/// The console: one UART, shared by clients that read and write.
///
/// It knows neither kernel nor messages. A request says which client asks and by which token its reply can be given
/// later; what cannot be answered now waits, and comes out of `nextCompletion` after an interrupt or another request
/// has made it possible. Writers are served in turn and never interleaved within one request; no byte is lost in
/// either direction: a full input ring stops reception at the device, a full output ring keeps the writer waiting.
public struct Console<Registers: RegisterAccess & ~Copyable>: ~Copyable {
  /// Readers that may wait at once, and as many writers.
  public static var waitingLimit: Int { 8 }

  private var uart: PL011<Registers>
  /// Bytes received and not yet read; a full ring holds the sender back.
  private var input = ByteRing<1024>()
  /// Bytes written and not yet sent; a full ring lets writers wait.
  private var output = ByteRing<4096>()
  private var readers = WaitQueue<Reader, 8>()
  private var writers = WaitQueue<Writer, 8>()

  /// A console on a UART that was just taken.
  public init(_ uart: consuming PL011<Registers>) { self.uart = uart }

  /// The UART's counts of interrupts, bytes and errors.
  public var counts: PL011<Registers>.Counts { uart.counts }
  /// Bytes received and not yet read.
  public var unread: Int { input.count }
  /// Whether the sender is held back until somebody reads.
  public var isReceiveHeld: Bool { uart.isReceiveHeld }
}

extension Console where Registers: ~Copyable {
  /// Serves the UART's interrupt. Acknowledge it to the kernel afterwards, then reply to all of `nextCompletion`.
  public mutating func onInterrupt() -> PL011<Registers>.Service {
    uart.handleInterrupt(input: &input, output: &output)
  }

  /// Queues `bytes` to be sent, all or none of them.
  ///
  /// - Returns: true where they are queued and the reply is due; false where the client waits for room and the reply is
  ///   kept as `reply`.
  public mutating func write(_ bytes: Chunk, from client: UInt64, reply: UInt64) throws(ConsoleRefusal) -> Bool {
    if writers.isEmpty && queue(bytes) { return true }
    guard !writers.contains(client: client) else { throw .alreadyWriting }
    guard writers.append(Writer(client: client, reply: reply, bytes: bytes)) else {
      throw .tooManyWaiting(limit: Self.waitingLimit)
    }
    return false
  }

  /// Queues `bytes` if they fit and nobody waits to write: for the kernel's log, whose reader can come again.
  ///
  /// - Returns: whether they are queued.
  public mutating func writeIfRoom(_ bytes: Chunk) -> Bool { writers.isEmpty && queue(bytes) }

  /// Takes at most `limit` bytes of input, at most 56.
  ///
  /// - Returns: what there is; or nothing where the client waits for input and the reply is kept as `reply`.
  public mutating func read(upTo limit: Int, for client: UInt64, reply: UInt64) throws(ConsoleRefusal) -> Chunk? {
    if readers.isEmpty && !input.isEmpty { return take(upTo: limit) }
    guard !readers.contains(client: client) else { throw .alreadyReading }
    guard readers.append(Reader(client: client, reply: reply, limit: limit)) else {
      throw .tooManyWaiting(limit: Self.waitingLimit)
    }
    return nil
  }

  /// The next reply that has become due, readers first, then writers, the longest waiting of each first.
  public mutating func nextCompletion() -> ConsoleCompletion? {
    if !input.isEmpty, let reader = readers.first() {
      readers.remove(at: 0)
      return .read(reply: reader.reply, take(upTo: reader.limit))
    }
    if let writer = writers.first(), queue(writer.bytes) {
      writers.remove(at: 0)
      return .written(reply: writer.reply)
    }
    return nil
  }

  /// Forgets what `client` waits for, after it died; its bytes are not sent.
  ///
  /// - Returns: a kept reply to give up; call again until there is none.
  public mutating func forget(client: UInt64) -> UInt64? {
    if let reader = readers.take(client: client) { return reader.reply }
    return writers.take(client: client)?.reply
  }

  private mutating func queue(_ bytes: Chunk) -> Bool {
    guard output.free >= bytes.count else { return false }
    for index in 0..<bytes.count { _ = output.push(bytes[index]) }
    _ = uart.startTransmit(from: &output)
    return true
  }

  /// Input bytes, and reception taken up again where the ring was full.
  private mutating func take(upTo limit: Int) -> Chunk {
    var bytes = Chunk()
    while bytes.count < min(limit, Chunk.capacity), let byte = input.pop() { _ = bytes.append(byte) }
    _ = uart.resumeReceive(into: &input)
    return bytes
  }
}
