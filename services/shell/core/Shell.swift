internal import ABI
public import Interfaces
public import Registers
public import Runtime

/// The shell: reads lines from the console and does what they ask.
public struct Shell<Kernel: Gate & ~Copyable, Ring: RegisterAccess & ~Copyable>: ~Copyable {
  var terminal: Terminal<Kernel>
  var clock: Connection<ClockInterface>
  var log: LogReader<Ring>
  var editor = LineEditor<128, 16>(prompt: "apus> ")
  let memory = Client<MemoryInterface>.own
  let supervisor = Client<InitInterface>.own

  /// A shell on a terminal; `clockSlot` takes the handle to the clock.
  public init(_ terminal: consuming Terminal<Kernel>, clockSlot: UInt64, log: consuming LogReader<Ring>) {
    self.terminal = terminal
    clock = Connection(to: "clock", slot: clockSlot)
    self.log = log
  }
}

extension Shell where Kernel: ~Copyable, Ring: ~Copyable {
  /// Serves the user. Returns when the console is gone for good, with the refusal.
  public mutating func run() -> ConsoleInterfaceRefusal? {
    terminal.write("type 'help' for the commands")
    terminal.newLine()
    editor.show(on: &terminal)
    while true {
      let input = terminal.read()
      if let failure = terminal.failure { return failure }
      for index in 0..<input.count { accept(input[index]) }
    }
  }

  private mutating func accept(_ byte: UInt8) {
    switch editor.accept(byte, echo: &terminal) {
    case .editing: return
    case .interrupted: break
    case .entered(let line): execute(line)
    }
    editor.show(on: &terminal)
  }

  /// Does what a line asks, once its echo is out: what others log meanwhile comes after it.
  mutating func execute(_ line: TextBuffer<128>) {
    terminal.flush()
    do throws(CommandError) {
      guard let command = try Command.parse(line) else { return }
      do throws(ShellRefusal) { try perform(command) } catch { tell(error) }
    } catch {
      error.write(to: &terminal)
      terminal.newLine()
    }
  }

  private mutating func perform(_ command: Command) throws(ShellRefusal) {
    switch command {
    case .help: Command.writeHelp(to: &terminal)
    case .tasks: try showTasks()
    case .memory: try showMemory()
    case .verify: try verifyMemory()
    case .tables: try showTables()
    case .regions(let word): try showRegions(try name(word))
    case .devices: try showDevices()
    case .log: showLog()
    case .time: try showTime()
    case .fault(let kind):
      try ask { (client, gate) throws(InitRefusal) in
        try client.run("faulter", argument: UInt64(kind.rawValue), &gate)
      }
    case .kill(let word):
      let name = try name(word)
      try ask { (client, gate) throws(InitRefusal) in try client.kill(name, &gate) }
    case .revoke(let word, let device):
      let name = try name(word)
      guard let device = Name(device) else { throw .noSuchDevice(device) }
      try ask { (client, gate) throws(InitRefusal) in try client.revoke(name, device: device, &gate) }
    case .poweroff:
      terminal.flush()
      try ask { (client, gate) throws(InitRefusal) in try client.powerOff(&gate) }
    }
  }

  /// Asks the supervisor.
  private mutating func ask(
    _ body: (Client<InitInterface>, inout Kernel) throws(InitRefusal) -> Void
  ) throws(ShellRefusal) {
    do throws(InitRefusal) { try body(supervisor, &terminal.gate) } catch { throw .supervisor(error) }
  }

  private func name(_ word: Word) throws(ShellRefusal) -> Name {
    guard let name = Name(word) else { throw .noSuchTask(word) }
    return name
  }

  private mutating func tell(_ refusal: ShellRefusal) {
    switch refusal {
    case .memory(let refusal): terminal.write(refusal)
    case .supervisor(let refusal): terminal.write(refusal)
    case .clock(let refusal): terminal.write(refusal)
    case .console(let refusal): terminal.write(refusal)
    case .kernel(let refusal): terminal.write(refusal)
    case .noSuchTask(let word):
      terminal.write("no task '")
      terminal.write(word)
      terminal.write("', try 'tasks'")
    case .noSuchDevice(let word):
      terminal.write("no device '")
      terminal.write(word)
      terminal.write("', try 'regions TASK'")
    }
    terminal.newLine()
  }
}

/// Who refused what a command asked for.
enum ShellRefusal: Error {
  case memory(MemoryRefusal)
  case supervisor(InitRefusal)
  case clock(ClockInterfaceRefusal)
  case console(ConsoleInterfaceRefusal)
  case kernel(Refusal)
  case noSuchTask(Word)
  case noSuchDevice(Word)
}

extension Name {
  /// The name that a user typed; nothing where it is longer than names are.
  init?(_ word: Word) {
    guard word.count <= 8 else { return nil }
    var value: UInt64 = 0
    for index in 0..<word.count { value |= UInt64(word[index]) &<< UInt64(8 * index) }
    self.init(word: value)
  }
}
