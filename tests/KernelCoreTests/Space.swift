import ABI
import KernelCore
import Simulated
import TestSupport

/// A task with an empty address space, to be changed by the memory server; regions go to slots from 20 on.
final class Space {
  let system: SimulatedSystem
  let task: Actor
  var nextSlot: UInt64 = 20

  init(frames: UInt64 = 4096, quota: UInt64 = 1200) {
    system = SimulatedSystem(frames: frames)
    task = system.spawn(slot: 40, quota: quota)
    // A root has been walked before something is mapped in it.
    system.makeCurrent(task.thread)
    system.makeCurrent(system.memoryServer.thread)
  }

  var root: UInt64 { system.kernel.task(task.task).pointee.translation >> 12 & 0x7ff_ffff }
  var identifier: UInt64 { system.kernel.task(task.task).pointee.translation >> 48 }

  /// A region of private pages, or over the Memory in a slot of the memory server's.
  func region(_ page: UInt64, _ pages: UInt64, rights: UInt64 = 3, memory: UInt64 = 0, offset: UInt64 = 0) -> UInt64 {
    nextSlot += 1
    system.must(
      system.memoryServer, .region, Message(nextSlot, page, pages, rights, memory, offset, handle: task.slot))
    return nextSlot
  }

  /// Maps pages of a region.
  func map(
    _ region: UInt64, _ page: UInt64, _ count: UInt64 = 1, frame: UInt64 = 0, spares: (UInt64, UInt64) = (0, 0)
  ) -> Message {
    let message = Message(region, page, count, frame, spares.0, spares.1, 2, handle: task.slot)
    return system.call(system.memoryServer, .map, message)
  }

  /// Unmaps pages of a region.
  func unmap(_ region: UInt64, _ page: UInt64, _ count: UInt64 = 1, spare: UInt64 = 0) -> Message {
    system.call(
      system.memoryServer, .unmap,
      Message(region, page, count, 0, spare, 0, HandOver.Slot.memory, handle: task.slot))
  }

  /// The pages of a leaf table that have the contiguous hint.
  func hinted(_ leaf: UInt64) -> [UInt64] {
    (0..<512).filter { system.kernel.machine.descriptor(table: leaf, index: $0) >> 52 & 1 == 1 }
  }

  /// Gives a region and its pages other rights.
  func protect(_ region: UInt64, _ page: UInt64, _ count: UInt64, rights: UInt64) -> Message {
    system.call(system.memoryServer, .protect, Message(region, page, count, rights, handle: task.slot))
  }

  /// What the machine saw while some work was done.
  func events(_ work: () -> Void) -> [Event] {
    system.kernel.machine.events = []
    system.kernel.machine.records = true
    work()
    system.kernel.machine.records = false
    return system.kernel.machine.events
  }
}

/// Entries as the architecture lays them out, bit by bit.
enum Entry {
  static func table(_ frame: UInt64) -> UInt64 { frame << 12 | 3 }
  /// Valid, AttrIndx 2, AP[1], inner shareable, AF, nG, PXN; read and written: UXN; not written: AP[2].
  static func page(_ frame: UInt64, rights: UInt64) -> UInt64 {
    let execute: UInt64 = rights & 4 == 0 ? 1 << 54 : 0
    return frame << 12 | 0xf4b | 1 << 53 | execute | (rights & 2 == 0 ? 0x80 : 0)
  }
  static func block(_ frame: UInt64, rights: UInt64) -> UInt64 { page(frame, rights: rights) & ~2 }
  /// One of 16: bit 52.
  static func hinted(_ frame: UInt64, rights: UInt64 = 3) -> UInt64 { page(frame, rights: rights) | 1 << 52 }
  /// AttrIndx 1, not shareable.
  static func device(_ frame: UInt64) -> UInt64 { frame << 12 | 0xc47 | 3 << 53 }
}
