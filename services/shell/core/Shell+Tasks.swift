internal import ABI
internal import Interfaces
internal import Registers
internal import Runtime

// `tasks`, `regions TASK`.
extension Shell where Kernel: ~Copyable, Ring: ~Copyable {
  /// Calls `body` with each task that the memory server knows.
  mutating func forEachTask(
    _ body: (inout Self, TaskFacts) throws(ShellRefusal) -> Void
  ) throws(ShellRefusal) {
    var session: UInt64 = 0
    while let facts = try nextTask(at: session) {
      try body(&self, facts)
      session = facts.session + 1
    }
  }

  private mutating func nextTask(at session: UInt64) throws(ShellRefusal) -> TaskFacts? {
    do throws(MemoryRefusal) { return try memory.task(at: session, &terminal.gate) } catch {
      if error.cause == .service(.endOfList) { return nil }
      throw .memory(error)
    }
  }

  /// What the supervisor knows of a task by its name.
  private mutating func service(_ name: Name) -> ServiceFacts? {
    var index: UInt64 = 0
    while let facts = nextService(at: index) {
      if facts.name == name { return facts }
      index = facts.index + 1
    }
    return nil
  }

  private mutating func nextService(at index: UInt64) -> ServiceFacts? {
    do throws(InitRefusal) { return try supervisor.task(at: index, &terminal.gate) } catch { return nil }
  }

  mutating func showTasks() throws(ShellRefusal) {
    terminal.write("task     state      priority  restarts    frames     given     quota    faults")
    terminal.newLine()
    try forEachTask { (shell, task) throws(ShellRefusal) in
      let restarts = task.isServer ? task.restarts : shell.service(task.name)?.restarts ?? 0
      shell.terminal.write(name: task.name, width: 9)
      shell.terminal.write(Self.stateName(task.state), width: 9)
      shell.terminal.write(decimal: task.priority, width: 10)
      shell.terminal.write(decimal: restarts, width: 10)
      shell.terminal.write(decimal: task.own, width: 10)
      shell.terminal.write(decimal: task.given, width: 10)
      shell.terminal.write(decimal: task.quota, width: 10)
      shell.terminal.write(decimal: task.faults, width: 10)
      shell.terminal.newLine()
    }
    showEnded()
  }

  /// Those that the supervisor looks after and that do not run.
  private mutating func showEnded() {
    var index: UInt64 = 2
    while let facts = nextService(at: index) {
      index = facts.index + 1
      guard facts.state != .running else { continue }
      terminal.write(name: facts.name, width: 9)
      terminal.write(facts.state.text, width: 19)
      terminal.write(decimal: facts.restarts, width: 10)
      terminal.newLine()
    }
  }

  /// The kernel's `ThreadState` in words.
  private static func stateName(_ state: UInt64) -> StaticString {
    switch state {
    case 0: "stopped"
    case 1: "ready"
    case 2: "calling"
    case 3: "called"
    case 4: "receives"
    case 5: "waits"
    default: "unknown"
    }
  }

  mutating func showRegions(_ name: Name) throws(ShellRefusal) {
    var found: UInt64?
    try forEachTask { (_, task) throws(ShellRefusal) in if task.name == name { found = task.session } }
    guard let session = found else { throw .memory(MemoryRefusal(.noSuchTask, name.word)) }
    terminal.write("slot  address              pages    mapped  rights  what")
    terminal.newLine()
    var slot: UInt64 = 0
    while let region = try nextRegion(session, at: slot) {
      show(region)
      slot = region.slot + 1
    }
  }

  private mutating func nextRegion(_ session: UInt64, at slot: UInt64) throws(ShellRefusal) -> RegionFacts? {
    do throws(MemoryRefusal) { return try memory.region(session: session, at: slot, &terminal.gate) } catch {
      if error.cause == .service(.endOfList) { return nil }
      throw .memory(error)
    }
  }

  private mutating func show(_ region: RegionFacts) {
    let rights = Rights.Memory(rawValue: region.rights)
    terminal.write(decimal: region.slot, width: 4)
    terminal.write("  ")
    terminal.write(hex: region.page << 12, digits: 12)
    terminal.write(decimal: region.pages, width: 9)
    terminal.write(decimal: region.mapped, width: 10)
    terminal.write("  ")
    terminal.write(rights.contains(.read) ? "r" : "-", width: 1)
    terminal.write(rights.contains(.write) ? "w" : "-", width: 1)
    terminal.write(rights.contains(.execute) ? "x" : "-", width: 1)
    terminal.write("     ")
    switch RegionFacts.Kind(rawValue: region.kind) {
    case .privatePages: terminal.write(region.flags.text)
    case .image: terminal.write("image")
    case .shared: terminal.write("shared")
    case .device, nil:
      terminal.write("device ")
      terminal.write(name: region.device)
    }
    terminal.newLine()
  }
}

extension RegionFlags {
  /// How private pages come.
  var text: StaticString {
    if isDMA { return "private, for a device" }
    guard isLazy else { return isGuarded ? "private, guarded" : "private" }
    if isGuarded { return "stack, on demand" }
    switch fit {
    case .page: return "on demand"
    case .run: return "on demand, 64 KiB at once"
    case .block: return "on demand, 2 MiB at once"
    }
  }
}

extension ServiceFacts.State {
  /// The state in a word.
  var text: StaticString {
    switch self {
    case .idle: "idle"
    case .running: "running"
    case .waiting: "restarts"
    case .ended: "ended"
    }
  }
}
