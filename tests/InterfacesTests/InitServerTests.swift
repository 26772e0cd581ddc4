@testable import ABI
import InitCore
import Interfaces
import Runtime
import Testing

/// A bundle of memory, init, console, shell and a program, and a clock that stands still.
final class FakeBundle: InitEnvironment {
  var now: UInt64 = 0
  var frequency: UInt64 { 1000 }
  private var entries: [Bundle.Entry] = []

  init() {
    for (name, limit, peers) in [
      ("memory", 0, []), ("init", 0, []), ("console", 3, []), ("shell", 3, [1, 2]), ("faulter", 0, [2]),
    ] as [(String, UInt8, [UInt8])] {
      var entry = Bundle.Entry()
      entry.name = name.utf8.reversed().reduce(0) { $0 << 8 | UInt64($1) }
      entry.restartLimit = limit
      entry.restartBackOff = 20
      entry.peerCount = peers.count
      for (place, peer) in peers.enumerated() { entry.peers[place] = peer }
      entry.stackPages = 1
      entry.stackTop = 0x40_0000
      entries.append(entry)
    }
  }

  var entryCount: Int { entries.count }
  func entry(_ index: Int) -> Bundle.Entry { entries[index] }
}

@Suite("Init")
struct InitServerTests {
  static let createTask = MemoryInterface.version << 16 | 3
  static let destroyTask = MemoryInterface.version << 16 | RequestLabel.passesHandle | 4
  static let nextEvent = MemoryInterface.version << 16 | 13

  /// A gate behind which everything succeeds, sessions are 100 + entry, and events are those given.
  static func gate(events: [TaskEvent] = []) -> ScriptedGate {
    var events = events
    return ScriptedGate { operation, message in
      guard operation == .call else { return Message() }
      if message.label == createTask { return Message(100 + message[0]) }
      guard message.label == nextEvent else { return Message() }
      return events.isEmpty ? MemoryRefusal(.noEvent).reply : events.removeFirst().reply
    }
  }

  static func started(_ gate: inout ScriptedGate, _ bundle: FakeBundle = FakeBundle()) -> InitServer<FakeBundle> {
    var server = InitServer(bundle)
    server.startServices(&gate)
    return server
  }

  static func ask(
    _ request: InitInterface.Request, as session: UInt64, of server: inout InitServer<FakeBundle>,
    _ gate: inout ScriptedGate
  ) -> (Message, Reaction) {
    var message = Message()
    request.encode(into: &message)
    message.label |= InitInterface.version << 16
    message.handle = session
    let reaction = server.react(&message, &gate)
    return (message, reaction)
  }

  @Test("starts the services in the bundle's order, and no program")
  func order() {
    var gate = Self.gate()
    _ = Self.started(&gate)
    let created = gate.calls.filter { $0.message.label == Self.createTask }.map { $0.message[0] }
    #expect(created == [2, 3])
    #expect(gate.calls.filter { $0.operation == .thread }.count == 2)
  }

  @Test("gives a new task its supervisor, its endpoint and its notification, and nothing more")
  func handles() {
    var gate = Self.gate()
    _ = Self.started(&gate)
    let copies = gate.calls.filter { $0.operation == .copy }.prefix(3).map(\.message)
    #expect(copies.map { $0[1] } == [WellKnownSlot.supervisor, WellKnownSlot.service, WellKnownSlot.notification])
    #expect(copies[0][3] == 3, "the session is one more than the entry")
    #expect(copies[0][2] == Rights.Endpoint.call.rawValue)
    #expect(copies[1][2] & Rights.Endpoint.call.rawValue == 0)
  }

  @Test("connects a client with a peer that its entry lists, under the client's session")
  func connects() {
    var gate = Self.gate()
    var server = Self.started(&gate)
    let (reply, _) = Self.ask(.connect("console"), as: 4, of: &server, &gate)
    #expect(reply.label == ReplyLabel.served)
    #expect(reply.transfer != 0)
    let copy = gate.calls.last { $0.operation == .copy }!.message
    #expect(copy[3] == 4)
    #expect(copy[2] == Rights.Endpoint.call.union(.pass).rawValue)
  }

