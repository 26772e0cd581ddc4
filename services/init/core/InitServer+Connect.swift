internal import ABI
internal import Interfaces
internal import Runtime

// Connecting clients with their peers.
extension InitServer {
  /// A handle to a peer, badged with the client's session; later where the peer is on its way back.
  mutating func connect(_ client: Int, to name: Name, _ gate: inout some Gate & ~Copyable)
    -> Answer<InitInterface.Reason>
  {
    guard let index = supervisor.index(of: name), index >= 2 else {
      return .refuse(InitRefusal(.noSuchTask, name.word))
    }
    guard lists(index, by: client) else { return .refuse(InitRefusal(.notPeer, name.word)) }
    let facts = supervisor.facts(index)
    switch facts.state {
    case .running:
      do throws(Refusal) { return .reply(try pass(index, to: UInt64(client) + 1, &gate)) } catch {
        return .refuse(InitRefusal(error))
      }
    case .waiting, .idle:
      guard facts.state == .waiting || supervisor.isService(index) else {
        return .refuse(InitRefusal(.ended, name.word))
      }
      guard let slot = waiting.add(session: UInt64(client) + 1, target: index) else {
        return .refuse(InitRefusal(.tooManyWaiting, WaitingClients.capacity, limit: WaitingClients.capacity))
      }
      clear(slot, &gate)
      return .later(slot: slot)
    case .ended: return .refuse(InitRefusal(.ended, name.word, limit: facts.restarts))
    }
  }

  /// The reply that carries a handle to an entry's endpoint.
  private func pass(_ index: Int, to session: UInt64, _ gate: inout some Gate & ~Copyable) throws(Refusal) -> Message {
    clear(InitSlots.passing, &gate)
    let rights = Rights.Endpoint.call.union(.pass)
    try gate.copy(InitSlots.endpoint(index), to: InitSlots.passing, rights: rights.rawValue, badge: session)
    return Message(transfer: InitSlots.passing)
  }

  /// Answers those who waited for an entry: with a handle when it runs, with a refusal when it stays ended.
  mutating func answerWaiting(for index: Int, _ gate: inout some Gate & ~Copyable) {
    let facts = supervisor.facts(index)
    while let client = waiting.take(target: index) {
      var reply = InitRefusal(.ended, facts.name.word, limit: facts.restarts).reply
      if facts.state == .running {
        do throws(Refusal) { reply = try pass(index, to: client.session, &gate) } catch {
          reply = InitRefusal(error).reply
        }
      }
      // A client that died meanwhile has left a slot that holds nothing to reply to.
      do throws(Refusal) { try gate.reply(to: client.slot, reply) } catch { clear(client.slot, &gate) }
    }
  }

  /// Empties a slot, whatever it holds or does not hold.
  func clear(_ slot: UInt64, _ gate: inout some Gate & ~Copyable) {
    var message = Message(handle: slot)
    gate.invoke(.drop, &message)
  }
}
