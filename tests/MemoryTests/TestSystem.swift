import ABI
import DeviceTree
import Interfaces
import KernelCore
import Machine
import Runtime
import Simulated
import TestSupport
import Testing

@testable import MemoryCore

/// Kernel calls that a test keeps from the kernel: it answers them in its place.
final class Meddling {
  var answers: ((ABI.Operation, Message) -> Message?)?
  /// What the server logged.
  let log = LogLines()
}

/// Lines of the log, put together from their records.
final class LogLines {
  private(set) var lines: [String] = []
  private var begun: [UInt8] = []

  /// Takes a record as `log` does: length, whether the line goes on, and the text.
  func append(_ record: Message) {
    for index in 0..<Int(record[0] & 0x3f) {
      begun.append(UInt8(truncatingIfNeeded: record[1 + index / 8] >> UInt64(index % 8 * 8)))
    }
    guard record[0] & LogRecord.continues == 0 else { return }
    lines.append(String(decoding: begun, as: UTF8.self))
    begun = []
  }
}

/// The kernel's core, called by whichever thread runs.
struct TestGate: Gate {
  let machine: SimulatedSystem
  var meddling = Meddling()
  mutating func invoke(_ operation: ABI.Operation, _ message: inout Message) {
    if operation == .log { meddling.log.append(message) }
    message = meddling.answers?(operation, message) ?? machine.invoke(operation, message)
  }
}

/// A task's memory, looked up through its own tables as the MMU would; unmapped is a failed test.
final class Window {
  let machine: SimulatedSystem
  private let task: UInt64
  private var frames: [UInt64: UInt64] = [:]

  init(_ machine: SimulatedSystem, task: UInt64) {
    self.machine = machine
    self.task = task
  }

  /// The physical address behind a virtual one; nil where nothing is mapped.
  func find(_ address: UInt64) -> UInt64? {
    if let frame = frames[address >> 12] { return frame << 12 | address & 4095 }
    var table = machine.kernel.task(task).pointee.translation & 0xffff_ffff_f000
    for level in 1...3 {
      let shift = UInt64(39 - 9 * level)
      let entry = machine.kernel.machine.descriptor(table: table >> 12, index: address >> shift & 511)
      guard entry & 1 != 0 else { return nil }
      let next = entry & 0xffff_ffff_f000
      if level == 3 || entry & 2 == 0 { return next + address & ((1 << shift) - 1) }
      table = next
    }
    return nil
  }

  func translate(_ address: UInt64) -> UInt64 {
    guard let found = find(address) else { fatalError("nothing is mapped at \(address)") }
    frames[address >> 12] = found >> 12
    return found
  }

  func load<Value: BitwiseCopyable>(_ address: UInt64, as type: Value.Type) -> Value {
    machine.kernel.machine.memory(DirectMap.base | translate(address), as: type).pointee
  }
}

struct TestIndex: IndexStorage {
  let window: Window
  private func address(_ section: Int, _ node: Int) -> UInt64 {
    OwnAddress.index + UInt64(section * SectionTree.nodes + node)
  }
  subscript(section section: Int, node node: Int) -> UInt8 {
    get { window.load(address(section, node), as: UInt8.self) }
    set {
      let physical = window.translate(address(section, node))
      window.machine.kernel.machine.memory(DirectMap.base | physical, as: UInt8.self).pointee = newValue
    }
  }
}

struct TestLedger: LedgerView {
  let window: Window
  func word(_ frame: UInt64) -> LedgerWord { window.load(HandOver.Address.ledger + frame * 8, as: LedgerWord.self) }
  /// 512 words at once where a page of the ledger says nothing but free.
  func endOfFree(from frame: UInt64, to end: UInt64) -> UInt64 {
    var next = frame
    while next < end {
      let page = window.translate(HandOver.Address.ledger + next * 8) >> 12
      let isWhole = next & 511 == 0 && next + 512 <= end && window.machine.kernel.machine.isZero(frame: page)
      guard isWhole || word(next).isFree else { break }
      next += isWhole ? 512 : 1
    }
    return next
  }
}

struct TestBlob: BlobSource {
  let window: Window
  func word(at byteOffset: Int) -> UInt32 {
    window.load(HandOver.Address.deviceTree + UInt64(byteOffset), as: UInt32.self)
  }
}

struct TestViews: Views {
  let window: Window
  let bytes: [UInt8]
  var index: TestIndex { TestIndex(window: window) }
  var ledger: TestLedger { TestLedger(window: window) }
  var blob: TestBlob { TestBlob(window: window) }
  var facts: HandOver.Facts { window.load(HandOver.Address.facts, as: HandOver.Facts.self) }
  var bundle: Span<UInt8> {
    @_lifetime(borrow self) get { bytes.span }
  }
}

/// The real memory server on the real kernel, with `init` as its running client. Tests act as init, or as a
/// task that init made.
final class TestSystem {
  let machine: SimulatedSystem
  var server: MemoryServer<TestViews>
  let serverThread: UInt64
  let bundle: [UInt8]
  /// What comes between the server and the kernel; told beforehand from the start, otherwise once init runs.
  let meddling: Meddling
  /// Kills the server before one of its kernel calls.
  let killer = Killer()
  private var message = Message()

