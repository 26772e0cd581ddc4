import Interfaces

/// The shell's commands by name, each with what it takes and its line of help.
public enum Verb: UInt8, Sendable {
  case help, tasks, memory, tables, regions, devices, log, time, fault, kill, revoke, poweroff

  /// What a command takes.
  public enum Argument: Sendable {
    /// Nothing.
    case none
    /// The name of a task.
    case task
    /// A kind of fault.
    case fault
    /// The name of a task, and the name under which it holds a device.
    case lease
    /// `verify`, or nothing.
    case verify

    /// As help shows it.
    public var text: StaticString {
      switch self {
      case .none: ""
      case .task: "TASK"
      case .lease: "TASK DEVICE"
      case .fault: "read|write|execute|kernel|device"
      case .verify: "[verify]"
      }
    }
  }

  /// One row of the table of commands.
  public struct Row: Sendable {
    /// What the user types.
    public let name: StaticString
    /// What has to follow.
    public let argument: Argument
    /// What it does, for `help`.
    public let help: StaticString

    init(_ name: StaticString, _ argument: Argument, _ help: StaticString) {
      self.name = name
      self.argument = argument
      self.help = help
    }
  }

  /// The table of commands.
  public var row: Row {
    switch self {
    case .help: Row("help", .none, "this list")
    case .tasks: Row("tasks", .none, "tasks, their state, priority and account")
    case .memory: Row("memory", .verify, "frames by kind and owner; verify: index against ledger")
    case .tables: Row("tables", .none, "translation tables of each task, and what they map")
    case .regions: Row("regions", .task, "what is mapped in a task")
    case .devices: Row("devices", .none, "leases, their holders, interrupt counts")
    case .log: Row("log", .none, "the kernel's log")
    case .time: Row("time", .none, "date and time of day, UTC")
    case .fault: Row("fault", .fault, "run a task that faults in this way")
    case .kill: Row("kill", .task, "end a task; init starts it anew")
    case .revoke: Row("revoke", .lease, "take a device from a task: its next touch is a fault")
    case .poweroff: Row("poweroff", .none, "switch the machine off")
    }
  }

  /// The command that the user calls `word`.
  init?(_ word: Word) {
    var index: UInt8 = 0
    while let verb = Verb(rawValue: index) {
      if word.equals(verb.row.name) {
        self = verb
        return
      }
      index += 1
    }
    return nil
  }
}

/// The faults that a task can be made to commit.
public enum FaultKind: UInt8, Sendable {
  /// Reading an address that nothing is mapped at.
  case read
  /// Writing to code.
  case write
  /// Executing data.
  case execute
  /// Reading the kernel's half.
  case kernel
  /// Reading a device that is another's.
  case device

  /// What the user types.
  public var name: StaticString {
    switch self {
    case .read: "read"
    case .write: "write"
    case .execute: "execute"
    case .kernel: "kernel"
    case .device: "device"
    }
  }

  /// The fault that the user calls `word`.
  init?(_ word: Word) {
    var index: UInt8 = 0
    while let kind = FaultKind(rawValue: index) {
      if word.equals(kind.name) {
        self = kind
        return
      }
      index += 1
    }
    return nil
  }
}
