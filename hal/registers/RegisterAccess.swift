/// Loads and stores of 32 bits, all that typed registers need.
///
/// What the kernel itself touches of a device is generic over this protocol; drivers are over `RegisterAccess`.
public protocol WordAccess: ~Copyable {
  /// Loads the 32-bit register at `offset`, a multiple of 4.
  func load32(at offset: Int) -> UInt32
  /// Stores to the 32-bit register at `offset`, a multiple of 4.
  func store32(_ value: UInt32, at offset: Int)
}

/// Loads and stores to the registers of one device, by byte offset from its base.
///
/// Drivers are generic over this protocol, so the same source drives the mapped device (`MappedRegisters`), and
/// under test a script of expected accesses (`RecordingRegisters`). Each call is exactly one access of exactly
/// the width named: none is merged, repeated, dropped or moved past another. Specialised, a call is one `ldr` or
/// `str`.
public protocol RegisterAccess: WordAccess, ~Copyable {
  /// The length of the register file in bytes; an access beyond it traps.
  var length: Int { get }

  /// Loads the byte register at `offset`.
  func load8(at offset: Int) -> UInt8
  /// Loads the 64-bit register at `offset`, a multiple of 8.
  func load64(at offset: Int) -> UInt64

  /// Stores to the byte register at `offset`.
  func store8(_ value: UInt8, at offset: Int)
  /// Stores to the 64-bit register at `offset`, a multiple of 8.
  func store64(_ value: UInt64, at offset: Int)
}

extension WordAccess where Self: ~Copyable {
  /// Loads a register that its map calls readable; loading a write-only one does not compile.
  @inlinable @inline(__always)
  public func load<Access: Readable>(_ register: Register<Access>) -> UInt32 {
    load32(at: register.offset)
  }

  /// Stores to a register that its map calls writable; storing to a read-only one does not compile.
  @inlinable @inline(__always)
  public func store<Access: Writable>(_ value: UInt32, to register: Register<Access>) {
    store32(value, at: register.offset)
  }

  /// Loads `register` until the bits of `mask` read as `value`, at most `attempts` times.
  ///
  /// - Returns: whether they did. Hardware that never answers costs a bounded wait, not a hang.
  @inlinable
  public func wait<Access: Readable>(
    for register: Register<Access>, mask: UInt32, value: UInt32, attempts: Int
  ) -> Bool {
    for _ in 0..<attempts where load(register) & mask == value { return true }
    return false
  }
}