  @Test(
    "refuses what a client has no right to",
    arguments: [
      (InitInterface.Request.connect("shell"), UInt64(3), InitInterface.Reason.notPeer),
      (.connect("nobody"), 4, .noSuchTask), (.connect("memory"), 4, .noSuchTask),
      (.connect("faulter"), 4, .notPeer), (.kill("shell"), 3, .notPermitted), (.powerOff, 3, .notPermitted),
      (.run("faulter", argument: 0), 3, .notPermitted), (.kill("init"), 4, .notPermitted),
      (.kill("nobody"), 4, .noSuchTask), (.kill("faulter"), 4, .ended),
      (.run("console", argument: 0), 4, .alreadyRunning), (.revoke("console", device: "uart"), 3, .notPermitted),
      (.revoke("init", device: "uart"), 4, .notPermitted), (.revoke("nobody", device: "uart"), 4, .noSuchTask),
      (.revoke("faulter", device: "uart"), 4, .ended),
      (.taskAt(index: 5), 4, .noSuchTask), (.wake, 0, .notPermitted), (.wake, 77, .notPermitted),
    ])
  func refuses(_ request: InitInterface.Request, session: UInt64, reason: InitInterface.Reason) {
    var gate = Self.gate()
    var server = Self.started(&gate)
    let (reply, _) = Self.ask(request, as: session, of: &server, &gate)
    #expect(InitRefusal(reply: reply).cause == .service(reason))
  }

  @Test("takes everything back before it restarts a task that was killed")
  func kill() {
    var gate = Self.gate()
    var server = Self.started(&gate)
    gate.calls = []
    let (reply, _) = Self.ask(.kill("console"), as: 4, of: &server, &gate)
    #expect(reply.label == ReplyLabel.served)
    let labels = gate.calls.filter { $0.operation == .call }.map(\.message.label)
    #expect(labels.first == Self.destroyTask)
    #expect(labels.contains(Self.createTask))
    #expect(ServiceFacts(Self.ask(.taskAt(index: 2), as: 4, of: &server, &gate).0).restarts == 1)
  }

  @Test("learns of a fault by its notification and restarts the task")
  func event() {
    let event = TaskEvent(.faulted, session: 102, name: "console", detail: 0x24)
    var gate = Self.gate(events: [event])
    var server = Self.started(&gate)
    var message = Message(handle: Badge.notification | NotificationBit.events)
    #expect(server.react(&message, &gate) == .receive(acknowledging: 0))
    #expect(ServiceFacts(Self.ask(.taskAt(index: 2), as: 4, of: &server, &gate).0).restarts == 1)
  }

  @Test("takes a device by the handle of the task that has it, leaves the task alone, and tells why where it cannot")
  func revoke() {
    let revokeLease = MemoryInterface.version << 16 | RequestLabel.passesHandle | 34
    var gate = Self.gate()
    var server = Self.started(&gate)
    gate.calls = []
    let (reply, _) = Self.ask(.revoke("console", device: "uart"), as: 4, of: &server, &gate)
    #expect(reply.label == ReplyLabel.served)
    #expect(gate.calls.map(\.message.label) == [revokeLease])
    #expect(gate.calls[0].message[0] == Name("uart").word && gate.calls[0].message.transfer & 0xffff != 0)
    #expect(ServiceFacts(Self.ask(.taskAt(index: 2), as: 4, of: &server, &gate).0).restarts == 0)
    for (refusal, told) in [
      (MemoryRefusal(.notLeased, 1, limit: 2), InitRefusal(.notLeased, Name("uart").word, limit: Name("console").word)),
      (MemoryRefusal(.serverFull), InitRefusal(.memoryRefused, MemoryRefusal(.serverFull).reply.label)),
    ] {
      gate.respond = { _, _ in refusal.reply }
      let (reply, _) = Self.ask(.revoke("console", device: "uart"), as: 4, of: &server, &gate)
      #expect(InitRefusal(reply: reply) == told)
    }
  }

  @Test("runs a program with its argument, once at a time, and never restarts it")
  func program() {
    var gate = Self.gate()
    var server = Self.started(&gate)
    #expect(Self.ask(.run("faulter", argument: 3), as: 4, of: &server, &gate).0.label == ReplyLabel.served)
    #expect(gate.calls.last { $0.operation == .thread }!.message[3] == 3)
    let again = Self.ask(.run("faulter", argument: 3), as: 4, of: &server, &gate).0
    #expect(InitRefusal(reply: again).cause == .service(.alreadyRunning))
    _ = Self.ask(.kill("faulter"), as: 4, of: &server, &gate)
    #expect(ServiceFacts(Self.ask(.taskAt(index: 4), as: 4, of: &server, &gate).0).state == .ended)
  }

  @Test("gives up a service that can never be started, and says so to who asks")
  func failing() {
    var gate = ScriptedGate { operation, message in
      operation == .call && message.label == Self.createTask
        ? MemoryRefusal(.outOfMemory, 9, limit: 1).reply : Message()
    }
    var server = Self.started(&gate)
    let facts = ServiceFacts(Self.ask(.taskAt(index: 2), as: 4, of: &server, &gate).0)
    #expect(facts.state == .ended)
    #expect(facts.restarts == 3)
    let (reply, _) = Self.ask(.connect("console"), as: 4, of: &server, &gate)
    #expect(InitRefusal(reply: reply).cause == .service(.ended))
  }
}
