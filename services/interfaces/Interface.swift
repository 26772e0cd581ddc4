public import ABI

/// What a client may ask of a service: one Swift file per interface, used by both ends.
///
/// A request is an enum with associated values. Its encoding to the eight words and back is inlined, so that a
/// call compiles to argument moves, `svc` and a test of the label. A request's label is
/// `version << 16 | method`, with `RequestLabel.passesHandle` where a handle goes along; a server that finds another
/// version refuses with `ProtocolReason.version`.
public protocol Interface {
  /// What both ends must agree on; it changes with every change of a request or of a reply.
  static var version: UInt64 { get }
  /// The requests.
  associatedtype Request: InterfaceRequest
  /// Why the service refuses.
  associatedtype Reason: ServiceReason
}

/// A request that travels in the eight words of a message.
public protocol InterfaceRequest: Sendable {
  /// Writes the words, and the method's number (14 bits) as the label.
  func encode(into message: inout Message)
  /// Reads the words of a method; nil for a method that the interface does not have.
  init?(method: UInt64, _ message: borrowing Message)
}

/// The reasons of one service: numbered from 1, each with a meaning for the two values of a refusal.
public protocol ServiceReason: RawRepresentable, Equatable, Sendable where RawValue == UInt64 {
  /// The number that travels, 16 bits.
  var rawValue: UInt64 { get }
  /// The reason of a number.
  init?(rawValue: UInt64)
  /// What happened, and after a colon what the two values are.
  var words: StaticString { get }
}

/// The label of a request, beside its version.
public enum RequestLabel {
  /// A handle goes along. Where it did not arrive (it died on the way, or the server had no room), the server refuses
  /// with `ProtocolReason.handleNeeded`: without it the request would mean something else.
  @inlinable public static var passesHandle: UInt64 { 1 << 15 }
  /// The method.
  @inlinable public static var method: UInt64 { 0x3fff }
  /// The request was sent before, to a server that died while it served it. What it finds done is done.
  @inlinable public static var repeated: UInt64 { 1 << 14 }
}

/// Refusals that any service may give.
public enum ProtocolReason: UInt64, Sendable {
  /// The request is not done yet: the same request again goes on with it. `Client` repeats by itself.
  case again = 1
  /// The two ends were built for different versions (value: the client's, limit: the server's).
  case version = 2
  /// The interface has no such method, or an argument has no meaning (value: the label).
  case unknownMethod = 3
  /// The request needs a handle that did not come along (value: kind that came, limit: kind needed).
  case handleNeeded = 4
}

/// Why a request was not served, with two values in the manner of the kernel's `Refusal`.
@frozen public struct ServiceRefusal<Reason: ServiceReason>: Error, Equatable, Sendable {
  /// Who refused.
  @frozen public enum Cause: Equatable, Sendable {
    /// The kernel refused the call itself; `.call(.peerGone)` says that the service is no more.
    case call(Status)
    /// The kernel refused what the service asked of it on the client's behalf.
    case kernel(Status)
    /// The ends do not understand each other.
    case interface(ProtocolReason)
    /// The service refused.
    case service(Reason)
  }

  /// Who refused, and why.
  public var cause: Cause
  /// The offending value.
  public var value: UInt64
  /// The bound, or what was there instead.
  public var limit: UInt64

  /// A refusal of any cause.
  @inlinable public init(_ cause: Cause, _ value: UInt64 = 0, limit: UInt64 = 0) {
    self.cause = cause
    self.value = value
    self.limit = limit
  }

  /// A refusal of the service's own.
  @inlinable public init(_ reason: Reason, _ value: UInt64 = 0, limit: UInt64 = 0) {
    self.init(.service(reason), value, limit: limit)
  }

  /// The kernel's refusal, passed on to the client.
  @inlinable public init(_ refusal: Refusal) {
    self.init(.kernel(refusal.status), refusal.value, limit: refusal.limit)
  }

  /// Whether the service died: the client may connect anew and ask again.
  @inlinable public var peerIsGone: Bool { cause == .call(.peerGone) }
}

/// The label of a reply: 0 for success, else bits 17:16 say who refused and bits 15:0 why; x0 and x1 are the
/// two values. Bit 63 is the kernel's (`Outcome.refused`).
public enum ReplyLabel {
  /// The request was served.
  @inlinable public static var served: UInt64 { 0 }
  /// A kernel status passed on.
  @inlinable public static var kernel: UInt64 { 1 << 16 }
  /// A reason of the service.
  @inlinable public static var service: UInt64 { 2 << 16 }
  /// A reason that any service may give.
  @inlinable public static var interface: UInt64 { 3 << 16 }
  /// The reply that asks for the same request again.
  @inlinable public static var again: UInt64 { interface | ProtocolReason.again.rawValue }
  /// The kernel's word that the server died while it served the request, and was started anew.
  @inlinable public static var interrupted: UInt64 { Outcome.refused | Status.interrupted.rawValue }
}

extension ServiceRefusal {
  /// The refusal that a reply carries. Out of line: the path of success is a test of the label.
  @inline(never) public init(reply message: borrowing Message) {
    let number = message.label & 0xffff
    let value = message[0]
    let limit = message[1]
    if message.label & Outcome.refused != 0 {
      self.init(.call(Status(rawValue: message.label & ~Outcome.refused) ?? .invalidOperation), value, limit: limit)
    } else if message.label & ~0xffff == ReplyLabel.kernel, let status = Status(rawValue: number) {
      self.init(.kernel(status), value, limit: limit)
    } else if message.label & ~0xffff == ReplyLabel.service, let reason = Reason(rawValue: number) {
      self.init(.service(reason), value, limit: limit)
    } else if message.label & ~0xffff == ReplyLabel.interface, let reason = ProtocolReason(rawValue: number) {
      self.init(.interface(reason), value, limit: limit)
    } else {
      self.init(.interface(.unknownMethod), message.label)
    }
  }

  /// The reply that carries this refusal.
  public var reply: Message {
    let label =
      switch cause {
      case .call(let status), .kernel(let status): ReplyLabel.kernel | status.rawValue
      case .interface(let reason): ReplyLabel.interface | reason.rawValue
      case .service(let reason): ReplyLabel.service | reason.rawValue
      }
    return Message(value, limit, label: label)
  }
}
