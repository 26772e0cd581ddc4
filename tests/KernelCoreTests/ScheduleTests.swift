import ABI
import KernelCore
import TestSupport
import Testing

@Suite("Scheduling")
struct ScheduleTests {
  private func attach(_ meeting: Meeting) {
    meeting.asMemoryServer {
      let system = meeting.system
      let tables = system.takeFrames(2)
      let message = Message(2, 0x8010, tables, tables + 1, handle: HandOver.Slot.devices)
      #expect(system.must(system.memoryServer, .interrupt, message)[0] == 2)
    }
  }

  /// Lets the timer's interrupt come when it is due, if it is armed at all.
  private func tick(_ system: SimulatedSystem) {
    guard let due = system.kernel.machine.timer else { return }
    system.kernel.machine.now = max(system.kernel.machine.now, due)
    system.kernel.machine.pending.append(27)
    system.interrupt()
  }

  @Test("equals take turns at each yield; a lower thread does not run")
  func yield() {
    let meeting = Meeting(server: 10, first: 10, second: 10)
    let system = meeting.system
    var order: [UInt64] = []
    for _ in 0..<6 {
      order.append(system.current)
      system.invoke(.yield, Message())
    }
    #expect(Set(order.prefix(3)) == [meeting.server.thread, meeting.first.thread, meeting.second.thread])
    #expect(order.prefix(3) == order.suffix(3))
    #expect(system.audit() == [])
  }

  @Test("there is no slice before interrupts are attached, nor for a thread without equals")
  func noSlice() {
    let meeting = Meeting(server: 10, first: 10, second: 5)
    #expect(meeting.system.kernel.machine.timer == nil)
    let alone = Meeting(server: 20, first: 10, second: 5)
    attach(alone)
    alone.system.call(alone.second, .null)
    #expect(alone.system.kernel.machine.timer == nil)
  }

  @Test("equals take turns of 10 ms once interrupts are attached")
  func slices() {
    let meeting = Meeting(server: 10, first: 10, second: 10)
    let system = meeting.system
    attach(meeting)
    var order: [UInt64] = []
    for _ in 0..<6 {
      order.append(system.current)
      #expect(system.kernel.machine.timer == system.kernel.machine.now + 625_000)
      tick(system)
    }
    #expect(Set(order.prefix(3)).count == 3)
    #expect(order.prefix(3) == order.suffix(3))
    #expect(system.audit() == [])
  }

  @Test("a receiver that a call switched to shares the processor with its equals")
  func sliceAfterCall() {
    let meeting = Meeting(server: 5, first: 10, second: 5)
    let system = meeting.system
    meeting.receive()
    attach(meeting)
    meeting.call(meeting.first)
    #expect(system.current == meeting.server.thread)
    #expect(system.kernel.machine.timer != nil)
    tick(system)
    #expect(system.current == meeting.second.thread)
    tick(system)
    #expect(system.current == meeting.server.thread)
    #expect(system.audit() == [])
  }

  @Test("a preempted thread runs again before its equals")
  func preempted() {
    let meeting = Meeting(server: 20, first: 10, second: 10)
    let system = meeting.system
    system.call(meeting.server, .wait, Message(handle: 9))
    system.makeCurrent(meeting.first.thread)
    system.invoke(.signal, Message(handle: 9))
    #expect(system.current == meeting.server.thread)
    system.invoke(.wait, Message(handle: 9))
    #expect(system.current == meeting.first.thread)
    #expect(system.audit() == [])
  }

  enum Wait: CaseIterable { case none, call, reply, receive, notification }

  @Test("a suspended thread does not run, and its wait goes on and may end meanwhile", arguments: Wait.allCases)
  func suspend(wait: Wait) {
    let meeting = Meeting()
    let (system, thread) = (meeting.system, meeting.first)
    switch wait {
    case .none: break
    case .call: meeting.call(thread)
    case .reply:
      meeting.call(thread)
      meeting.receive()
    case .receive: system.call(thread, .receive, Message(handle: 8))
    case .notification: system.call(thread, .wait, Message(handle: 9))
    }
    let before = meeting.state(thread)
    meeting.asMemoryServer {
      for _ in 0..<2 { system.must(system.memoryServer, .thread, Message(1, handle: thread.slot)) }
    }
    #expect(meeting.state(thread) == before)
    switch wait {
    case .none: break
    case .call, .reply:
      if wait == .call { meeting.receive() }
      system.call(meeting.server, .reply)
    case .receive: meeting.call(meeting.second)
    case .notification: system.call(meeting.second, .signal, Message(handle: 9))
    }
    #expect(meeting.state(thread) == ThreadState.ready)
    for _ in 0..<4 {
      #expect(system.current != thread.thread)
      system.invoke(.yield, Message())
    }
    #expect(system.audit() == [])
    meeting.asMemoryServer {
      for _ in 0..<2 { system.must(system.memoryServer, .thread, Message(2, handle: thread.slot)) }
    }
    #expect(system.audit() == [])
    system.makeCurrent(thread.thread)
  }

