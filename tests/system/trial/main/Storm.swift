internal import ABI
internal import Interfaces
internal import Runtime
internal import ShellCore

/// Starts tasks that do random work, ends them in whatever they are, and counts the frames afterwards. All comes out of a
/// seed, and ends after so many rounds.
struct Storm: ~Copyable {
  private static var tasks: Range<UInt64> { 30..<36 }
  private static var exchange: UInt64 { 20 }
  private static var wrong: UInt64 { 21 }
  private static var ballast: UInt64 { 22 }
  private static var bundle: UInt64 { 23 }
  /// Frames that the tasks have between them, less than their quotas sum up to.
  private static var room: UInt64 { 2600 }

  private var report = Report()
  private var random: Dice
  private let rounds: UInt64
  private let memory = Client<MemoryInterface>.own
  private var states: UInt64 = 0
  private var started: UInt64 = 0
  private var most: UInt64 = 0

  init(rounds: UInt64, seed: UInt64) {
    self.rounds = rounds
    random = Dice(seed)
  }

  consuming func run() -> Never {
    report.line("storm", "begins")
    report.claimAll()
    guard let entry = prepare() else {
      report.line("storm", "NOT PREPARED")
      report.rest()
    }
    let before = counts()
    for slot in Storm.tasks { start(slot, entry) }
    for round in 0..<rounds {
      for _ in 0...random.below(8) { try? report.terminal.gate.yield() }
      let slot = Storm.tasks.lowerBound + random.below(6)
      switch random.below(10) {
      case 0:
        end(slot)
        start(slot, entry)
      case 1: _ = try? memory.setQuota(200 + random.below(1000), task: slot, &report.terminal.gate)
      default: break
      }
      if round & 63 == 0 { most = max(most, before.free - min(before.free, counts().free)) }
    }
    for slot in Storm.tasks { end(slot) }
    tell(before)
    report.line("storm", "ends")
    report.rest()
  }

  /// What the tasks meet at, where they tell of what should not be, the bundle, and memory that leaves them little.
  private mutating func prepare() -> Bundle.Entry? {
    do throws(MemoryRefusal) {
      try memory.createEndpoint(slot: Storm.exchange, &report.terminal.gate)
      try memory.createNotification(slot: Storm.wrong, &report.terminal.gate)
      let bytes = try memory.mapBundle(slot: Storm.bundle, page: TaskLayout.bundle, &report.terminal.gate)
      try memory.allocate(
        slot: Storm.ballast, page: 1 << 20, pages: counts().free - Storm.room, rights: [.read, .write],
        &report.terminal.gate)
      guard let bundle = MappedBundle(byteCount: bytes) else { return nil }
      for index in 0..<bundle.count {
        let entry = bundle.entry(index)
        if entry.name == Name("gale").word { return entry }
      }
    } catch {}
    return nil
  }

  /// Makes, loads and starts a task; where frames are missing it comes to nothing.
  private mutating func start(_ slot: UInt64, _ entry: Bundle.Entry) {
    do throws(MemoryRefusal) {
      _ = try memory.createTask(entry: 7, slot: slot, &report.terminal.gate)
      do throws(MemoryRefusal) {
        var builder = ServiceBuilder(task: slot)
        try Loader.load(entry, into: &builder, &report.terminal.gate)
        do throws(Refusal) {
          try report.terminal.gate.copy(Storm.exchange, to: Gale.exchange, task: slot)
          try report.terminal.gate.copy(Storm.wrong, to: Gale.wrong, task: slot)
        } catch { throw MemoryRefusal(error) }
        try Loader.start(entry, argument: random.next(), in: &builder, &report.terminal.gate)
        started += 1
      } catch { end(slot) }
    } catch {}
  }

  /// Ends a task, if there is one, and notes in what it was.
  private mutating func end(_ slot: UInt64) {
    guard let thread = try? report.terminal.gate.inspect(.thread, handle: slot) else { return }
    states |= 1 &<< thread[0]
    do throws(MemoryRefusal) { try memory.destroyTask(slot, &report.terminal.gate) } catch {
      report.begin("end of a task")
      report.terminal.write(error)
      report.end()
    }
    try? report.terminal.gate.drop(slot)
  }

  private mutating func counts() -> MemoryCounts {
    (try? memory.memoryCounts(&report.terminal.gate)) ?? MemoryCounts()
  }

  private mutating func tell(_ before: MemoryCounts) {
    let after = counts()
    report.line("frames of each kind", after == before ? "as before" : "NOT as before")
    compare("free", before.free, after.free)
    compare("private pages", before.privatePages, after.privatePages)
    compare("tables", before.tables, after.tables)
    compare("objects", before.objects, after.objects)
    compare("held back", before.heldBack, after.heldBack)
    report.verify()
    report.line("used at most", most > Storm.room / 2 ? "most of what there was" : "LITTLE")
    report.line("tasks", started > rounds / 32 ? "started and ended again and again" : "HARDLY STARTED")
    let wrong = (try? report.terminal.gate.inspectHandle(Storm.wrong)) != nil && pollWrong()
    report.line("fresh pages", wrong ? "NOT ZERO" : "zero")
    // Stopped, ready, in a call, waiting for its reply, receiving, waiting.
    report.line("ended in", states.nonzeroBitCount >= 4 ? "four states or more" : "FEW STATES")
  }

  private mutating func compare(_ kind: StaticString, _ before: UInt64, _ after: UInt64) {
    guard before != after else { return }
    report.begin(kind)
    report.terminal.write(decimal: before)
    report.terminal.write(" before, afterwards ")
    report.terminal.write(decimal: after)
    report.end()
  }

  /// Whether a task found what it should not: its signal would be there, and this one comes with it.
  private mutating func pollWrong() -> Bool {
    try? report.terminal.gate.copy(Storm.wrong, to: 24, badge: 2)
    try? report.terminal.gate.signal(24)
    return (try? report.terminal.gate.wait(Storm.wrong)) != 2
  }
}

/// Random numbers that are the same for a seed.
struct Dice {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed | 1 }

  mutating func next() -> UInt64 {
    state ^= state &<< 13
    state ^= state &>> 7
    state ^= state &<< 17
    return state
  }

  mutating func below(_ bound: UInt64) -> UInt64 { (next() >> 11) % bound }
}
