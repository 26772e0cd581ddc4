import ABI
import KernelCore
import Machine
import TestSupport
import Testing

@Suite("A memory server that dies")
struct ServerRestartTests {
  /// A server with an endpoint in slot 33, and clients whose slot 1 leads there.
  private func started(clients: Int = 1) -> (system: SimulatedSystem, clients: [Actor]) {
    let system = SimulatedSystem()
    system.make(.endpoint, slot: 33)
    let actors = (0..<clients).map { index in
      let actor = system.spawn(slot: 34 + UInt64(index))
      system.give(33, to: actor, WellKnownSlot.memory, rights: 5, badge: 34 + UInt64(index))
      return actor
    }
    return (system, actors)
  }

  @discardableResult
  private func receive(_ system: SimulatedSystem) -> Message {
    system.call(system.memoryServer, .receive, Message(handle: 33))
  }

  private func die(_ system: SimulatedSystem) {
    system.makeCurrent(system.memoryServer.thread)
    system.fault(syndrome: 0x9200_0046, address: 0x10)
  }

  private func request(_ system: SimulatedSystem, _ client: Actor) {
    system.call(client, .call, Message(7, 8, label: 9, handle: WellKnownSlot.memory))
  }

  @Test("begins at its entry with its image's data and an empty stack, and learns how it died, and how often")
  func pristine() throws {
    let (system, _) = started()
    let pages = system.pages(of: system.memoryServer)
    let written = try [0xff0, 0xff1, 0xffe, 0xfff].map { try #require(pages[$0]?.frame) }
    for frame in written {
      for word in 0..<512 as Range<UInt64> {
        system.kernel.machine.memory(DirectMap.address(frame) + word * 8, as: UInt64.self).pointee = 0xdead
      }
    }
    die(system)
    #expect(system.current == system.memoryServer.thread)
    let t = system.kernel.thread(system.current).pointee
    #expect(t[0] == 1 && t[1] == 0x9200_0046 && t[2] == 0x10)
    #expect(t.registers.instruction == 0x20_0000 && t.registers.stack == 0x100_0000)
    for (frame, source) in zip(written, [system.bundle.first, nil, nil, nil]) {
      for word in 0..<512 as Range<UInt64> {
        let found = system.kernel.machine.memory(DirectMap.address(frame) + word * 8, as: UInt64.self).pointee
        let wanted =
          source.map { system.kernel.machine.memory(DirectMap.address($0) + word * 8, as: UInt64.self).pointee } ?? 0
        #expect(found == wanted)
      }
    }
    #expect(system.pages(of: system.memoryServer) == pages)
    #expect(system.audit().isEmpty)
  }

  @Test("interrupts the caller that was being served, and lets those who wait go on waiting") func callers() {
    let (system, clients) = started(clients: 3)
    for client in clients { request(system, client) }
    receive(system)
    #expect(system.state(clients[0]) == ThreadState.waitingForReply)
    die(system)
    #expect(system.message(of: clients[0].thread).refusal == Refusal(.interrupted, 0, limit: 1))
    #expect(system.state(clients[0]) == ThreadState.ready)
    for client in clients[1...] { #expect(system.state(client) == ThreadState.calling) }
    #expect(system.audit().isEmpty)
    let first = receive(system)
    #expect(first.handle == 35 && first[0] == 7 && first.label == 9)
    system.must(system.memoryServer, .reply, Message(1))
    #expect(receive(system).handle == 36)
    #expect(system.message(of: clients[1].thread)[0] == 1)
    #expect(system.audit().isEmpty)
  }

  @Test("has a fault raised again; one that was being served twice when it died stays unserved") func faults() {
    let (system, clients) = started()
    let client = clients[0]
    func fault() {
      system.makeCurrent(client.thread)
      system.fault(syndrome: 0x9200_0007, address: 0x5000)
      #expect(system.state(client) == ThreadState.waitingForReply)
    }
    receive(system)
    fault()
    die(system)
    #expect(system.state(client) == ThreadState.ready)
    receive(system)
    fault()
    // Served this time: the next one is not the same.
    system.must(system.memoryServer, .reply, Message(label: FaultMessage.resume))
    receive(system)
    fault()
    die(system)
    #expect(system.state(client) == ThreadState.ready)
    receive(system)
    fault()
    die(system)
    #expect(system.state(client) == ThreadState.idle)
    #expect(system.audit().isEmpty)
  }

  @Test("stops the machine with its fourth fault before it received anything") func hopeless() {
    let (system, clients) = started()
    for _ in 0..<3 { die(system) }
    receive(system)
    request(system, clients[0])
    for _ in 0..<3 { die(system) }
    #expect(system.kernel.machine.halted == nil)
    die(system)
    #expect(system.kernel.machine.halted != nil)
  }

  @Test("begins again at the word of whoever holds the Power handle, whatever it does") func power() {
    let (system, clients) = started(clients: 2)
    let before = system.freeFrames()
    #expect(
      system.call(clients[0], .power, Message(2, handle: 20)).refusal == Refusal(.slotEmpty, 20))
    givePower(system, clients[0])
    receive(system)
    #expect(system.must(clients[0], .power, Message(2, handle: 20)).label == 0)
    // It was receiving; now it begins.
    #expect(system.current == system.memoryServer.thread)
    #expect(system.message(of: system.current)[0] == 1 && system.message(of: system.current)[1] == 0)
    #expect(system.audit().isEmpty)
    receive(system)
    request(system, clients[1])
    #expect(system.must(clients[0], .power, Message(2, handle: 20)).label == 0)
    #expect(system.message(of: clients[1].thread).refusal == Refusal(.interrupted, 0, limit: 2))
    #expect(system.message(of: system.memoryServer.thread)[0] == 2)
    #expect(system.freeFrames() == before)
    #expect(system.audit().isEmpty)
  }

  /// The Power handle in a client's slot 20.
  private func givePower(_ system: SimulatedSystem, _ client: Actor) {
    let address = client.task + 1280 + 20 * 32
    system.kernel.handle(address).pointee.word = HandleWord(.power, rights: 7, object: 0)
  }

  @Test("cannot begin again without its own pages: power is refused, and its next fault is the last") func gone() {
    let (system, _) = started()
    let slot = try! #require(
      (HandOver.Slot.regions..<32).first {
        system.kernel.handle(system.server + 1280 + $0 * 32).pointee.region.page == 0xffe
      })
    system.makeCurrent(system.memoryServer.thread)
    system.must(system.memoryServer, .unmap, Message(slot, 0xffe, 1))
    #expect(system.call(system.memoryServer, .power, Message(2, handle: HandOver.Slot.power)).refusal?.status == .busy)
    die(system)
    #expect(system.kernel.machine.halted != nil)
  }

  @Test("may begin again at its own word") func itself() {
    let (system, _) = started()
    system.makeCurrent(system.memoryServer.thread)
    system.setMessage(Message(2, handle: HandOver.Slot.power), of: system.current)
    system.kernel.systemCall(Operation.power.rawValue)
    #expect(system.message(of: system.memoryServer.thread)[0] == 1)
    #expect(system.current == system.memoryServer.thread)
    #expect(system.audit().isEmpty)
  }
}
