import ABI
import Interfaces
import KernelCore
import Machine
import MemoryCore
import TestSupport
import Testing

/// The memory server with a running client that touches its memory.
final class LazySystem {
  let system: TestSystem
  /// Physical address of the task and of its thread.
  let task: UInt64
  let thread: UInt64
  /// The slot of the task in init's table.
  static let slot: UInt64 = 20

  /// An abort's ESR_EL1: a translation fault of level 3, a permission fault of level 3. Arm ARM D17.2.37.
  enum Touch: UInt64 {
    case read = 0x9200_0007
    case write = 0x9200_0047
    case execute = 0x8200_0007
    case forbiddenWrite = 0x9200_004f
    case maintenance = 0x9200_0147
  }

  init(frames: UInt64 = Geometry.sectionFrames, quota: UInt32 = 2000) throws {
    var services = TestSystem.services
    services[1].quota = 100 + quota
    services[3].quota = quota
    system = try TestSystem(frames: frames, services: services)
    try system.load(3, slot: Self.slot)
    try system.start(slot: Self.slot)
    thread = system.machine.current
    task = system.running
  }

  /// Touches an address as the task; whether it went on. One that was stopped touches nothing.
  func touch(_ address: UInt64, _ kind: Touch = .write) -> Bool {
    guard system.machine.current == thread else { return false }
    system.machine.fault(syndrome: kind.rawValue, address: address)
    system.serve()
    return system.machine.current == thread
  }

  /// Touches a page; whether the task went on.
  func touchPage(_ page: UInt64) -> Bool { touch(page << 12) }

  /// A page's first word; nil where nothing is mapped.
  subscript(_ page: UInt64) -> UInt64? {
    get {
      let window = Window(system.machine, task: task)
      return window.find(page << 12) == nil ? nil : window.load(page << 12, as: UInt64.self)
    }
    set {
      let physical = Window(system.machine, task: task).translate(page << 12)
      system.machine.kernel.machine.memory(DirectMap.base | physical, as: UInt64.self).pointee = newValue ?? 0
    }
  }

  /// Which of these pages are mapped.
  func mapped(_ pages: Range<UInt64>) -> [UInt64] {
    let window = Window(system.machine, task: task)
    return pages.filter { window.find($0 << 12) != nil }
  }

  var words: KernelCore.Task { system.machine.kernel.task(task).pointee }
  var left: UInt64 { words.quota - words.used }
  var log: [String] { system.meddling.log.lines }

  /// The kernel's books hold, and the server believes what they say.
  func check(_ location: SourceLocation = #_sourceLocation) {
    #expect(system.machine.audit() == [], sourceLocation: location)
    #expect(system.frees == UInt64(system.machine.freeFrames()), sourceLocation: location)
  }
}
