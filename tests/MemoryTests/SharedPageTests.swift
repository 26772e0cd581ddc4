import ABI
import Interfaces
import KernelCore
import MemoryCore
import Testing

private let own = Client<MemoryInterface>.own

/// Eight virtio transports of 512 bytes lie on a page, and no mapping is smaller.
@Suite("Ranges that share a page") struct SharedPageTests {
  static let entry = (virtio: 5, one: 6)

  /// A system in which the task of an entry runs; init's slot 20 holds it.
  private func running(_ entry: Int) throws -> TestSystem {
    let system = try TestSystem()
    try system.load(entry, slot: 20)
    try system.start(slot: 20)
    return system
  }

  private func lease(_ name: Name, _ index: UInt64, slot: UInt64, page: UInt64 = 0, _ gate: inout ClientGate)
    throws -> Lease
  {
    try own.lease(name, index: index, slot: slot, page: page, &gate)
  }

  @Test("who is granted all devices of a page leases each, and several at once") func together() throws {
    let system = try running(Self.entry.virtio)
    var gate = system.client
    let session = try gate.inspectHandle(1).value
    let third = try lease("all", 3, slot: 30, page: 0x180, &gate)
    #expect(third == Lease(address: 0x18_0600, length: 0x200, interrupts: 1, firstInterrupt: 3))
    let first = try lease("all", 0, slot: 31, page: 0x181, &gate)
    #expect(first == Lease(address: 0x18_1000, length: 0x200, interrupts: 1))
    // The disabled one is passed over: of eight transports the last is the seventh.
    let last = try lease("all", 6, slot: 32, page: 0x182, &gate)
    #expect(last == Lease(address: 0x18_2e00, length: 0x200, interrupts: 1, firstInterrupt: 6))
    for (address, register) in [(third, 0xa00_0600), (first, 0xa00_0000), (last, 0xa00_0e00)] as [(Lease, UInt64)] {
      #expect(Window(system.machine, task: system.running).find(address.address) == register)
    }
    // Each by its own name, and only by who holds it.
    let holders = try (0..<13).map { try own.device(at: $0, &gate).holder }
    #expect(holders.enumerated().filter { $0.element != .none }.map(\.offset) == [4, 7, 10])
    #expect(try own.region(session: session, at: 30, &gate).device == "all")
    try own.interrupt("all", index: 6, slot: 33, &gate)
    #expect(try gate.inspect(.interrupt, handle: 33)[0] == 32 + 16 + 7)
    #expect(throws: MemoryRefusal(.deviceRange, 7, limit: 7)) { _ = try lease("all", 7, slot: 34, &gate) }
    #expect(throws: MemoryRefusal(.deviceRange, 7, limit: 7)) { try own.interrupt("all", index: 7, slot: 34, &gate) }
    // The very same lease again is the same lease; the range in another slot is held already.
    #expect(try lease("all", 3, slot: 30, page: 0x180, &gate) == third)
    let held = MemoryRefusal(.deviceHeld, Name("all").word, limit: Name("virtio").word)
    #expect(throws: held) { _ = try lease("all", 3, slot: 34, page: 0x190, &gate) }
    // Another range of the page does not pass for the one that is there.
    let taken = MemoryRefusal(.slotOccupied, 30, limit: ObjectKind.region.rawValue)
    #expect(throws: taken) { _ = try lease("all", 4, slot: 30, page: 0x180, &gate) }
    try gate.drop(33)
    for slot: UInt64 in [31, 30, 32] { try own.releaseLease(slot: slot, &gate) }
    #expect(try own.device(at: 7, &gate).holder == .none)
    #expect(system.machine.audit() == [])
  }

  @Test("a page with a device that is not granted too is refused, which is named, and nothing has changed")
  func refused() throws {
    let system = try running(Self.entry.one)
    var gate = system.client
    let before = try Books(system)
    func shared(_ name: Name, _ page: UInt64, with other: Name) throws {
      #expect(throws: MemoryRefusal(.pageShared, page, limit: other.word)) { _ = try lease(name, 0, slot: 30, &gate) }
    }
    try shared("first", 0, with: "@a000200")
    try shared("one", 0, with: "@a000200")
    try shared("tail", 0, with: "@b000000")
    #expect(throws: MemoryRefusal(.deviceAbsent, Name("wrong").word)) { _ = try lease("wrong", 0, slot: 30, &gate) }
    #expect(try Books(system).differences(before) == [])
    // An interrupt is nobody else's; the unit address says whose.
    try own.interrupt("one", index: 0, slot: 31, &gate)
    #expect(try gate.inspect(.interrupt, handle: 31)[0] == 32 + 16 + 2)
  }

