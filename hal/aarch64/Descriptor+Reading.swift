package import ABI

/// The bits of an entry. Arm ARM D8.3.1 (tables), D8.3.2 (blocks and pages), D8.4 (permissions).
enum Bit {
  static var valid: UInt64 { 1 << 0 }
  /// A table at levels 0 to 2, a page at level 3; clear: a block.
  static var table: UInt64 { 1 << 1 }
  /// AttrIndx, bits 4:2.
  static var kindShift: UInt64 { 2 }
  /// AP[1]: EL0 has access.
  static var task: UInt64 { 1 << 6 }
  /// AP[2].
  static var readOnly: UInt64 { 1 << 7 }
  /// SH, bits 9:8: all processors, which share caches.
  static var innerShareable: UInt64 { 3 << 8 }
  /// AF: without it the first access faults.
  static var accessed: UInt64 { 1 << 10 }
  /// nG: belongs to the identifier in TTBR0.
  static var notGlobal: UInt64 { 1 << 11 }
  static var contiguous: UInt64 { 1 << 52 }
  /// PXN.
  static var noKernelExecute: UInt64 { 1 << 53 }
  /// UXN.
  static var noTaskExecute: UInt64 { 1 << 54 }
}

extension Descriptor {
  /// Whether the entry maps or refers to anything.
  package var isValid: Bool { raw & Bit.valid != 0 }

  /// Whether an entry of `level` refers to a table.
  package func isTable(level: UInt64) -> Bool {
    level < 3 && raw & (Bit.table | Bit.valid) == Bit.table | Bit.valid
  }

  /// Whether an entry of `level` maps memory: a block at levels 1 and 2, a page at level 3.
  package func isLeaf(level: UInt64) -> Bool {
    if level == 3 { return raw & (Bit.table | Bit.valid) == Bit.table | Bit.valid }
    return level > 0 && raw & (Bit.table | Bit.valid) == Bit.valid
  }

  /// The frame that the entry maps first, or of the table that it refers to.
  package var frame: UInt64 { raw >> 12 & 0xf_ffff_ffff }

  /// What EL0 may do with the memory of a leaf; nothing in the kernel's half.
  package var rights: Rights.Memory {
    guard raw & (Bit.valid | Bit.task) == Bit.valid | Bit.task else { return Rights.Memory(rawValue: 0) }
    var rights = Rights.Memory.read.rawValue
    if raw & Bit.readOnly == 0 { rights |= Rights.Memory.write.rawValue }
    if raw & Bit.noTaskExecute == 0 { rights |= Rights.Memory.execute.rawValue }
    return Rights.Memory(rawValue: rights)
  }

  /// How the memory of a leaf behaves; an index that no entry of ours has reads as the strictest.
  package var kind: MemoryKind { MemoryKind(rawValue: raw >> Bit.kindShift & 7) ?? .strictDevice }

  /// Whether the leaf is one of 16 in a row.
  package var isContiguous: Bool { raw & Bit.contiguous != 0 }

  /// Whether EL1 may execute what a leaf maps.
  package var isKernelExecutable: Bool { raw & Bit.noKernelExecute == 0 }

  /// Whether EL1 may write what a leaf maps.
  package var isKernelWritable: Bool { raw & Bit.readOnly == 0 }

  /// Whether the leaf holds in every address space.
  package var isGlobal: Bool { raw & Bit.notGlobal == 0 }
}

/// Geometry of the tables: 4 KiB granule.
package enum TableGeometry {
  /// Entries of a table.
  package static var entries: UInt64 { 512 }

  /// Frames that one entry of `level` covers: 2^27, 2^18, 512 and 1 for 0 to 3.
  package static func frames(level: UInt64) -> UInt64 { 1 &<< ((3 &- level) &* 9) }

  /// The entry of a table of `level` that translates page `page` (address >> 12).
  package static func index(page: UInt64, level: UInt64) -> UInt64 { page &>> ((3 &- level) &* 9) & 511 }
}
