public import ABI
public import Interfaces
public import Runtime

extension MemoryServer: TaskBuilder {
  /// Takes over what boot, or the server before it, left, starts init with the loader by which init starts the others,
  /// and serves for ever; ends only with a refusal.
  public mutating func run(_ start: ServerStart, _ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) -> Never {
    try takeOver(start, &gate)
    try startInit(&gate)
    do throws(Refusal) { try serve(on: endpoint, &gate) } catch { throw MemoryRefusal(error) }
  }

  /// Init's entry in the bundle.
  static var firstEntry: Int { 1 }

  /// Makes, loads and starts init, or goes on where the server before this one was interrupted.
  public mutating func startInit(_ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) {
    let entry = try entry(Self.firstEntry)
    if let place = sessions.place(ofEntry: Self.firstEntry) {
      do throws(Refusal) {
        let flags = ThreadFlags(rawValue: try gate.inspect(.thread, handle: sessions[place].number)[1])
        if flags.contains(.started) { return }
        try equip(place, &gate)
      } catch {
        throw MemoryRefusal(error)
      }
      loaded = Target(sessions[place])
    } else {
      loaded = Target(sessions[try makeTask(entry, Self.firstEntry, &gate)])
    }
    try Loader.load(entry, into: &self, &gate)
    try Loader.start(entry, argument: 0, in: &self, &gate)
  }

  /// Maps a segment of init.
  public mutating func load(
    slot: UInt64, page: UInt64, offset: UInt64, filePages: UInt64, memoryPages: UInt64, rights: Rights.Memory,
    _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) {
    let segment = LoadedSegment(
      slot: slot, page: page, offset: offset, filePages: filePages, memoryPages: memoryPages, rights: rights.rawValue)
    var budget = Int.max
    try load(segment, into: loaded, &budget, &gate)
  }

  /// Makes init's stack.
  public mutating func makeStack(
    slot: UInt64, page: UInt64, pages: UInt64, present: UInt64, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) {
    let wanted = Reservation(slot: slot, page: page, pages: pages, rights: 3, fit: 0, isGuarded: true)
    _ = try reserve(wanted, loaded, &gate)
    var next = page + pages - present
    while next < page + pages { next += try prefault(slot, next, page + pages - next, loaded, &gate)[0] }
  }

  /// Starts init.
  public mutating func start(
    entry: UInt64, stack: UInt64, argument: UInt64, priority: UInt64, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) {
    do throws(Refusal) {
      try gate.start(task: loaded.number, entry: entry, stack: stack, argument: argument, priority: priority)
    } catch {
      throw MemoryRefusal(error)
    }
  }
}