  @Test("a thread that suspends itself stops there")
  func suspendOneself() {
    let meeting = Meeting()
    meeting.asMemoryServer { meeting.system.give(41, to: meeting.first, 30) }
    #expect(meeting.system.call(meeting.first, .thread, Message(1, handle: 30)).refusal == nil)
    #expect(meeting.system.current != meeting.first.thread)
    #expect(meeting.system.audit() == [])
  }

  @Test(
    "a start checks entry, stack and priority",
    arguments: [
      (0x1002, 0x8000, 1, Refusal(.unaligned, 0x1002, limit: 4)),
      (0x1000, 0x8008, 1, Refusal(.unaligned, 0x8008, limit: 16)),
      (0x1000, 0x8000, 64, Refusal(.outOfRange, 64, limit: 64)),
      (0x1000, 0x8000, .max, Refusal(.outOfRange, .max, limit: 64)),
    ] as [(UInt64, UInt64, UInt64, Refusal)])
  func start(entry: UInt64, stack: UInt64, priority: UInt64, refusal: Refusal) {
    let meeting = Meeting()
    let system = meeting.system
    system.must(meeting.first, .drop, Message(handle: WellKnownSlot.memory))
    system.makeCurrent(meeting.first.thread)
    system.fault(syndrome: 0, address: 0)
    meeting.asMemoryServer {
      let message = Message(0, entry, stack, 7, priority, handle: 41)
      #expect(system.call(system.memoryServer, .thread, message).refusal == refusal)
      #expect(meeting.state(meeting.first) == ThreadState.idle)
      system.must(system.memoryServer, .thread, Message(0, 0x2000, 0x9000, 7, 12, handle: 41))
    }
    let begun = system.kernel.thread(meeting.first.thread).pointee
    let registers = begun.registers
    #expect([registers.instruction, registers.stack, begun[0], registers.status] == [0x2000, 0x9000, 7, 0])
    for index in 1..<11 { #expect(begun[index] == 0) }
    for index in 0..<8 { #expect(registers.scratch[index] == 0) }
    for index in 0..<12 { #expect(registers.kept[index] == 0) }
    #expect(system.audit() == [])
  }

  @Test("FP/SIMD registers pass from owner to owner, and nobody sees another's")
  func floatingPoint() {
    let meeting = Meeting(server: 10, first: 10, second: 10)
    let system = meeting.system
    func use(_ actor: Actor, _ value: UInt64) -> UInt64 {
      system.makeCurrent(actor.thread)
      if !system.kernel.machine.floatingPointIsAllowed {
        system.fault(syndrome: 0x07 << 26, address: 0)
        #expect(system.current == actor.thread)
        #expect(system.kernel.machine.floatingPointIsAllowed == true)
      }
      defer { system.kernel.machine.floatingPoint = [UInt64](repeating: value, count: 66) }
      #expect(Set(system.kernel.machine.floatingPoint).count == 1)
      return system.kernel.machine.floatingPoint[65]
    }
    #expect(use(meeting.first, 11) == 0)
    #expect(use(meeting.second, 22) == 0)
    #expect(use(meeting.first, 12) == 11)
    #expect(use(meeting.first, 13) == 12)
    system.makeCurrent(meeting.second.thread)
    #expect(system.kernel.machine.floatingPointIsAllowed == false)
    system.makeCurrent(meeting.first.thread)
    #expect(system.kernel.machine.floatingPointIsAllowed == true)
    #expect(use(meeting.second, 23) == 22)
    PeerGoneTests.destroy(meeting, meeting.second)
    #expect(system.kernel.machine.floatingPointOwner == 0)
    #expect(use(meeting.server, 33) == 0)
    #expect(use(meeting.first, 14) == 13)
    #expect(system.audit() == [])
  }
}
