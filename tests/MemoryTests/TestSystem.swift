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
