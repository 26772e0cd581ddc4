/// Clients that wait for a peer to come back: at most eight, each with its saved reply in a slot.
struct WaitingClients {
  struct Client {
    var target: Int
    var session: UInt64
  }

  private let first: UInt64
  private var clients = InlineArray<8, Client?>(repeating: nil)

  /// Nobody waits; replies go to the slots from `first`.
  init(from first: UInt64) { self.first = first }

  /// Places for clients.
  static var capacity: UInt64 { 8 }

  /// Lets a client wait; the slot for its reply, or nothing where all places are taken.
  mutating func add(session: UInt64, target: Int) -> UInt64? {
    for index in 0..<8 where clients[index] == nil {
      clients[index] = Client(target: target, session: session)
      return first + UInt64(index)
    }
    return nil
  }

  /// Takes a client that waits for an entry; call until there is none.
  mutating func take(target: Int) -> (slot: UInt64, session: UInt64)? {
    for index in 0..<8 {
      guard let client = clients[index], client.target == target else { continue }
      clients[index] = nil
      return (first + UInt64(index), client.session)
    }
    return nil
  }
}