  @Test("a range that ends inside a page is refused for its last page, and leased as far as it fills its pages")
  func ends() throws {
    let system = try running(Self.entry.virtio)
    var gate = system.client
    #expect(throws: MemoryRefusal(.pageShared, 1, limit: Name("@b001800").word)) {
      _ = try lease("head", 0, slot: 30, &gate)
    }
    let first = try own.lease("head", index: 0, slot: 30, page: 0x180, pages: 1, &gate)
    #expect(first == Lease(address: 0x18_0000, length: 0x1000, interrupts: 0))
    #expect(try lease("head", 1, slot: 31, page: 0x182, &gate).length == 0x1000)
  }

  @Test("a page of which another task holds a range is held whole") func held() throws {
    var services = TestSystem.services
    services[6].units["one"] = nil
    services[6].grants = [("all", "virtio,mmio")]
    services[6].units = ["all": (1, 0)]
    let system = try TestSystem(services: services)
    try system.load(Self.entry.virtio, slot: 20)
    try system.load(Self.entry.one, slot: 21)
    try system.start(slot: 20)
    var gate = system.client
    _ = try lease("all", 3, slot: 30, &gate)
    try? own.exit(status: 0, &gate)
    try system.start(slot: 21)
    let refusal = MemoryRefusal(.deviceHeld, Name("all").word, limit: Name("virtio").word)
    for index: UInt64 in [0, 3, 6] { #expect(throws: refusal) { _ = try lease("all", index, slot: 30, &gate) } }
    try own.interrupt("all", index: 3, slot: 31, &gate)
    try? own.exit(status: 0, &gate)
    try own.destroyTask(20, &gate)
    try own.destroyTask(21, &gate)
    try gate.drop(21)
    try system.load(Self.entry.one, slot: 21)
    try system.start(slot: 21)
    _ = try lease("all", 3, slot: 30, &gate)
  }

  @Test("a server that starts anew knows which range of a page a lease is, and who may have the others")
  func restart() throws {
    let system = try running(Self.entry.virtio)
    var gate = system.client
    let leased = try [5, 2].map { try lease("all", $0, slot: 30 + $0, page: 0x180 + $0, &gate) }
    let devices = try (0..<13).map { try own.device(at: $0, &gate) }
    system.killer.arm(0, system.meddling)
    _ = try own.memoryCounts(&gate)
    #expect(system.restarts == 1)
    #expect(try (0..<13).map { try own.device(at: $0, &gate) } == devices)
    #expect(try [5, 2].map { try lease("all", $0, slot: 30 + $0, page: 0x180 + $0, &gate) } == leased)
    let held = MemoryRefusal(.deviceHeld, Name("all").word, limit: Name("virtio").word)
    #expect(throws: held) { _ = try lease("all", 2, slot: 40, page: 0x190, &gate) }
    #expect(throws: MemoryRefusal(.slotOccupied, 32, limit: ObjectKind.region.rawValue)) {
      _ = try lease("all", 3, slot: 32, page: 0x182, &gate)
    }
    _ = try lease("all", 3, slot: 33, page: 0x183, &gate)
  }

  @Test("the emergency console is gone while any range of the UART's page is leased") func console() throws {
    let system = try running(Self.entry.virtio)
    var gate = system.client
    system.machine.kernel.devices.uartFrame = 0xa000
    system.machine.kernel.devices.emergencyDescriptor = 0x60_0000_0000_0701
    system.machine.kernel.devices.emergencyIsMapped = true
    _ = try lease("all", 3, slot: 30, &gate)
    _ = try lease("all", 4, slot: 31, &gate)
    #expect(!system.machine.kernel.devices.emergencyIsMapped)
    try own.releaseLease(slot: 30, &gate)
    #expect(!system.machine.kernel.devices.emergencyIsMapped)
    try own.releaseLease(slot: 31, &gate)
    #expect(system.machine.kernel.devices.emergencyIsMapped)
  }
}
