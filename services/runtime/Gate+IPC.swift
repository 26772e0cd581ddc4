public import ABI
public import Interfaces

// Each kernel call under its own name, refusals as typed errors. Slots are of the caller's own table unless a
// parameter says otherwise; kernel/abi/Operation.swift lists the words.
extension Gate where Self: ~Copyable {
  /// Makes a call and throws its refusal.
  @inlinable @inline(__always)
  public mutating func perform(_ operation: Operation, _ message: inout Message) throws(Refusal) {
    invoke(operation, &message)
    if message.label & Outcome.refused != 0 { throw Refusal(reply: message) }
  }

  /// Sends the words to an endpoint and waits for the reply.
  @inlinable @inline(__always)
  public mutating func call(_ endpoint: UInt64, _ message: inout Message) throws(Refusal) {
    message.handle = endpoint
    try perform(.call, &message)
  }

  /// Answers the caller that this thread owes a reply, then receives on an endpoint.
  @inlinable @inline(__always)
  public mutating func replyReceive(on endpoint: UInt64, _ message: inout Message) throws(Refusal) {
    message.handle = endpoint
    try perform(.replyReceive, &message)
  }

  /// Receives on an endpoint or from the bound notification.
  ///
  /// - Parameters:
  ///   - interrupt: slot of an interrupt that is acknowledged first; 0: none.
  ///   - slot: an empty slot for a handle that arrives; 0: refuse handles.
  @inlinable @inline(__always)
  public mutating func receive(on endpoint: UInt64, acknowledging interrupt: UInt64 = 0, into slot: UInt64 = 0)
    throws(Refusal) -> Message
  {
    var message = Message(interrupt, handle: endpoint, transfer: slot << 32)
    try perform(.receive, &message)
    return message
  }

  /// Moves the reply that this thread owes into an empty slot.
  @inlinable public mutating func saveReply(into slot: UInt64) throws(Refusal) {
    var message = Message(slot)
    try perform(.saveReply, &message)
  }

  /// Answers a saved reply, or with slot 0 the caller that this thread owes one.
  @inlinable public mutating func reply(to slot: UInt64 = 0, _ reply: Message) throws(Refusal) {
    var message = reply
    message.handle = slot
    try perform(.reply, &message)
  }

  /// Hands the caller that this thread owes a reply on to another endpoint.
  @inlinable public mutating func forward(to endpoint: UInt64, _ words: Message) throws(Refusal) {
    var message = words
    message.handle = endpoint
    try perform(.forward, &message)
  }

  /// Sets the bits of the handle's badge in a notification.
  @inlinable @inline(__always)
  public mutating func signal(_ notification: UInt64) throws(Refusal) {
    var message = Message(handle: notification)
    try perform(.signal, &message)
  }

  /// Waits for a notification and returns its bits.
  @inlinable @inline(__always)
  public mutating func wait(_ notification: UInt64, acknowledging interrupt: UInt64 = 0) throws(Refusal) -> UInt64 {
    var message = Message(interrupt, handle: notification)
    try perform(.wait, &message)
    return message.handle
  }

  /// Lets the next ready thread of the same priority run.
  @inlinable public mutating func yield() throws(Refusal) {
    var message = Message()
    try perform(.yield, &message)
  }

  /// Does nothing.
  @inlinable public mutating func null() throws(Refusal) {
    var message = Message()
    try perform(.null, &message)
  }
}

extension Refusal {
  /// The refusal in a message whose label has `Outcome.refused`. Out of line: refusals are rare.
  @inline(never) public init(reply message: borrowing Message) {
    let status = Status(rawValue: message.label & ~Outcome.refused) ?? .invalidOperation
    self.init(status, message[0], limit: message[1])
  }
}
