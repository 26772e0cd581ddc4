public import ABI
public import Interfaces
public import Runtime

extension MemoryServer: TaskBuilder {
  /// Takes over what boot left, starts init with the loader by which init starts the others, and serves for
  /// ever; ends only with a refusal.
  public mutating func run(_ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) -> Never {
    try takeOver(&gate)
    try startInit(&gate)
    do throws(Refusal) { try serve(on: endpoint, &gate) } catch { throw MemoryRefusal(error) }
  }

  /// Makes, loads and starts init: entry 1 of the bundle.
  public mutating func startInit(_ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) {
    let entry = try entry(1)
    loaded = Target(sessions[try makeTask(entry, 1, &gate)])
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
