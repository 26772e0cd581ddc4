import ABI
import Testing

@testable import AArch64

/// The bits as the Arm ARM names them (D8.3), written down here a second time.
private enum Arm {
  static let uxn: UInt64 = 1 << 54
  static let pxn: UInt64 = 1 << 53
  static let notGlobal: UInt64 = 1 << 11
  static let accessed: UInt64 = 1 << 10
  static let inner: UInt64 = 0b11 << 8
  static let readOnly: UInt64 = 0b10 << 6
  static let el0: UInt64 = 0b01 << 6
  static func attribute(_ index: UInt64) -> UInt64 { index << 2 }
}

@Suite("Descriptors") struct DescriptorTests {
  @Test(
    "a page of a task allows what its rights say, and never execution to the kernel",
    arguments: [
      (Rights.Memory.read, Arm.uxn | Arm.readOnly),
      (Rights.Memory(rawValue: 3), Arm.uxn),
      (Rights.Memory(rawValue: 5), Arm.readOnly),
      (Rights.Memory.execute, Arm.readOnly),
    ])
  func taskPage(rights: Rights.Memory, bits: UInt64) {
    let fixed = Arm.pxn | Arm.notGlobal | Arm.accessed | Arm.inner | Arm.el0 | Arm.attribute(2) | 0b11
    let page = Descriptor.page(frame: 0x4_1234, rights: rights, kind: .normal)
    #expect(page.raw == 0x4123_4000 | fixed | bits)
    #expect(page.frame == 0x4_1234)
    #expect(page.rights == rights.union(.read))
    #expect(page.isLeaf(level: 3) && !page.isTable(level: 3))
  }

  @Test("what is written is never executed, whoever asks")
  func writtenIsNotExecuted() {
    let page = Descriptor.page(frame: 1, rights: [.read, .write, .execute], kind: .normal)
    #expect(page.rights == [.read, .write])
    #expect(page.raw & Arm.uxn != 0 && page.raw & Arm.pxn != 0)
  }

  @Test("device memory is never executed, at any level", arguments: [MemoryKind.device, .strictDevice])
  func deviceIsNotExecuted(kind: MemoryKind) {
    for rights in [Rights.Memory.read, Rights.Memory(rawValue: 3), Rights.Memory(rawValue: 5)] {
      for leaf in [
        Descriptor.page(frame: 0x9000, rights: rights, kind: kind),
        Descriptor.block(frame: 0x9000, rights: rights, kind: kind),
      ] {
        #expect(leaf.raw & (Arm.uxn | Arm.pxn) == Arm.uxn | Arm.pxn)
        #expect(leaf.raw >> 2 & 7 == (kind == .device ? 1 : 0))
        #expect(leaf.kind == kind)
      }
    }
  }

  @Test(
    "the kernel's half is closed to EL0, global, and each use has its own permissions",
    arguments: [
      (KernelUse.code, Arm.uxn | Arm.readOnly | Arm.inner | Arm.attribute(2)),
      (.readOnly, Arm.uxn | Arm.pxn | Arm.readOnly | Arm.inner | Arm.attribute(2)),
      (.data, Arm.uxn | Arm.pxn | Arm.inner | Arm.attribute(2)),
      (.device, Arm.uxn | Arm.pxn | Arm.attribute(1)),
      (.emergencyConsole, Arm.uxn | Arm.pxn | Arm.attribute(0)),
    ] as [(KernelUse, UInt64)])
  func kernelLeaf(use: KernelUse, bits: UInt64) {
    for (level, type) in [(1, 0b01), (2, 0b01), (3, 0b11)] as [(UInt64, UInt64)] {
      let leaf = Descriptor.kernel(frame: 1 << 18, level: level, use: use)
      #expect(leaf.raw == 1 << 30 | Arm.accessed | bits | type)
      #expect(leaf.isLeaf(level: level) && leaf.isGlobal && leaf.rights == [])
      #expect(!(leaf.isKernelExecutable && leaf.isKernelWritable))
    }
  }

  @Test("a table entry leaves all permissions to the leaf")
  func tableEntry() {
    let entry = Descriptor.table(frame: 0x4_0601)
    #expect(entry.raw == 0x4060_1003)
    #expect(entry.isTable(level: 0) && entry.isTable(level: 1) && entry.isTable(level: 2))
    #expect(!entry.isLeaf(level: 1) && !entry.isLeaf(level: 2))
    #expect(!Descriptor.empty.isValid && !Descriptor.empty.isTable(level: 1) && !Descriptor.empty.isLeaf(level: 3))
  }

  @Test("the contiguous hint changes nothing else")
  func contiguous() {
    let page = Descriptor.page(frame: 16, rights: .read, kind: .normal)
    #expect(page.contiguous.raw == page.raw | 1 << 52)
    #expect(page.contiguous.isContiguous && !page.isContiguous)
  }
}
