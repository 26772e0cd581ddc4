import ABI
import DeviceTree
import KernelCore
import Machine
import Simulated
import TestSupport

@testable import MemoryCore

/// A task's memory, looked up through its own tables as the MMU would; unmapped is a failed test.
final class Window {
  let machine: SimulatedSystem
  private let task: UInt64
  private var frames: [UInt64: UInt64] = [:]

  init(_ machine: SimulatedSystem, task: UInt64) {
    self.machine = machine
    self.task = task
  }

  /// The physical address behind a virtual one; nil where nothing is mapped.
  func find(_ address: UInt64) -> UInt64? {
    if let frame = frames[address >> 12] { return frame << 12 | address & 4095 }
    var table = machine.kernel.task(task).pointee.translation & 0xffff_ffff_f000
    for level in 1...3 {
      let shift = UInt64(39 - 9 * level)
      let entry = machine.kernel.machine.descriptor(table: table >> 12, index: address >> shift & 511)
      guard entry & 1 != 0 else { return nil }
      let next = entry & 0xffff_ffff_f000
      if level == 3 || entry & 2 == 0 { return next + address & ((1 << shift) - 1) }
      table = next
    }
    return nil
  }

  func translate(_ address: UInt64) -> UInt64 {
    guard let found = find(address) else { fatalError("nothing is mapped at \(address)") }
    frames[address >> 12] = found >> 12
    return found
  }

  func load<Value: BitwiseCopyable>(_ address: UInt64, as type: Value.Type) -> Value {
    machine.kernel.machine.memory(DirectMap.base | translate(address), as: type).pointee
  }
}

struct TestIndex: IndexStorage {
  let window: Window
  private func address(_ section: Int, _ node: Int) -> UInt64 {
    OwnAddress.index + UInt64(section * SectionTree.nodes + node)
  }
  subscript(section section: Int, node node: Int) -> UInt8 {
    get { window.load(address(section, node), as: UInt8.self) }
    set {
      let physical = window.translate(address(section, node))
      window.machine.kernel.machine.memory(DirectMap.base | physical, as: UInt8.self).pointee = newValue
    }
  }
}

struct TestLedger: LedgerView {
  let window: Window
  func word(_ frame: UInt64) -> LedgerWord { window.load(HandOver.Address.ledger + frame * 8, as: LedgerWord.self) }
  /// 512 words at once where a page of the ledger says nothing but free.
  func endOfFree(from frame: UInt64, to end: UInt64) -> UInt64 {
    var next = frame
    while next < end {
      let page = window.translate(HandOver.Address.ledger + next * 8) >> 12
      let isWhole = next & 511 == 0 && next + 512 <= end && window.machine.kernel.machine.isZero(frame: page)
      guard isWhole || word(next).isFree else { break }
      next += isWhole ? 512 : 1
    }
    return next
  }
}

struct TestBlob: BlobSource {
  let window: Window
  func word(at byteOffset: Int) -> UInt32 {
    window.load(HandOver.Address.deviceTree + UInt64(byteOffset), as: UInt32.self)
  }
}

struct TestViews: Views {
  let window: Window
  let bytes: [UInt8]
  var index: TestIndex { TestIndex(window: window) }
  var ledger: TestLedger { TestLedger(window: window) }
  var blob: TestBlob { TestBlob(window: window) }
  var facts: HandOver.Facts { window.load(HandOver.Address.facts, as: HandOver.Facts.self) }
  var bundle: Span<UInt8> {
    @_lifetime(borrow self) get { bytes.span }
  }
}
