public import ABI

/// A client's end of an interface: the slot of an endpoint's handle, typed by what may be asked of it.
///
/// Each interface adds its calls in an extension `where Service == …`; the wrong interface does not compile.
@frozen public struct Client<Service: Interface>: Sendable {
  /// The slot of the endpoint's handle in the caller's own table.
  public var slot: UInt64

  /// The service behind a handle.
  @inlinable public init(slot: UInt64) { self.slot = slot }

  /// Why a request was not served.
  public typealias Failure = ServiceRefusal<Service.Reason>

  /// Sends a request and waits for its reply. Where the server died while it served it, sends it once more; dies the
  /// server again, the request may be why, and the caller learns it: `.call(.interrupted)`.
  ///
  /// - Parameters:
  ///   - pass: slot of a handle that goes along; 0: none.
  ///   - receive: an empty slot that takes a handle of the reply; 0: none is expected.
  @inlinable @inline(__always)
  public func call(
    _ request: Service.Request, pass: UInt64 = 0, receive: UInt64 = 0, _ gate: inout some Gate & ~Copyable
  ) throws(Failure) -> Message {
    var message = Message()
    prepare(&message, request, pass: pass, receive: receive)
    gate.invoke(.call, &message)
    if message.label == ReplyLabel.interrupted {
      prepare(&message, request, pass: pass, receive: receive)
      message.label |= RequestLabel.repeated
      gate.invoke(.call, &message)
    }
    guard message.label == ReplyLabel.served else { throw Failure(reply: message) }
    return message
  }

  /// Sends a request again and again while the service answers that it is not done yet. Mostly once is enough.
  @inlinable @inline(__always)
  public func callUntilDone(
    _ request: Service.Request, pass: UInt64 = 0, receive: UInt64 = 0, _ gate: inout some Gate & ~Copyable
  ) throws(Failure) -> Message {
    var message = Message()
    prepare(&message, request, pass: pass, receive: receive)
    gate.invoke(.call, &message)
    if message.label == ReplyLabel.served { return message }
    return try goOn(message, request, pass: pass, receive: receive, &gate)
  }

  /// Goes on with a request that was answered by `reply`.
  @inlinable @inline(never)
  func goOn(
    _ reply: Message, _ request: Service.Request, pass: UInt64, receive: UInt64, _ gate: inout some Gate & ~Copyable
  ) throws(Failure) -> Message {
    var message = reply
    var repeated: UInt64 = 0
    while message.label != ReplyLabel.served {
      if message.label == ReplyLabel.interrupted, repeated == 0 {
        repeated = RequestLabel.repeated
      } else if message.label != ReplyLabel.again {
        throw Failure(reply: message)
      }
      prepare(&message, request, pass: pass, receive: receive)
      message.label |= repeated
      gate.invoke(.call, &message)
    }
    return message
  }

  @inlinable @inline(__always)
  func prepare(_ message: inout Message, _ request: Service.Request, pass: UInt64, receive: UInt64) {
    request.encode(into: &message)
    message.label |= Service.version << 16 | (pass == 0 ? 0 : RequestLabel.passesHandle)
    message.handle = slot
    message.transfer = pass | receive << 32
  }
}
