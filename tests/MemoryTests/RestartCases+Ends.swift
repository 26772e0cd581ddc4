import ABI
import Interfaces
import KernelCore
import MemoryCore
import Runtime
import Testing

private let own = Client<MemoryInterface>.own

// What happened to a task, and who hears of it when the server dies before or after it was told.
extension RestartTests {
  /// init supervises clock, whose first thread waits for ever and whose further threads, in init's slots 31 to 33, were
  /// made; the second of them was started.
  @Sendable static func threadsRun(_ system: TestSystem) throws {
    var gate = system.client
    try own.createNotification(slot: 25, &gate)
    try own.supervise(notification: 25, &gate)
    try own.createNotification(slot: 26, &gate)
    try system.load(3, slot: 20)
    try gate.copy(26, to: 40, task: 20)
    for slot in 31...33 as ClosedRange<UInt64> {
      try own.createThread(slot: slot, task: 20, &gate)
    }
    try gate.start(task: 32, entry: 0x2_0000, stack: 0x9000, argument: 0, priority: 0)
    let (initThread, task) = (system.machine.current, system.running)
    try system.start(slot: 20)
    system.machine.invoke(.wait, Message(handle: 40))
    #expect(system.machine.current == initThread && system.running == task)
  }

  /// Lets the thread run whose handle init has in slot 32, until it waits or stands still, then init again.
  private static func asThread(_ system: TestSystem, _ body: () -> Void) {
    let initThread = system.machine.current
    let handle = system.machine.kernel.handle(system.running + 1280 + 32 * 32).pointee
    let thread = handle.word.object - 384
    system.machine.makeCurrent(thread)
    body()
    system.serve()
    system.machine.makeCurrent(initThread)
  }

  /// A fault of that thread where nothing is; once more where the server died at it.
  @Sendable static func threadFaults(_ system: TestSystem) throws {
    let restarts = system.restarts
    let initThread = system.machine.current
    asThread(system) {
      let thread = system.machine.current
      for _ in 0..<2 {
        system.machine.fault(syndrome: 0x9200_0046, address: 0x5010)
        system.serve()
        if system.restarts == restarts { return }
        // The kernel let it go on.
        if system.machine.kernel.thread(thread).pointee.state == ThreadState.idle { return }
        system.machine.makeCurrent(thread)
      }
    }
    #expect(system.machine.current == initThread)
  }

  /// The supervisor hears of one event, and which; then of none.
  static func isTold(_ system: TestSystem, _ kind: TaskEvent.Kind, _ detail: UInt64, _ instruction: UInt64 = 0) throws {
    var gate = system.client
    let event = try own.nextEvent(&gate)
    #expect(event.kind == kind && event.detail == detail && event.name == "clock")
    #expect(event.instruction == instruction)
    // As it died between two events, it may tell one twice; never another one.
    if let again = try? own.nextEvent(&gate) { #expect(again == event && system.restarts > 0) }
  }

  static let ends: [Case] = [
    Case("a fault of a further thread", threadsRun) { system in
      try threadFaults(system)
      try isTold(system, .faulted, 0x24, 0x2_0000)
    },
    Case(
      "a request after the fault of a further thread",
      { system in
        try threadsRun(system)
        try threadFaults(system)
      }
    ) { system in
      var gate = system.client
      try own.createNotification(slot: 27, &gate)
      try isTold(system, .faulted, 0x24, 0x2_0000)
    },
    Case(
      "exit, of which the supervisor hears",
      { system in
        var gate = system.client
        try own.createNotification(slot: 25, &gate)
        try own.supervise(notification: 25, &gate)
        try clockIsLoaded(system)
      }
    ) { system in
      let initThread = system.machine.current
      try system.start(slot: 20)
      var gate = system.client
      try? own.exit(status: 7, &gate)
      #expect(system.machine.current == initThread)
      try isTold(system, .exited, 7)
    },
    Case("exit by a further thread", threadsRun) { system in
      asThread(system) {
        let (thread, task) = (system.machine.current, system.running)
        // Where the server died before the kernel knew of it, the thread sends it again once it runs: init stands above.
        for _ in 0..<2 where system.machine.kernel.task(task).pointee.hasExited == 0 {
          system.machine.makeCurrent(thread)
          var gate = system.client
          try? own.exit(status: 8, &gate)
        }
      }
      try isTold(system, .exited, 8)
    },
    Case(
      "a request after another task was suspended",
      { system in
        try threadsRun(system)
        var gate = system.client
        try gate.suspend(task: 20)
      }
    ) { system in
      var gate = system.client
      try own.createNotification(slot: 27, &gate)
      #expect(throws: MemoryRefusal(.noEvent)) { _ = try own.nextEvent(&gate) }
    },
  ]
}
