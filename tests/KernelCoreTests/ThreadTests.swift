import ABI
import KernelCore
import TestSupport
import Testing

@Suite("Further threads of a task")
struct ThreadTests {
  let system = SimulatedSystem(frames: 4096)
  let task: Actor

  init() {
    task = system.spawn(slot: 40, priority: 10)
    system.spawn(slot: 41, priority: 0)
    system.make(.endpoint, slot: 50)
    system.make(.notification, slot: 51)
    system.give(50, to: task, 8, badge: 7)
    system.give(51, to: task, 9)
    system.give(50, to: task, WellKnownSlot.memory, badge: 64)
  }

  /// What a thread does until it waits, by the state in which it then is.
  private static let waits: [(state: UInt64, operation: Operation, message: Message)] = [
    (ThreadState.calling, .call, Message(1, handle: 8)),
    (ThreadState.receiving, .receive, Message(handle: 8)),
    (ThreadState.waiting, .wait, Message(handle: 9)),
    (ThreadState.ready, .null, Message()),
  ]

  @Test("a thread lives in its task: the same address space, table and account")
  func lives() {
    let used = system.used(task)
    let thread = system.spawnThread(of: task, slot: 20)
    #expect(system.used(task) == used + 1)
    #expect(
      system.kernel.thread(thread.thread).pointee.translation == system.kernel.task(task.task).pointee.translation)
    system.must(thread, .signal, Message(handle: 9))
    #expect(system.must(task, .wait, Message(handle: 9)).handle == 1)
    #expect(system.audit() == [])
  }

  @Test("it starts where it was told, with its own stack and nothing of others in its registers")
  func starts() {
    let thread = system.spawnThread(of: task, slot: 20)
    let begun = system.kernel.thread(thread.thread).pointee
    let registers = begun.registers
    #expect(registers.instruction == 0x2000 && registers.stack == 0x9000)
    for index in 0..<11 { #expect(begun[index] == 0) }
    for index in 0..<8 { #expect(registers.scratch[index] == 0) }
    for index in 0..<12 { #expect(registers.kept[index] == 0) }
  }

  @Test("two threads of one task call each other, by the quick way and by the general one", arguments: [true, false])
  func calls(quick: Bool) {
    let server = system.spawnThread(of: task, slot: 20)
    system.usesQuickPaths = quick
    system.must(system.memoryServer, .wait, Message(handle: 51))
    system.call(server, .receive, Message(handle: 8))
    system.call(task, .call, Message(1, 2, 3, label: 4, handle: 8))
    #expect(system.current == server.thread)
    #expect(system.message(of: server.thread) == Message(1, 2, 3, label: 4, handle: 7))
    system.call(server, .replyReceive, Message(5, label: 6, handle: 8))
    #expect(system.message(of: task.thread) == Message(5, label: 6))
    #expect((system.quickSwitches == 2) == quick)
    #expect(system.audit() == [])
  }

  @Test("three threads fill a frame of objects, beside what else lies there; the next one takes another frame")
  func frames() {
    system.must(system.memoryServer, .create, Message(40, 1, system.takeFrames(), 60, 40, handle: 2))
    let used = system.used(task)
    var taken: [UInt64] = []
    for slot in 20..<24 as Range<UInt64> {
      let spare = system.takeFrames()
      taken.append(system.must(system.memoryServer, .create, Message(40, 11, spare, slot, 40, handle: 2))[0])
    }
    #expect(taken.map { $0 != 0 } == [false, false, false, true])
    #expect(system.used(task) == used + 1)
    // What came free on the older frame is used before a third one is taken.
    for slot in 20..<24 as Range<UInt64> { system.must(task, .drop, Message(handle: slot)) }
    for slot in 20..<26 as Range<UInt64> {
      system.must(system.memoryServer, .create, Message(40, 11, system.takeFrames(), slot, 40, handle: 2))
    }
    #expect(system.used(task) == used + 1)
    #expect(system.audit() == [])
  }

  @Test("a Task handle suspends and resumes all threads, a Thread handle one")
  func suspends() {
    let threads = [20, 21].map { system.spawnThread(of: task, slot: $0) }
    func suspended() -> [Bool] {
      ([task] + threads).map { system.kernel.thread($0.thread).pointee.isSuspended != 0 }
    }
    system.must(system.memoryServer, .thread, Message(1, handle: 40))
    #expect(suspended() == [true, true, true])
    #expect(system.audit() == [])
    system.must(system.memoryServer, .thread, Message(2, handle: 40))
    #expect(suspended() == [false, false, false])
    system.must(task, .thread, Message(1, handle: 21))
    #expect(suspended() == [false, false, true])
    #expect(system.audit() == [])
  }

  @Test("each thread can be asked about by its number, one more is refused")
  func inspected() {
    let threads = [20, 21, 22].map { system.spawnThread(of: task, slot: $0) }
    for (address, thread) in [(0x1234, threads[1]), (0x5678, threads[2])] as [(UInt64, Actor)] {
      system.makeCurrent(thread.thread)
      system.fault(syndrome: 0x9200_0007, address: address)
    }
    let told = (0..<4 as Range<UInt64>).map { number in
      system.must(system.memoryServer, .inspect, Message(Inspection.thread.rawValue, number, handle: 40))[4]
    }
    // The last one made is the first on the list of the further ones.
    #expect(told == [0, 0x5678, 0x1234, 0])
    let refused = system.call(system.memoryServer, .inspect, Message(Inspection.thread.rawValue, 4, handle: 40))
    #expect(refused.refusal == Refusal(.outOfRange, 4, limit: 4))
    system.must(task, .drop, Message(handle: 21))
    #expect(system.must(system.memoryServer, .inspect, Message(8, 2, handle: 40))[4] == 0)
  }

  @Test("a task that exits is suspended, and the kernel keeps its status until it is resumed")
  func exits() {
    let further = system.spawnThread(of: task, slot: 20)
    func told() -> (flags: ThreadFlags, status: UInt64) {
      let words = system.must(system.memoryServer, .inspect, Message(Inspection.thread.rawValue, 1, handle: 40))
      return (ThreadFlags(rawValue: words[1]), words[6])
    }
    // A task that is merely suspended did not exit.
    system.must(system.memoryServer, .thread, Message(ThreadAction.suspend.rawValue, 7, handle: 40))
    #expect(told() == ([.suspended, .started], 0))
    system.must(system.memoryServer, .thread, Message(ThreadAction.exit.rawValue, 7, handle: 40))
    #expect(told() == ([.suspended, .started, .exited], 7))
    system.must(system.memoryServer, .thread, Message(ThreadAction.suspend.rawValue, 8, handle: 40))
    #expect(told().status == 7)
    #expect(system.kernel.thread(further.thread).pointee.isSuspended != 0)
    // None of its threads goes on by itself.
    system.must(system.memoryServer, .create, Message(40, 11, system.takeFrames(), 60, handle: 2))
    for action in [ThreadAction.start, .resume] {
      let message = Message(action.rawValue, 0x2000, 0x9000, 0, 5, handle: 60)
      let refused = system.call(system.memoryServer, .thread, message)
      #expect(refused.refusal == Refusal(.busy, ThreadAction.exit.rawValue))
    }
    system.must(system.memoryServer, .thread, Message(ThreadAction.resume.rawValue, handle: 40))
    system.must(system.memoryServer, .thread, Message(ThreadAction.start.rawValue, 0x2000, 0x9000, 0, 5, handle: 60))
    #expect(told() == ([.started], 0))
    #expect(system.audit() == [])
  }

  @Test("a thread ends with its last handle, whatever it does; its slots hold the next one", arguments: 0..<4)
  func dropped(index: Int) {
    let thread = system.spawnThread(of: task, slot: 20)
    let used = system.used(task)
    let wait = Self.waits[index]
    system.call(thread, wait.operation, wait.message)
    #expect(system.state(thread) == wait.state)
    system.must(task, .copy, Message(0, 21, 7, handle: 20))
    system.must(task, .drop, Message(handle: 20))
    #expect(system.state(thread) == wait.state)
    system.must(task, .drop, Message(handle: 21))
    #expect(system.audit() == [])
    #expect(system.spawnThread(of: task, slot: 20).thread == thread.thread)
    #expect(system.used(task) == used)
  }

  @Test("a thread that drops its own last handle runs no more")
  func dropsItself() {
    let thread = system.spawnThread(of: task, slot: 20)
    system.must(task, .wait, Message(handle: 9))
    system.makeCurrent(thread.thread)
    system.invoke(.drop, Message(handle: 20))
    #expect(system.current != thread.thread)
    #expect(system.kernel.task(task.task).pointee.threads == 0)
    #expect(system.audit() == [])
  }

  @Test("who waits for the reply of a thread that ends is told")
  func owedReply() {
    let server = system.spawnThread(of: task, slot: 20)
    system.call(server, .receive, Message(handle: 8))
    system.call(task, .call, Message(1, handle: 8))
    system.must(system.memoryServer, .destroy, Message(handle: 40))
    #expect(system.kernel.thread(task.thread).pointee.state == ThreadState.idle)
    system.destroy(task)
    #expect(system.audit() == [])
  }

  @Test("with a task all its threads end, wherever their handles are, and every frame comes back", arguments: 0..<4)
  func destroyed(index: Int) {
    let free = system.freeFrames()
    let used = system.used(system.memoryServer)
    let owner = system.spawn(slot: 45, priority: 10)
    system.give(50, to: owner, 8, badge: 9)
    system.give(51, to: owner, 9)
    let wait = Self.waits[index]
    for slot in 20..<26 as Range<UInt64> {
      let thread = system.spawnThread(of: owner, slot: slot)
      system.give(45, to: task, 30)
      system.call(thread, wait.operation, wait.message)
      system.must(task, .drop, Message(handle: 30))
    }
    system.must(system.memoryServer, .copy, Message(40, 31, 7, handle: 45))
    #expect(system.audit() == [])
    system.destroy(owner)
    #expect(system.freeFrames() == free)
    #expect(system.used(system.memoryServer) == used)
    #expect(system.kernel.cpu.ready != 0 || system.current != 0)
    #expect(system.audit() == [])
  }

  @Test("handles of others to a thread of a task that ended are gone")
  func gone() {
    system.must(system.memoryServer, .create, Message(40, 11, system.takeFrames(), 60, handle: 2))
    system.destroy(task)
    #expect(system.handle(system.memoryServer, 60).kind == .gone)
    let refused = system.call(system.memoryServer, .thread, Message(1, handle: 60))
    #expect(refused.refusal?.status == .peerGone)
  }

  @Test("the 64th further thread is refused, and names both numbers")
  func limit() {
    for slot in 70..<133 as Range<UInt64> {
      system.must(system.memoryServer, .create, Message(40, 11, system.takeFrames(), slot, handle: 2))
    }
    let refused = system.call(
      system.memoryServer, .create, Message(40, 11, system.takeFrames(), 133, handle: 2))
    #expect(refused.refusal == Refusal(.busy, 63, limit: 63))
    #expect(system.audit() == [])
  }

  @Test("the fault of a thread goes to its task's pager, whose answer resumes that thread alone")
  func faults() {
    let thread = system.spawnThread(of: task, slot: 20)
    system.call(task, .wait, Message(handle: 9))
    system.makeCurrent(thread.thread)
    system.fault(syndrome: 0x9200_0007, address: 0x1234)
    let message = system.must(system.memoryServer, .receive, Message(handle: 50))
    #expect(message.handle == 64 | Badge.fault && message[FaultMessage.address] == 0x1234)
    system.call(system.memoryServer, .replyReceive, Message(handle: 50))
    #expect(system.state(thread) == ThreadState.ready)
    #expect(system.state(task) == ThreadState.waiting)
  }
}
