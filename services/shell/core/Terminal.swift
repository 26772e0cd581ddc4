public import Interfaces
internal import Runtime

/// Text to and from the console, in messages of up to 56 bytes; a console that died is connected to anew.
public struct Terminal<Kernel: Gate & ~Copyable>: TextSink, ~Copyable {
  /// The way into the kernel, for the calls that the shell makes itself.
  public var gate: Kernel
  private var console: Connection<ConsoleInterface>
  private var chunk = Chunk()
  /// Why the console is of no more use, once it is not.
  public private(set) var failure: ConsoleInterfaceRefusal?

  /// A terminal that connects when it is first used; `slot` takes the handle.
  public init(gate: consuming Kernel, slot: UInt64) {
    self.gate = gate
    console = Connection(to: "console", slot: slot)
  }

  /// How often the console was connected to anew.
  public var reconnections: UInt64 { console.reconnections }

  /// Takes a byte; sends when a message is full.
  public mutating func put(_ byte: UInt8) {
    if !chunk.append(byte) {
      flush()
      _ = chunk.append(byte)
    }
  }

  /// Sends what is held.
  public mutating func flush() {
    guard chunk.count > 0, failure == nil else { return }
    let bytes = chunk
    chunk = Chunk()
    do throws(ConsoleInterfaceRefusal) {
      try console.use(&gate) { (client, gate: inout Kernel) throws(ConsoleInterfaceRefusal) in
        try client.write(bytes, &gate)
      }
    } catch { failure = error }
  }

  /// Sends what is held, then waits for input.
  public mutating func read() -> Chunk {
    flush()
    guard failure == nil else { return Chunk() }
    do throws(ConsoleInterfaceRefusal) {
      return try console.use(&gate) { (client, gate: inout Kernel) throws(ConsoleInterfaceRefusal) in
        try client.read(limit: UInt64(Chunk.capacity), &gate)
      }
    } catch {
      failure = error
      return Chunk()
    }
  }

  /// What the console counted.
  public mutating func counts() throws(ConsoleInterfaceRefusal) -> ConsoleCounts {
    try console.use(&gate) { (client, gate: inout Kernel) throws(ConsoleInterfaceRefusal) in
      try client.counts(&gate)
    }
  }
}
