import ABI
import Interfaces
import KernelCore
import MemoryCore
import Testing

private let own = Client<MemoryInterface>.own

@Suite("Leases of devices") struct DeviceTests {
  /// A system in which the task of an entry runs; init's slot 20 holds it.
  private func running(_ entries: Int...) throws -> TestSystem {
    let system = try TestSystem()
    for (index, entry) in entries.enumerated() { try system.load(entry, slot: 20 + UInt64(index)) }
    try system.start(slot: 20)
    return system
  }

  @Test("a lease shows the device, never executable, and its length and interrupts, but no physical address")
  func lease() throws {
    let system = try running(2)
    var gate = system.client
    let lease = try own.lease("uart", index: 0, slot: 30, page: 0x180, &gate)
    #expect(lease == Lease(address: 0x18_0000, length: 0x1000, interrupts: 1))
    let window = Window(system.machine, task: system.running)
    #expect(window.find(lease.address) == 0x900_0000)
    let region = try gate.inspectHandle(30).word
    #expect(region.rights == 3)
    #expect(try own.lease("uart", index: 0, slot: 30, page: 0x180, &gate) == lease)
  }

  @Test("the tables that a lease needed are counted, and gone when it is") func tables() throws {
    let system = try running(2)
    var gate = system.client
    let session = try gate.inspectHandle(1).value
    let before = Snapshot(system)
    let shared = try own.tableCounts(session: session, &gate)
    _ = try own.lease("uart", index: 0, slot: 30, page: 0x180, &gate)
    #expect(try own.tableCounts(session: session, &gate).leases == 0)
    _ = try own.lease("gic", index: 0, slot: 31, page: 0x4_0000, &gate)
    let counts = try own.tableCounts(session: session, &gate)
    #expect(counts.leases == 2)
    #expect(counts.level2 == shared.level2 + 1 && counts.level3 == shared.level3 + 1)
    #expect(counts.pages == shared.pages + 1 + 16)
    _ = before
  }

  @Test("a device is held by one task at a time, and the refusal names it and its holder") func exclusive() throws {
    let system = try running(2)
    var gate = system.client
    _ = try own.lease("uart", index: 0, slot: 30, page: 0x180, &gate)
    try own.interrupt("uart", index: 0, slot: 31, &gate)
    try? own.exit(status: 0, &gate)
    try system.load(3, slot: 21)
    try system.start(slot: 21)
    let held = MemoryRefusal(.deviceHeld, Name("uart").word, limit: Name("console").word)
    #expect(throws: held) { _ = try own.lease("uart", index: 0, slot: 30, page: 0x180, &gate) }
    #expect(throws: held) { try own.interrupt("uart", index: 0, slot: 31, &gate) }
    try? own.exit(status: 0, &gate)
    try own.destroyTask(20, &gate)
    try own.destroyTask(21, &gate)
    try gate.drop(21)
    try system.load(3, slot: 21)
    try system.start(slot: 21)
    _ = try own.lease("uart", index: 0, slot: 30, page: 0x180, &gate)
    try own.interrupt("uart", index: 0, slot: 31, &gate)
  }

  @Test("an interrupt is another's to have once its holder has dropped every handle to it", arguments: [1, 2])
  func letGo(dropped: UInt64) throws {
    let system = try running(2)
    var gate = system.client
    for slot in 31...32 as ClosedRange<UInt64> { try own.interrupt("uart", index: 0, slot: slot, &gate) }
    for slot in 0..<dropped { try gate.drop(31 + slot) }
    try? own.exit(status: 0, &gate)
    try system.load(3, slot: 21)
    try system.start(slot: 21)
    guard dropped == 2 else {
      let held = MemoryRefusal(.deviceHeld, Name("uart").word, limit: Name("console").word)
      #expect(throws: held) { try own.interrupt("uart", index: 0, slot: 31, &gate) }
      return
    }
    try own.interrupt("uart", index: 0, slot: 31, &gate)
    #expect(try gate.inspectHandle(31).word.kind == .interrupt)
  }

  @Test("a device that is not granted, absent, or has no such range is refused, and nothing has changed")
  func refusals() throws {
    let system = try running(3)
    var gate = system.client
    let before = Snapshot(system)
    func refused(_ name: Name, _ index: UInt64, _ refusal: MemoryRefusal) {
      #expect(throws: refusal) { _ = try own.lease(name, index: index, slot: 30, page: 0x180, &gate) }
      #expect(throws: refusal.cause == .service(.deviceRange) ? MemoryRefusal(.deviceRange, index, limit: 1) : refusal)
      {
        try own.interrupt(name, index: index, slot: 30, &gate)
      }
    }
    refused("gic", 0, MemoryRefusal(.notGranted, Name("gic").word))
    refused("none", 0, MemoryRefusal(.deviceAbsent, Name("none").word))
    refused("rtc", 1, MemoryRefusal(.deviceRange, 1, limit: 1))
    refused("rtc", .max, MemoryRefusal(.deviceRange, .max, limit: 1))
    #expect(throws: MemoryRefusal(.notPermitted, Name("gic").word)) { try own.attach(&gate) }
    #expect(Snapshot(system) == before)
  }

  @Test("a large device is mapped in blocks where its place allows") func blocks() throws {
    let system = try running(3)
    var gate = system.client
    let session = try gate.inspectHandle(1).value
    let lease = try own.lease("big", index: 0, slot: 30, page: 0x400, &gate)
    #expect(lease.length == 0x60_0000)
    #expect(try own.tableCounts(session: session, &gate).blocks == 3)
  }

  @Test("the interrupt controller goes to the kernel with two tables, at its holder's word alone") func attach() throws
  {
    let system = try running(2)
    var gate = system.client
    _ = try own.lease("gic", index: 0, slot: 30, page: 0x180, &gate)
    try own.attach(&gate)
    #expect(system.machine.kernel.machine.controllerBase != nil)
    #expect(try gate.inspect(.kernel)[1] == 2)
    #expect(throws: MemoryRefusal(.kernel(.busy), 1)) { try own.attach(&gate) }
    // The kernel's two tables are nobody's.
    let session = try gate.inspectHandle(1).value
    #expect(try own.tableCounts(session: session, &gate).level3 == 1)
    #expect(system.frees == UInt64(system.machine.freeFrames()))
  }

  @Test("the shell's view names each device, its holder and its interrupts") func facts() throws {
    let system = try running(2)
    var gate = system.client
    _ = try own.lease("uart", index: 0, slot: 30, page: 0x180, &gate)
    let uart = try own.device(at: 1, &gate)
    #expect(uart.name == "pl011@90" && uart.nameEnd == "00000")
    #expect(uart.holder == "console" && uart.ranges == 1 && uart.interrupts == 1 && uart.length == 0x1000)
    #expect(try own.device(at: 2, &gate).holder == .none)
    let transport = try own.device(at: 5, &gate)
    #expect(transport.name == "virtio_m" && transport.nameEnd == "@a000200")
    #expect(throws: MemoryRefusal(.endOfList, 17)) { _ = try own.device(at: 17, &gate) }
    let session = try gate.inspectHandle(1).value
    let region = try own.region(session: session, at: 30, &gate)
    #expect(region.kind == RegionFacts.Kind.device.rawValue && region.device == "uart" && region.mapped == 1)
  }
}
