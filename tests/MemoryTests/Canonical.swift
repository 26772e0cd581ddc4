import ABI
import KernelCore
import Machine
import TestSupport

/// All that the kernel holds about tasks, and the server about devices, but for which frames they are.
struct Canonical: Equatable, CustomStringConvertible {
  var lines: [String] = []
  var description: String { lines.joined(separator: "\n") }

  init(_ system: TestSystem) {
    let kernel = system.machine
    var kinds: [FrameKind: Int] = [.free: kernel.freeFrames()]
    var tasks: [UInt64] = []
    for used in kernel.usedFrames {
      kinds[used.word.kind, default: 0] += 1
      if used.word.kind == .objects, used.word.task == used.frame { tasks.append(DirectMap.address(used.frame)) }
    }
    lines = kinds.map { "\($0.key) \($0.value)" }.sorted()
    lines.append("server \(system.frees)")
    for task in tasks.sorted(by: { kernel.kernel.task($0).pointee.name < kernel.kernel.task($1).pointee.name }) {
      let words = kernel.kernel.task(task).pointee
      let t = kernel.kernel.thread(task + 256).pointee
      lines.append(
        "task \(words.name) \(words.quota) \(words.used) \(words.tables) \(words.mappedPages) \(words.children)"
          + " thread \(t.state) \(t.isSuspended)")
      for slot in 1..<words.slots {
        let handle = kernel.kernel.handle(task + 1280 + slot * 32).pointee
        guard handle.word != .empty else { continue }
        // Of a home also how much of it may be shown.
        let shown = handle.isHome ? kernel.kernel.memoryObject(handle.word.object).pointee.frames : 0
        lines.append("  \(slot): \(handle.word.kind) \(handle.word.rights) \(handle.value) \(handle.mapped) \(shown)")
      }
    }
    lines.append("interrupts \(kernel.kernel.machine.controllerBase != nil)")
  }

  /// What the other has and this one has not, and the other way round.
  func difference(from other: Canonical) -> [String] {
    lines.difference(from: other.lines).map { "\($0)" }
  }
}
