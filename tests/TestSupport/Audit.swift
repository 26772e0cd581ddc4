import ABI
import KernelCore
import Machine

/// A translation that EL0 sees: found by a walker that shares no code with the kernel's.
package struct SeenPage: Equatable, Sendable {
  /// The frame behind the page.
  package var frame: UInt64
  /// Rights: 1 read, 2 write, 4 execute.
  package var rights: UInt64
  /// Whether the memory is a device's.
  package var isDevice: Bool
  /// Level of the entry: 2 a block, 3 a page.
  package var level: Int
  /// A page as it should be seen.
  package init(frame: UInt64, rights: UInt64, isDevice: Bool = false, level: Int = 3) {
    (self.frame, self.rights, self.isDevice, self.level) = (frame, rights, isDevice, level)
  }
}

/// The kernel's books against what the tables, lists and queues really hold.
struct Audit {
  let system: SimulatedSystem
  var findings: [String] = []
  /// Table frames that were walked to, and the task that walks them.
  var tables: Set<UInt64> = []
  /// Pages of the task that is being walked.
  var seen: [UInt64: SeenPage] = [:]

  init(_ system: SimulatedSystem) { self.system = system }

  func word(_ address: UInt64) -> UInt64 { system.kernel.machine.memory(address, as: UInt64.self).pointee }

  func ledger(_ frame: UInt64) -> LedgerWord { system.kernel.ledger(frame).pointee }

  /// Whether a frame is RAM, of the part that is given up too.
  private func isRAM(_ frame: UInt64) -> Bool { system.kernel.ram.whole.contains(frame) || system.kernel.isRAM(frame) }

  mutating func expect(_ holds: Bool, _ finding: @autoclosure () -> String) {
    if !holds { findings.append(finding()) }
  }

  /// Walks a table as Arm ARM D8.2 says, bit by bit.
  mutating func walk(_ table: UInt64, level: Int, page: UInt64, parent: UInt64, entry: UInt64) {
    expect(tables.insert(table).inserted, "table \(table) is in two trees")
    var used: UInt64 = 0
    for index in 0..<512 as Range<UInt64> {
      let bits = word(DirectMap.address(table) + index * 8)
      guard bits & 1 == 1 else {
        expect(bits == 0, "entry \(index) of table \(table) is rubbish")
        continue
      }
      used += 1
      let below = page + index << UInt64((3 - level) * 9)
      if level < 3, bits & 2 == 2 {
        walk(bits >> 12 & 0xf_ffff_ffff, level: level + 1, page: below, parent: table, entry: index)
      } else {
        see(bits, level: level, page: below)
      }
    }
    expect(level == 1 || used > 0, "table \(table) is empty")
    let expected = LedgerWord.table(level: UInt64(level), used: used, parent: parent, entry: entry)
    let said = ledger(table)
    expect(said == expected, "ledger of table \(table): \(said), not \(expected)")
  }

  /// Notes the pages of a leaf: AttrIndx, AP, UXN, PXN, AF, nG.
  private mutating func see(_ bits: UInt64, level: Int, page: UInt64) {
    expect(level == 2 || bits & 2 == 2, "leaf of level \(level) at page \(page)")
    expect(bits >> 6 & 1 == 1 && bits >> 10 & 1 == 1 && bits >> 11 & 1 == 1, "page \(page): AP, AF or nG")
    expect(bits >> 53 & 1 == 1, "page \(page) is executable at EL1")
    let isDevice = bits >> 2 & 7 != 2
    var rights: UInt64 = 1
    if bits >> 7 & 1 == 0 { rights |= 2 }
    if bits >> 54 & 1 == 0 { rights |= 4 }
    expect(rights & 6 != 6, "page \(page) is written and executed")
    expect(!isDevice || rights & 4 == 0, "device page \(page) is executable")
    let frame = bits >> 12 & 0xf_ffff_ffff
    for offset in 0..<(level == 2 ? 512 : 1) as Range<UInt64> {
      expect(isDevice != isRAM(frame + offset), "frame \(frame + offset): kind of memory")
      seen[page + offset] = SeenPage(frame: frame + offset, rights: rights, isDevice: isDevice, level: level)
    }
  }
}

extension SimulatedSystem {
  /// What EL0 sees in a task: all of its pages.
  package func pages(of actor: Actor) -> [UInt64: SeenPage] {
    var audit = Audit(self)
    audit.walk(
      kernel.task(actor.task).pointee.translation >> 12 & 0x7ff_ffff, level: 1, page: 0,
      parent: DirectMap.frame(actor.task),
      entry: 0)
    return audit.seen
  }

  /// What is wrong with the kernel's books; nothing, after any sequence of calls.
  package func audit() -> [String] {
    var audit = Audit(self)
    audit.checkTasks()
    audit.checkThreads()
    return audit.findings + kernel.machine.violations
  }
}
