public import Interfaces

/// What a line asks for, checked and complete.
public enum Command: Sendable {
  case help, tasks, memory, tables, devices, log, time, poweroff
  /// Compare the memory server's index with the ledger.
  case verify
  /// What is mapped in the task of this name.
  case regions(Word)
  /// Run a task that faults in this way.
  case fault(FaultKind)
  /// End the task of this name.
  case kill(Word)
  /// Take the device of the second name from the task of the first.
  case revoke(Word, device: Word)

  /// The command of `line`, or nothing for an empty one.
  public static func parse<let width: Int>(_ line: TextBuffer<width>) throws(CommandError) -> Command? {
    var words = Words(line)
    guard let name = try words.next() else { return nil }
    guard let verb = Verb(name) else { throw .unknownCommand(name) }
    let argument = try words.next()
    let further = verb.row.argument == .lease ? try words.next() : nil
    let command = try command(verb, argument: argument, further)
    if let surplus = try words.next() { throw .unexpected(surplus, after: verb) }
    return command
  }

  private static func command(_ verb: Verb, argument: Word?, _ further: Word?) throws(CommandError) -> Command {
    switch verb.row.argument {
    case .lease:
      guard let argument, let further else { throw .missing(verb) }
      return .revoke(argument, device: further)
    case .none:
      if let argument { throw .unexpected(argument, after: verb) }
    case .verify:
      if let argument { return try command(verb, taking: argument) }
    case .task, .fault:
      guard let argument else { throw .missing(verb) }
      return try command(verb, taking: argument)
    }
    return switch verb {
    case .help: .help
    case .tasks: .tasks
    case .memory: .memory
    case .tables: .tables
    case .devices: .devices
    case .log: .log
    case .time: .time
    case .poweroff: .poweroff
    case .regions, .fault, .kill, .revoke: throw .missing(verb)
    }
  }

  private static func command(_ verb: Verb, taking argument: Word) throws(CommandError) -> Command {
    switch verb {
    case .regions: return .regions(argument)
    case .kill: return .kill(argument)
    case .memory where argument.equals("verify"): return .verify
    case .fault:
      guard let kind = FaultKind(argument) else { throw .unknownFault(argument) }
      return .fault(kind)
    default: throw .unexpected(argument, after: verb)
    }
  }

  /// Writes the table of commands.
  public static func writeHelp<Sink: TextSink & ~Copyable>(to sink: inout Sink) {
    var index: UInt8 = 0
    while let verb = Verb(rawValue: index) {
      let row = verb.row
      sink.write("  ")
      sink.write(row.name, width: 9)
      sink.write(row.argument.text, width: 34)
      sink.write(row.help)
      sink.newLine()
      index += 1
    }
  }
}
