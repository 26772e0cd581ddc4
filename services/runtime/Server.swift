public import ABI
public import Interfaces

/// What a request came with, besides its words.
@frozen public struct Arrival: Sendable {
  /// The client: the badge of its handle.
  public var badge: UInt64
  /// The slot in which a handle arrived; 0: none. It is the server's to drop or to keep.
  public var handle: UInt64
  /// Whether the client sent it before, to a server that died while it served it: what is done already is done.
  public var isRepeated: Bool

  /// An arrival.
  @inlinable public init(badge: UInt64, handle: UInt64, isRepeated: Bool = false) {
    self.badge = badge
    self.handle = handle
    self.isRepeated = isRepeated
  }
}

/// How a server answers.
@frozen public enum Answer<Reason: ServiceReason>: Sendable {
  /// With words (the label must be 0), and a handle where `transfer` names one.
  case reply(Message)
  /// With nothing but that it was done.
  case done
  /// With a refusal.
  case refuse(ServiceRefusal<Reason>)
  /// That the same request must be sent again: there is more to do than one step allows.
  case again
  /// Not now: the server moves the reply into this empty slot and gives it later (`Gate.reply`).
  case later(slot: UInt64)

  /// The message that goes out.
  @inlinable var message: Message {
    switch self {
    case .reply(let words): words
    case .done, .later: Message()
    case .refuse(let refusal): refusal.reply
    case .again: Message(label: ReplyLabel.again)
    }
  }
}

/// A service: what it does with requests, with its notification, and with faults of tasks that it pages.
///
/// One thread serves all three, one at a time, so a server has no locks.
public protocol Server: ~Copyable {
  /// What it serves.
  associatedtype Service: Interface
  /// The empty slot that takes handles which arrive with requests; 0: it takes none. Asked before each receive.
  var landingSlot: UInt64 { get }
  /// Answers a request.
  mutating func answer(_ request: Service.Request, from arrival: Arrival, _ gate: inout some Gate & ~Copyable)
    -> Answer<Service.Reason>
  /// The bound notification was signalled with these bits. Returns the slot of an interrupt that is acknowledged with
  /// the next receive; 0: none.
  mutating func notified(_ bits: UInt64, _ gate: inout some Gate & ~Copyable) -> UInt64
  /// A task faulted: the badge names it, the message says how. True resumes it; it finds its own registers then, whatever
  /// the message has become.
  mutating func faulted(_ badge: UInt64, _ message: inout Message, _ gate: inout some Gate & ~Copyable) -> Bool
}

extension Server where Self: ~Copyable {
  /// Most services have no notification.
  @inlinable public mutating func notified(_ bits: UInt64, _ gate: inout some Gate & ~Copyable) -> UInt64 { 0 }
  /// Most services page nobody.
  @inlinable public mutating func faulted(
    _ badge: UInt64, _ message: inout Message, _ gate: inout some Gate & ~Copyable
  )
    -> Bool
  { false }
  /// Most services take no handles.
  @inlinable public var landingSlot: UInt64 { 0 }

  /// Serves for ever: receives on `endpoint`, answers, receives again. Ends only when the endpoint is no more.
  @inlinable public mutating func serve(on endpoint: UInt64, _ gate: inout some Gate & ~Copyable)
    throws(Refusal) -> Never
  {
    var message = try gate.receive(on: endpoint, into: landingSlot)
    while true {
      try step(&message, on: endpoint, &gate)
    }
  }

  /// Deals with one message and receives the next in its place.
  @inlinable @inline(__always)
  public mutating func step(
    _ message: inout Message, on endpoint: UInt64, _ gate: inout some Gate & ~Copyable
  ) throws(Refusal) {
    switch react(&message, &gate) {
    case .reply:
      message.transfer |= landingSlot << 32
      try replyReceive(&message, on: endpoint, &gate)
    case .receive(let interrupt):
      message = try gate.receive(on: endpoint, acknowledging: interrupt, into: landingSlot)
    }
  }

  /// What one message calls for; the reply takes the message's place. The host tests call this directly.
  @inlinable @inline(__always)
  public mutating func react(_ message: inout Message, _ gate: inout some Gate & ~Copyable) -> Reaction {
    let badge = message.handle
    if badge & Badge.notification != 0 {
      return .receive(acknowledging: notified(badge & ~Badge.notification, &gate))
    }
    if badge & Badge.fault != 0 {
      message.label = faulted(badge & ~Badge.fault, &message, &gate) ? FaultMessage.resume : 1
      message.transfer = 0
      return .reply
    }
    let answer = decodeAndAnswer(message, &gate)
    message = answer.message
    guard case .later(let slot) = answer else { return .reply }
    do throws(Refusal) {
      try gate.saveReply(into: slot)
      return .receive(acknowledging: 0)
    } catch {
      message = ServiceRefusal<Service.Reason>(error).reply
      return .reply
    }
  }

  @inlinable @inline(__always)
  mutating func decodeAndAnswer(_ message: Message, _ gate: inout some Gate & ~Copyable) -> Answer<Service.Reason> {
    let version = message.label >> 16
    guard version == Service.version else {
      dropArrived(message, &gate)
      return .refuse(ServiceRefusal(.interface(.version), version, limit: Service.version))
    }
    guard message.transfer != 0 || message.label & RequestLabel.passesHandle == 0 else {
      return .refuse(ServiceRefusal(.interface(.handleNeeded)))
    }
    guard let request = Service.Request(method: message.label & RequestLabel.method, message) else {
      dropArrived(message, &gate)
      return .refuse(ServiceRefusal(.interface(.unknownMethod), message.label))
    }
    let isRepeated = message.label & RequestLabel.repeated != 0
    return answer(
      request, from: Arrival(badge: message.handle, handle: message.transfer, isRepeated: isRepeated), &gate)
  }

  /// Empties the landing slot where no service sees the handle: left there, it would keep all further ones out.
  @inlinable func dropArrived(_ message: Message, _ gate: inout some Gate & ~Copyable) {
    guard message.transfer != 0 else { return }
    try? gate.drop(message.transfer)
  }

  /// Replies and receives. A reply that the kernel refuses (its handle cannot travel) becomes a refusal for the
  /// client; one that nobody waits for any more is dropped.
  @inlinable @inline(__always)
  mutating func replyReceive(_ message: inout Message, on endpoint: UInt64, _ gate: inout some Gate & ~Copyable)
    throws(Refusal)
  {
    message.handle = endpoint
    gate.invoke(.replyReceive, &message)
    if message.label & Outcome.refused == 0 { return }
    message = ServiceRefusal<Service.Reason>(Refusal(reply: message)).reply
    message.handle = endpoint
    message.transfer = landingSlot << 32
    gate.invoke(.replyReceive, &message)
    if message.label & Outcome.refused == 0 { return }
    message = try gate.receive(on: endpoint, into: landingSlot)
  }
}

/// What the loop does after a message.
@frozen public enum Reaction: Equatable, Sendable {
  /// Replies with the message, and receives.
  case reply
  /// Only receives; acknowledges the interrupt in a slot first (0: none).
  case receive(acknowledging: UInt64)
}
