public import ABI
public import Interfaces

/// Builds a task by asking the memory server for each step.
public struct ServiceBuilder: TaskBuilder {
  /// The slot of the Task handle.
  private let task: UInt64
  private let memory = Client<MemoryInterface>.own

  /// A builder of the task whose handle is in a slot.
  public init(task: UInt64) { self.task = task }

  /// Maps a segment.
  public mutating func load(
    slot: UInt64, page: UInt64, offset: UInt64, filePages: UInt64, memoryPages: UInt64, rights: Rights.Memory,
    _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) {
    try memory.load(
      slot: slot, page: page, offset: offset, filePages: filePages, memoryPages: memoryPages, rights: rights,
      task: task, &gate)
  }

  /// Makes its stack.
  public mutating func makeStack(
    slot: UInt64, page: UInt64, pages: UInt64, present: UInt64, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) {
    try memory.reserve(slot: slot, page: page, pages: pages, isGuarded: true, task: task, &gate)
    try memory.prefault(slot: slot, page: page + pages - present, pages: present, task: task, &gate)
  }

  /// Starts its first thread.
  public mutating func start(
    entry: UInt64, stack: UInt64, argument: UInt64, priority: UInt64, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) {
    do throws(Refusal) {
      try gate.start(task: task, entry: entry, stack: stack, argument: argument, priority: priority)
    } catch { throw MemoryRefusal(error) }
  }
}
