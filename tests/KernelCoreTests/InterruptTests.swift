import ABI
import KernelCore
import Simulated
import TestSupport
import Testing

/// A driver (slot 8: interrupt 33 without rights but `handle`, slot 9: notification) above an idle thread.
final class Driver {
  let system = SimulatedSystem(frames: 4096)
  let driver: Actor
  let idle: Actor

  init() {
    driver = system.spawn(slot: 40)
    idle = system.spawn(slot: 41, priority: 0)
    system.make(.notification, slot: 50)
    system.make(.notification, slot: 51)
    makeInterrupt()
    system.give(50, to: driver, 9, badge: 0x100)
    system.give(7, to: driver, 10)
    system.give(51, to: driver, 11)
    wait()
  }

  /// The memory server makes the object of INTID 33 and hands it over.
  func makeInterrupt() {
    system.must(system.memoryServer, .create, Message(0, 6, 0, 52, 0, 33, 1, handle: HandOver.Slot.devices))
    system.give(52, to: driver, 8)
  }

  func wait() { system.must(system.memoryServer, .wait, Message(handle: 51)) }

  func wake() { system.kernel.setBits(1, of: system.handle(system.memoryServer, 51).object) }

  /// The interrupt comes while whoever is current runs.
  func arrive(_ number: UInt32 = 33) {
    system.kernel.machine.pending.append(number)
    system.interrupt()
  }

  var isActive: Bool { system.kernel.machine.active.contains(33) }
}

@Suite("Interrupts and time")
struct InterruptTests {
  @Test("an interrupt sets the driver's bits, drops its priority, and comes again only after the acknowledge")
  func deliver() {
    let machine = Driver()
    let system = machine.system
    system.must(machine.driver, .interrupt, Message(0, 9, handle: 8))
    system.call(machine.driver, .wait, Message(handle: 9))
    #expect(system.current == machine.idle.thread)
    system.kernel.machine.records = true
    machine.arrive()
    #expect(system.kernel.machine.events.contains(.dropPriority(33)))
    #expect(!system.kernel.machine.events.contains(.deactivate(33)))
    #expect(system.current == machine.driver.thread)
    #expect(system.message(of: machine.driver.thread).handle == 0x100)
    #expect(machine.isActive)
    let facts = system.must(machine.driver, .inspect, Message(3, handle: 8))
    #expect([facts[0], facts[1], facts[2], facts[3]] == [33, 1, 1, 1])
    system.must(machine.driver, .interrupt, Message(1, handle: 8))
    #expect(!machine.isActive)
    system.kernel.machine.events = []
    system.must(machine.driver, .interrupt, Message(1, handle: 8))
    #expect(system.kernel.machine.events == [], "an acknowledge of what is not active does nothing")
    #expect(system.audit() == [])
  }

  @Test("one call acknowledges and waits again", arguments: [Operation.wait, .receive])
  func acknowledgeAndWait(operation: Operation) {
    let machine = Driver()
    let system = machine.system
    machine.wake()
    system.make(.endpoint, slot: 53)
    system.give(53, to: machine.driver, 12)
    machine.wait()
    system.must(machine.driver, .interrupt, Message(0, 9, handle: 8))
    system.must(machine.driver, .thread, Message(3, 9))
    machine.arrive()
    let slot: UInt64 = operation == .wait ? 9 : 12
    let bits = operation == .wait ? 0x100 : Badge.notification | 0x100
    #expect(system.call(machine.driver, operation, Message(0, handle: slot)).handle == bits)
    #expect(machine.isActive)
    system.call(machine.driver, operation, Message(8, handle: slot))
    #expect(!machine.isActive)
    machine.arrive()
    #expect(system.message(of: machine.driver.thread).handle == bits)
    #expect(system.audit() == [])
  }

  @Test("what came before the interrupt was bound signals when it is")
  func unbound() {
    let machine = Driver()
    let system = machine.system
    machine.arrive()
    #expect(machine.isActive)
    system.must(machine.driver, .interrupt, Message(0, 9, handle: 8))
    #expect(system.call(machine.driver, .wait, Message(handle: 9)).handle == 0x100)
    system.must(machine.driver, .interrupt, Message(1, handle: 8))
    #expect(!machine.isActive)
    #expect(system.audit() == [])
  }

