internal import ABI
internal import Faults
internal import Interfaces
internal import Runtime
internal import ShellCore

/// A supervisor of tasks that end about the time at which the memory server dies: before it could tell, or while it is
/// dead. It stands above init, which asks for events too, and above the memory server, to start that anew and let others run
/// before it runs.
struct Mourner: ~Copyable {
  /// The child has done all it does before its end.
  static var ready: UInt64 { 20 }
  /// It may end.
  static var end: UInt64 { 21 }
  private static var bundle: UInt64 { 22 }
  private static var child: UInt64 { 23 }

  private var report = Report()
  private let memory = Client<MemoryInterface>.own
  /// The child's entry of the bundle.
  private var index: UInt64 = 0

  consuming func run() -> Never {
    report.line("mourner", "begins")
    guard let entry = prepare() else {
      report.line("mourner", "NOT PREPARED")
      report.rest()
    }
    // What claims grow stays: the first child is not counted.
    see("exit", .exit, entry)
    let free = report.free()
    see("exit, before the memory server dies", .exit, entry, dies: .after)
    see("exit, while it is dead", .exit, entry, dies: .before)
    see("fault of a further thread", .fault, entry)
    see("fault of a further thread, before it dies", .fault, entry, dies: .after)
    see("fault of a further thread, while it is dead", .fault, entry, dies: .before)
    report.line("frames afterwards", report.free() == free ? "as before" : "NOT as before")
    report.verify()
    report.line("mourner", "ends")
    report.rest()
  }

  private enum Death { case never, before, after }

  private mutating func prepare() -> Bundle.Entry? {
    do throws(MemoryRefusal) {
      try memory.createNotification(slot: Mourner.ready, &report.terminal.gate)
      try memory.createNotification(slot: Mourner.end, &report.terminal.gate)
      let bytes = try memory.mapBundle(slot: Mourner.bundle, page: TaskLayout.bundle, &report.terminal.gate)
      guard let bundle = MappedBundle(byteCount: bytes) else { return nil }
      while index < UInt64(bundle.count) {
        let entry = bundle.entry(Int(index))
        if entry.name == Name("orphan").word { return entry }
        index += 1
      }
    } catch {}
    return nil
  }

  /// A child's life, and what is told of its end. Nothing is printed meanwhile: init would run, and ask before this one.
  private mutating func see(
    _ name: StaticString, _ end: Orphan.End, _ entry: Bundle.Entry, dies: Death = .never
  ) {
    var (event, isBack): (TaskEvent?, Bool) = (nil, false)
    do throws(MemoryRefusal) {
      do throws(Refusal) {
        try start(end, entry)
        _ = try report.terminal.gate.wait(Mourner.ready)
        if dies == .before { try report.terminal.gate.power(.restartMemory, handle: WellKnownSlot.power) }
        try report.terminal.gate.signal(Mourner.end)
        // The child is an equal: what it asks reaches the server before what this one asks.
        try report.terminal.gate.yield()
        if dies == .after {
          _ = report.free()
          try report.terminal.gate.power(.restartMemory, handle: WellKnownSlot.power)
        }
      } catch { throw MemoryRefusal(error) }
      event = try memory.nextEvent(&report.terminal.gate)
      try memory.destroyTask(Mourner.child, &report.terminal.gate)
      isBack = (try? memory.nextEvent(&report.terminal.gate)) == nil
    } catch { report.line("the child", "IS IN NO ORDER") }
    try? report.terminal.gate.drop(Mourner.child)
    report.begin(name)
    show(event)
    report.terminal.write(isBack ? ", once" : ", AND MORE")
    report.end()
  }

  private mutating func start(_ end: Orphan.End, _ entry: Bundle.Entry) throws(Refusal) {
    let child = Mourner.child
    do throws(MemoryRefusal) {
      _ = try memory.createTask(entry: index, slot: child, &report.terminal.gate)
      var builder = ServiceBuilder(task: child)
      try Loader.load(entry, into: &builder, &report.terminal.gate)
      do throws(Refusal) {
        try report.terminal.gate.copy(Mourner.ready, to: Mourner.ready, task: child)
        try report.terminal.gate.copy(Mourner.end, to: Mourner.end, task: child)
      } catch { throw MemoryRefusal(error) }
      try Loader.start(entry, argument: end.rawValue, in: &builder, &report.terminal.gate)
    } catch { report.line("the child", "NOT STARTED") }
  }

  private mutating func show(_ event: TaskEvent?) {
    guard let event, event.name == "orphan" else { return report.terminal.write("NOT TOLD") }
    report.terminal.write(event.kind == .exited ? "exited with " : "faulted, class ")
    report.terminal.write(decimal: event.detail)
    guard event.kind == .faulted else { return }
    report.terminal.write(", at ")
    report.terminal.write(hex: event.address)
  }
}

/// Ends in the way that it is told when it is told.
enum Orphan {
  enum End: UInt64 { case exit, fault }
  private static var thread: UInt64 { 24 }
  private static var stack: UInt64 { 25 }
  private static var never: UInt64 { 26 }
  private static var page: UInt64 { 0x4_0000 }

  static func run(_ argument: UInt64, _ gate: inout SystemGate) -> Never {
    if argument == End.exit.rawValue {
      waitForEnd()
      exit(7)
    }
    do throws(MemoryRefusal) {
      try Client<MemoryInterface>.own.allocate(slot: stack, page: page, pages: 1, rights: [.read, .write], &gate)
      try Client<MemoryInterface>.own.createNotification(slot: never, &gate)
      try FurtherThread.start(slot: thread, stackTop: (page + 1) << 12, priority: 61, argument: 0) { _ in
        Orphan.waitForEnd()
        _ = fault_read(0x7000_0000)
      }
    } catch { fail("thread", error) }
    while true { _ = try? gate.wait(never) }
  }

  private static func waitForEnd() {
    var gate = SystemGate()
    try? gate.signal(Mourner.ready)
    _ = try? gate.wait(Mourner.end)
  }
}
