public import Interfaces

/// Why the console refused a request. Nothing was taken or queued.
public enum ConsoleRefusal: Error, Equatable, Sendable {
  /// This client waits for input already, and has one reply to wait with.
  case alreadyReading
  /// This client waits for room already.
  case alreadyWriting
  /// As many clients wait as the console has places for.
  case tooManyWaiting(limit: Int)
}

/// A reply that has become due.
public enum ConsoleCompletion: Sendable {
  /// Input for the reader whose reply was kept as `reply`.
  case read(reply: UInt64, Chunk)
  /// The bytes of the writer whose reply was kept as `reply` are queued.
  case written(reply: UInt64)
}

/// A client that waits for input.
struct Reader: Waiter {
  let client: UInt64
  let reply: UInt64
  /// The most bytes it asked for.
  let limit: Int
}

/// A client that waits for room, with the bytes it wants to write.
struct Writer: Waiter {
  let client: UInt64
  let reply: UInt64
  let bytes: Chunk
}