  @Test("an interrupt that nobody holds stays active, and its next owner can acknowledge it")
  func stray() {
    let machine = Driver()
    let system = machine.system
    machine.arrive()
    machine.wake()
    system.must(system.memoryServer, .drop, Message(handle: 52))
    system.destroy(machine.driver)
    #expect(!machine.isActive, "the owner's end deactivates")
    machine.wait()
    machine.arrive()
    #expect(machine.isActive)
    #expect(system.current == machine.idle.thread)
    machine.wake()
    let again = system.spawn(slot: 40)
    system.must(system.memoryServer, .create, Message(0, 6, 0, 52, 0, 33, 1, handle: HandOver.Slot.devices))
    system.give(52, to: again, 8)
    system.give(50, to: again, 9)
    machine.wait()
    system.must(again, .interrupt, Message(0, 9, handle: 8))
    #expect(system.call(again, .wait, Message(handle: 9)).handle == 1)
    system.must(again, .interrupt, Message(1, handle: 8))
    #expect(!machine.isActive)
    #expect(system.audit() == [])
  }

  @Test(
    "bound anew an interrupt signals the new notification alone; three sources leave in any order",
    arguments: [[8, 10, 12], [12, 10, 8], [10, 8, 12]] as [[UInt64]])
  func rebind(order: [UInt64]) {
    let machine = Driver()
    let system = machine.system
    machine.wake()
    system.must(system.memoryServer, .create, Message(0, 6, 0, 54, 0, 34, 1, handle: HandOver.Slot.devices))
    system.give(54, to: machine.driver, 12)
    system.make(.notification, slot: 55)
    system.give(55, to: machine.driver, 13, badge: 0x200)
    machine.wait()
    for source in [8, 10, 12] as [UInt64] { system.must(machine.driver, .interrupt, Message(0, 9, handle: source)) }
    for source in order { system.must(machine.driver, .interrupt, Message(0, 13, handle: source)) }
    machine.arrive(33)
    machine.arrive(34)
    #expect(system.call(machine.driver, .wait, Message(handle: 13)).handle == 0x200)
    #expect(system.kernel.notification(system.handle(machine.driver, 9).object).pointee.bits == 0)
    #expect(system.kernel.notification(system.handle(machine.driver, 9).object).pointee.sources == 0)
    // The notification ends; what it was bound to is unbound.
    machine.wake()
    system.must(system.memoryServer, .revoke, Message(handle: 55))
    system.must(system.memoryServer, .drop, Message(handle: 55))
    machine.wait()
    system.must(machine.driver, .interrupt, Message(1, handle: 8))
    machine.arrive(33)
    #expect(system.audit() == [])
  }

  @Test("the deadline signals once when it is due; a later one replaces it, 0 takes it back")
  func deadline() {
    let machine = Driver()
    let system = machine.system
    system.must(machine.driver, .interrupt, Message(0, 9, handle: 10))
    system.must(machine.driver, .deadline, Message(1000, handle: 10))
    #expect(system.kernel.machine.timer == 1000)
    system.must(machine.driver, .deadline, Message(2000, handle: 10))
    system.kernel.machine.now = 1500
    machine.arrive(27)
    #expect(system.kernel.notification(system.handle(machine.driver, 9).object).pointee.bits == 0)
    #expect(system.kernel.machine.timer == 2000)
    system.call(machine.driver, .wait, Message(handle: 9))
    // The machine sleeps until the deadline where nobody else is ready.
    system.kernel.machine.now = 2000
    machine.arrive(27)
    #expect(system.current == machine.driver.thread)
    #expect(system.message(of: machine.driver.thread).handle == 0x100)
    #expect(system.kernel.machine.timer == nil)
    #expect(!system.kernel.machine.active.contains(27), "the timer's interrupt is the kernel's to deactivate")
    system.must(machine.driver, .deadline, Message(3000, handle: 10))
    system.must(machine.driver, .deadline, Message(0, handle: 10))
    #expect(system.kernel.machine.timer == nil)
    #expect(system.audit() == [])
  }

  @Test("a spurious number is nothing", arguments: [1020, 1022, 1023] as [UInt32])
  func spurious(number: UInt32) {
    let machine = Driver()
    let before = machine.system.digest()
    machine.system.kernel.machine.spurious = number
    machine.system.interrupt()
    #expect(machine.system.digest() == before)
  }
}