  static let services: [TestBundle.Service] = [
    .init(name: "memory", quota: 512), .init(name: "init", quota: 6000, flags: 15),
    .init(
      name: "console", quota: 96, flags: 13, grants: [("uart", "arm,pl011"), ("gic", "arm,cortex-a15-gic")]),
    .init(
      name: "clock", quota: 2000,
      grants: [("rtc", "arm,pl031"), ("uart", "arm,pl011"), ("none", "no,such"), ("big", "test,big")]),
    .init(name: "shell", quota: 16, handleFrames: 2),
    .init(
      name: "virtio", quota: 1600, handleFrames: 1,
      grants: [("all", "virtio,mmio"), ("head", "test,head"), ("huge", "test,huge"), ("moved", "test,moved")],
      units: ["all": (1, 0), "moved": (1, 0)]),
    .init(
      name: "one", quota: 64,
      grants: [("first", "virtio,mmio"), ("one", "virtio,mmio"), ("tail", "test,tail"), ("wrong", "virtio,mmio")],
      units: ["one": (2, 0xa00_0400), "wrong": (2, 0xa00_0001)]),
  ]

  /// Whether the server claims all RAM before it starts init.
  private let claimsAll: Bool

  /// - Parameters:
  ///   - bootKill: before which of its kernel calls the server dies while it boots.
  ///   - further: frames behind RAM that may be added to it.
  ///   - claimsAll: whether it claims all RAM before it starts init.
  init(
    frames: UInt64 = Geometry.sectionFrames, services: [TestBundle.Service] = TestSystem.services,
    bootKill: Int? = nil, claimsAll: Bool = false, further: UInt64 = 0
  ) throws {
    self.claimsAll = claimsAll
    let bundle = TestBundle.bytes(services)
    self.bundle = bundle
    machine = SimulatedSystem(
      frames: frames, further: further, bundleBytes: bundle, deviceTree: TestTree.machine())
    serverThread = machine.current
    let views = TestViews(window: Window(machine, task: machine.server), bytes: bundle)
    server = try MemoryServer(views: views)
    meddling = Meddling()
    if let bootKill { killer.arm(bootKill, meddling) }
    begin()
    if bootKill == nil { #expect(restarts == 0) }
  }

  /// Begins as the server's image does: with what the kernel left in the registers.
  private func begin() {
    while true {
      let x = machine.message(of: serverThread)
      let start = ServerStart(restarts: x[0], syndrome: x[1], address: x[2], instruction: x[3], stack: x[4], link: x[5])
      var gate = TestGate(machine: machine, meddling: meddling)
      do {
        server = try MemoryServer(views: TestViews(window: Window(machine, task: machine.server), bytes: bundle))
        try server.takeOver(start, &gate)
        while claimsAll, server.claimNext(&gate) {}
        try server.startInit(&gate)
        if !killer.strikes() { return receive() }
      } catch {
        guard killer.isDead else { fatalError("the server cannot begin: \(error)") }
      }
      die()
    }
  }

  /// The server faults where it is, and the kernel starts it anew.
  private func die() {
    killer.revive(meddling)
    machine.fault(syndrome: 0x9200_0046, address: 0x10)
    #expect(machine.current == serverThread && machine.message(of: serverThread)[0] > 0)
  }

  /// Times that the server was started anew.
  var restarts: UInt64 { machine.kernel.store.pointee.server.restarts }

  private func receive() {
    message = machine.invoke(
      .receive, Message(handle: server.endpoint, transfer: server.landingSlot << 32))
  }

  /// Lets the server deal with everything that reached it, until a client runs.
  func serve() {
    while machine.current == serverThread {
      message = machine.message(of: serverThread)
      // Started anew by somebody else.
      if machine.kernel.thread(serverThread).pointee.registers.instruction == 0x20_0000 {
        begin()
        continue
      }
      var gate = TestGate(machine: machine, meddling: meddling)
      let reaction = server.react(&message, &gate)
      if killer.strikes() {
        die()
        begin()
        continue
      }
      switch reaction {
      case .reply:
        message.handle = server.endpoint
        message.transfer |= server.landingSlot << 32
        message = machine.invoke(.replyReceive, message)
        #expect(message.label & Outcome.refused == 0 || machine.current != serverThread)
      case .receive: receive()
      }
    }
  }

  /// A gate of the thread that runs now: a call to the server is served at once.
  var client: ClientGate { ClientGate(system: self) }

  /// Frees of the index and the reserve: what the server believes.
  var frees: UInt64 { server.freeFrames + 2 }
}

/// A client's way into the kernel; what it asks of the server is served before it goes on.
struct ClientGate: Gate {
  let system: TestSystem
  mutating func invoke(_ operation: ABI.Operation, _ message: inout Message) {
    let caller = system.machine.current
    let result = system.machine.invoke(operation, message)
    system.serve()
    message = system.machine.current == caller ? system.machine.message(of: caller) : result
  }
}

/// Kills the server before the kernel call of a number, counted from 0: of those that change something, for those that
/// only read leave it where it was. A dead server's calls do not reach the kernel any more.
final class Killer {
  /// Calls that the server made since the killer was armed.
  private(set) var calls = 0
  private(set) var isDead = false
  private var target: Int?
  private var then: Int?

  /// Lets the server die before call `target`, and again before call `then` of its next life.
  func arm(_ target: Int, then: Int? = nil, _ meddling: Meddling) {
    (self.target, self.then, calls) = (target, then, 0)
    let refused = Message(label: Outcome.refused | Status.peerGone.rawValue)
    meddling.answers = { [unowned self] operation, _ in
      if isDead { return refused }
      guard operation != .inspect, operation != .log, operation != .receive else { return nil }
      return strikes() ? refused : nil
    }
  }

  /// Whether it strikes at the call that comes now.
  func strikes() -> Bool {
    if isDead { return true }
    guard let target else { return false }
    isDead = calls == target
    calls += 1
    return isDead
  }

  func revive(_ meddling: Meddling) {
    isDead = false
    target = nil
    meddling.answers = nil
    if let then { arm(then, meddling) }
  }

  /// Counts on without killing.
  func count(_ meddling: Meddling) { arm(.max, meddling) }
}
