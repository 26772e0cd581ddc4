import ABI
import Interfaces
import KernelCore
import Simulated
import TestSupport
import Testing

@testable import MemoryCore

/// All that a refused request must leave as it was: the ledger, each task's account, tables and handles, who holds which
/// device, and the server's index, which is the ledger's.
struct Books: Equatable, CustomStringConvertible {
  var ledger: [UInt64: UInt64] = [:]
  var tasks: [UInt64: [UInt64]] = [:]
  var handles: [String: [UInt64]] = [:]
  var holders: [UInt64] = []
  var free: UInt64 = 0
  var reserve = 0

  init(_ system: TestSystem) throws {
    let kernel = system.machine
    for used in kernel.usedFrames { ledger[used.frame] = used.word.raw }
    for task in system.tasks {
      let words = kernel.kernel.task(task).pointee
      tasks[task] = [
        words.quota, words.used, words.children, words.given, words.tables, words.mappedPages, words.threadCount,
        words.destroyPhase,
      ]
      for slot in 1..<words.slots {
        let found = kernel.kernel.handle(task + 1280 + slot * 32).pointee
        guard found.word != .empty else { continue }
        // Of a home also how much of it may be shown.
        let shown = found.isHome ? kernel.kernel.memoryObject(found.word.object).pointee.frames : 0
        handles["\(task):\(slot)"] = [found.word.raw, found.value, found.mapped, found.offset, shown]
      }
    }
    for place in 0..<HoldingList.capacity where system.server.holdings[place].kind != .none {
      holders += [system.server.holdings[place].session, system.server.holdings[place].first]
    }
    free = system.server.freeFrames
    reserve = system.server.reserve.count
    #expect(kernel.audit() == [])
    try #expect(system.verify().differing == 0)
  }

  /// Totals; what differs is named by `differences`.
  var description: String { "\(ledger.count) frames used, \(handles.count) handles, \(free) free" }

  /// What is not as in other books.
  func differences(_ before: Books) -> [String] {
    var found: [String] = []
    for (frame, word) in ledger where before.ledger[frame] != word { found.append("frame \(frame): \(word)") }
    for (frame, _) in before.ledger where ledger[frame] == nil { found.append("frame \(frame) is free") }
    for (task, words) in tasks where before.tasks[task] != words {
      found.append("task \(task): \(words), not \(before.tasks[task] ?? [])")
    }
    for (slot, words) in handles where before.handles[slot] != words { found.append("slot \(slot): \(words)") }
    for (slot, _) in before.handles where handles[slot] == nil { found.append("slot \(slot) is empty") }
    if holders != before.holders { found.append("devices held: \(holders), not \(before.holders)") }
    if (free, reserve) != (before.free, before.reserve) {
      found.append("free \(free), reserve \(reserve), not \(before.free), \(before.reserve)")
    }
    return found
  }
}

extension TestSystem {
  /// All tasks: the server, and those whose handles it has.
  var tasks: [UInt64] {
    let slots = machine.kernel.task(machine.server).pointee.slots
    let made = (UInt64(1)..<slots).map { machine.kernel.handle(machine.server + 1280 + $0 * 32).pointee.word }
    return Set(made.filter { $0.kind == .task }.map(\.object) + [machine.server]).sorted()
  }

  /// The task behind a handle in a slot of the one that runs.
  func task(inSlot slot: UInt64) -> UInt64 {
    machine.kernel.handle(running + 1280 + slot * 32).pointee.word.object
  }

  /// Makes RAM so small that exactly `count` free frames are left, the last ones.
  func leave(frames count: UInt64) {
    let end = machine.kernel.ram.used.end
    for frame in machine.firstFrame..<end where !server.reserve.holds(frame) {
      let isFree = machine.kernel.ledger(frame).pointee.isFree
      let index = server.ram.place(of: frame)!
      if isFree, frame < end - count {
        _ = server.index.take(FrameRun(first: index, count: 1))
        machine.kernel.ledger(frame).pointee = .fixed
      } else if frame >= end - count, machine.kernel.ledger(frame).pointee.kind == .fixed {
        machine.kernel.ledger(frame).pointee = .free
        server.index.free(FrameRun(first: index, count: 1))
      }
    }
  }

  /// Changes a task's quota so that its account has exactly `count` frames left.
  func leave(quota count: UInt64, of task: UInt64) {
    let words = machine.kernel.task(task).pointee
    let quota = words.used + count
    machine.kernel.task(task).pointee.quota = quota
    guard words.parent != 0 else { return }
    machine.kernel.task(words.parent).pointee.used += quota
    machine.kernel.task(words.parent).pointee.used -= words.quota
    machine.kernel.task(words.parent).pointee.given += quota
    machine.kernel.task(words.parent).pointee.given -= words.quota
  }
}
