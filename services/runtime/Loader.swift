public import ABI
public import Interfaces

/// Who maps what a task starts with: `init` by asking the memory server, the memory server itself for `init`.
public protocol TaskBuilder: ~Copyable {
  /// Why it may fail.
  associatedtype Failure: Error
  /// Maps a segment of the bundle: in place where it is not writable, else as private pages, the first
  /// `filePages` with the bundle's content.
  mutating func load(
    slot: UInt64, page: UInt64, offset: UInt64, filePages: UInt64, memoryPages: UInt64, rights: Rights.Memory,
    _ gate: inout some Gate & ~Copyable
  ) throws(Failure)
  /// Makes a stack: zeroed pages that come as it grows, the upper `present` ones at once, a guard page below and above.
  mutating func makeStack(
    slot: UInt64, page: UInt64, pages: UInt64, present: UInt64, _ gate: inout some Gate & ~Copyable
  ) throws(Failure)
  /// Starts the thread.
  mutating func start(
    entry: UInt64, stack: UInt64, argument: UInt64, priority: UInt64, _ gate: inout some Gate & ~Copyable
  ) throws(Failure)
}

/// Maps a bundle's entry into a new task and starts it. The same code starts `init` and everything after it.
public enum Loader {
  /// Slots of a new task's regions: segments from here, then the stack. The task's own slots end before it.
  @inlinable public static var firstRegionSlot: UInt64 { Geometry.taskHandles - 8 }

  /// Pages of a stack that are there before it grows.
  @inlinable public static var presentStackPages: UInt64 { 16 }

  /// The region slot of the stack.
  @inlinable public static func stackSlot(of entry: Bundle.Entry) -> UInt64 {
    firstRegionSlot + UInt64(entry.segmentCount)
  }

  /// Maps the segments and the stack of an entry.
  ///
  /// The upper pages of the stack are there from the start, so that a service of modest needs never waits for the memory
  /// server, nor ends because RAM ran out; an overflow faults in the guard page. A bundle that was checked has no
  /// segment that is writable and executable, and none in the guard page.
  @inlinable public static func load<Builder: TaskBuilder & ~Copyable>(
    _ entry: Bundle.Entry, into task: inout Builder, _ gate: inout some Gate & ~Copyable
  ) throws(Builder.Failure) {
    for index in 0..<entry.segmentCount {
      let segment = entry.segments[index]
      try task.load(
        slot: firstRegionSlot + UInt64(index), page: segment.address >> 12, offset: UInt64(segment.offset),
        filePages: UInt64(segment.filePages), memoryPages: UInt64(segment.memoryPages), rights: segment.rights.memory,
        &gate)
    }
    let pages = UInt64(entry.stackPages)
    try task.makeStack(
      slot: stackSlot(of: entry), page: (entry.stackTop >> 12) - pages, pages: pages,
      present: min(pages, presentStackPages), &gate)
  }

  /// Starts the thread of a task whose entry is loaded; the argument arrives in x0.
  @inlinable public static func start<Builder: TaskBuilder & ~Copyable>(
    _ entry: Bundle.Entry, argument: UInt64, in task: inout Builder, _ gate: inout some Gate & ~Copyable
  ) throws(Builder.Failure) {
    try task.start(
      entry: entry.start, stack: entry.stackTop, argument: argument, priority: UInt64(entry.priority), &gate)
  }
}

extension Bundle.SegmentRights {
  /// The rights of the region that maps a segment.
  @inlinable public var memory: Rights.Memory {
    var rights: Rights.Memory = []
    if contains(.readable) { rights.insert(.read) }
    if contains(.writable) { rights.insert(.write) }
    if contains(.executable) { rights.insert(.execute) }
    return rights
  }
}
