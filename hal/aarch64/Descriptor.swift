package import ABI

/// How memory behaves: which index of MAIR_EL1 an entry names. Arm ARM D8.5.5, D17.2.97.
@frozen package enum MemoryKind: UInt64, Sendable {
  /// Device-nGnRnE: the emergency console, strictly in order.
  case strictDevice = 0
  /// Device-nGnRE: registers of devices; writes may be acknowledged early.
  case device = 1
  /// Normal, inner and outer write-back, read and write allocate: RAM.
  case normal = 2

  /// MAIR_EL1 for these three: attribute n in bits 8n+7:8n.
  package static var attributes: UInt64 { 0x00 | 0x04 << 8 | 0xff << 16 }
}

/// What the kernel itself does with memory in its own half. Nothing is both written and executed.
@frozen package enum KernelUse: Sendable {
  /// Read and executed by the kernel.
  case code
  /// Only read.
  case readOnly
  /// Read and written.
  case data
  /// A device's registers.
  case device
  /// The emergency console's registers.
  case emergencyConsole
}

/// One entry of a translation table: stage 1, 4 KiB granule. Arm ARM D8.3.
///
/// The API is positive (what is allowed); the hardware's bits are partly negative (what is not), and are
/// turned round here only. The level of an entry is not in it: 1 covers 1 GiB, 2 covers 2 MiB, 3 covers 4 KiB.
@frozen package struct Descriptor: Equatable, Sendable {
  /// The bits.
  package var raw: UInt64

  /// Reads an entry.
  package init(raw: UInt64) { self.raw = raw }

  /// The entry that maps nothing.
  package static var empty: Descriptor { Descriptor(raw: 0) }

  /// An entry of level 0 to 2 that refers to the table in `frame`. Arm ARM D8.3.1: the table attributes are
  /// zero, so that the leaf alone decides.
  package static func table(frame: UInt64) -> Descriptor {
    Descriptor(raw: frame << 12 | Bit.table | Bit.valid)
  }

  /// A page of a task: an entry of level 3. Never privileged-executable; readable if anything.
  @inline(__always) package static func page(frame: UInt64, rights: Rights.Memory, kind: MemoryKind) -> Descriptor {
    Descriptor(raw: task(frame: frame, rights: rights, kind: kind) | Bit.table)
  }

  /// A block of a task: an entry of level 2 (512 frames) or 1; `frame` is aligned to what it covers.
  package static func block(frame: UInt64, rights: Rights.Memory, kind: MemoryKind) -> Descriptor {
    Descriptor(raw: task(frame: frame, rights: rights, kind: kind))
  }

  /// Memory in the kernel's half: a block at level 1 or 2, a page at level 3. Global; EL0 has no access.
  package static func kernel(frame: UInt64, level: UInt64, use: KernelUse) -> Descriptor {
    var raw = frame << 12 | Bit.valid | Bit.accessed | Bit.noTaskExecute
    if level == 3 { raw |= Bit.table }
    switch use {
    case .code: raw |= normal | Bit.readOnly
    case .readOnly: raw |= normal | Bit.readOnly | Bit.noKernelExecute
    case .data: raw |= normal | Bit.noKernelExecute
    case .device: raw |= MemoryKind.device.rawValue << Bit.kindShift | Bit.noKernelExecute
    case .emergencyConsole: raw |= MemoryKind.strictDevice.rawValue << Bit.kindShift | Bit.noKernelExecute
    }
    return Descriptor(raw: raw)
  }

  /// The same leaf as one of 16 that lie in a row and are aligned: one TLB entry may hold them all. D8.6.1.
  package var contiguous: Descriptor { Descriptor(raw: raw | Bit.contiguous) }

  /// The same leaf of a task with other rights: only permissions change, which a valid entry may do. Arm ARM D8.14.1.
  package func allowing(_ rights: Rights.Memory) -> Descriptor {
    Descriptor(
      raw: raw & ~(Bit.readOnly | Bit.noTaskExecute) | Descriptor.permissions(rights, isNormal: kind == .normal))
  }

  /// Whether a task may do with a leaf of its what it may do with another. Of Normal memory, or both of a device's.
  package func hasPermissions(of other: Descriptor) -> Bool {
    (raw ^ other.raw) & (Bit.readOnly | Bit.noTaskExecute) == 0
  }

  /// A block's first page as an entry of level 3.
  package var asPage: Descriptor { Descriptor(raw: raw | Bit.table) }

  /// The same leaf by itself.
  package var single: Descriptor { Descriptor(raw: raw & ~Bit.contiguous) }

  /// The same entry taken from the MMU: the bits stay, so that it can be made again.
  package var broken: Descriptor { Descriptor(raw: raw & ~Bit.valid) }

  /// An entry that was broken, valid again.
  package var made: Descriptor { Descriptor(raw: raw | Bit.valid) }

  /// The leaf of the same memory `count` frames on.
  package func advanced(by count: UInt64) -> Descriptor { Descriptor(raw: raw &+ count << 12) }

  /// A page of a task that it never executes.
  @inline(__always) package static func data(frame: UInt64, isWritten: Bool, kind: MemoryKind) -> Descriptor {
    let rights = Rights.Memory(rawValue: isWritten ? 3 : 1)
    return page(frame: frame, rights: rights, kind: kind)
  }

  private static var normal: UInt64 { MemoryKind.normal.rawValue << Bit.kindShift | Bit.innerShareable }

  @inline(__always) private static func task(frame: UInt64, rights: Rights.Memory, kind: MemoryKind) -> UInt64 {
    var raw = frame << 12 | Bit.valid | Bit.accessed | Bit.notGlobal | Bit.task | Bit.noKernelExecute
    raw |= kind.rawValue << Bit.kindShift
    if kind == .normal { raw |= Bit.innerShareable }
    return raw | permissions(rights, isNormal: kind == .normal)
  }

  @inline(__always) private static func permissions(_ rights: Rights.Memory, isNormal: Bool) -> UInt64 {
    var raw: UInt64 = 0
    let written = rights.contains(.write)
    if !written { raw |= Bit.readOnly }
    // Written memory is never executable, device memory neither, whatever the caller asks for.
    if written || !isNormal || !rights.contains(.execute) { raw |= Bit.noTaskExecute }
    return raw
  }
}
