import ABI
import Interfaces
import KernelCore
import Machine
import MemoryCore
import TestSupport
import Testing

private let own = Client<MemoryInterface>.own
private let missing: UInt64 = 0x9200_0007

/// Init, and a task of its own that shows what init shares, each made to run when it is its turn.
final class Sharers {
  let system: TestSystem
  let initThread: UInt64
  let childThread: UInt64
  var gate: ClientGate { system.client }
  /// Where init's child lies in init's table; where a passed Memory lies in the child's.
  static let child: UInt64 = 20
  static let name: UInt64 = 40

  init() throws {
    system = try TestSystem()
    initThread = system.machine.current
    try system.load(3, slot: Self.child)
    try system.start(slot: Self.child)
    childThread = system.machine.current
    asInit()
  }

  /// The child is the more urgent of the two: it is off the processor while init acts.
  func asInit() {
    system.machine.makeCurrent(initThread)
    var gate = self.gate
    try? gate.suspend(task: Self.child)
  }

  func asChild() {
    guard system.machine.current == initThread else { return }
    var gate = self.gate
    try? gate.resume(task: Self.child)
    #expect(system.machine.current == childThread)
  }
  func task(_ thread: UInt64) -> UInt64 { system.machine.kernel.thread(thread).pointee.task }
  func used(_ thread: UInt64) -> UInt64 { system.machine.kernel.task(task(thread)).pointee.used }

  /// Init reserves or allocates pages, shares them and gives the child the name.
  func share(pages: UInt64 = 8, lazily: Bool = false, rights: Rights.Memory = [.read, .write]) throws {
    asInit()
    var gate = self.gate
    if lazily {
      try own.reserve(slot: 30, page: 0x5000, pages: pages, &gate)
    } else {
      try own.allocate(slot: 30, page: 0x5000, pages: pages, rights: [.read, .write], &gate)
    }
    #expect(try own.share(slot: 30, to: 31, &gate) == pages)
    try gate.copy(31, to: Self.name, task: Self.child, rights: rights.rawValue)
  }

  /// The address behind a page of a task; nil where nothing is mapped.
  func frame(_ thread: UInt64, _ page: UInt64) -> UInt64? {
    Window(system.machine, task: task(thread)).find(page << 12)
  }

  /// The child touches a page; whether it went on.
  func touch(_ page: UInt64, _ syndrome: UInt64 = missing) -> Bool {
    asChild()
    system.machine.fault(syndrome: syndrome, address: page << 12)
    system.serve()
    return system.machine.kernel.thread(childThread).pointee.state == ThreadState.ready
  }

  func check(_ location: SourceLocation = #_sourceLocation) {
    #expect(system.machine.audit() == [], sourceLocation: location)
    #expect(system.frees == UInt64(system.machine.freeFrames()), sourceLocation: location)
  }
}
