import _Volatile

/// The registers of a device mapped into this address space: a lease in a driver's hands, or in the kernel the
/// interrupt controller's CPU interface.
///
/// Not copyable: whoever holds the value holds the device.
public struct MappedRegisters: RegisterAccess, ~Copyable {
  /// The virtual address of the first register.
  private let base: UInt
  /// The length of the mapping in bytes.
  public let length: Int

  /// The device mapped at `address`, a multiple of 8, `length` bytes long.
  ///
  /// - Parameter address: must be mapped as device memory, writable, for as long as the value lives, and be nothing
  ///   that Swift itself stores to.
  @unsafe
  public init(unsafeAddress address: UInt, length: Int) {
    precondition(address & 7 == 0, "register base not a multiple of 8")
    precondition(length > 0 && !address.addingReportingOverflow(UInt(length)).overflow, "register range overflows")
    base = address
    self.length = length
  }

  /// The address of `offset`, after checking that `width` aligned bytes lie there.
  @inline(__always)
  private func address(of offset: Int, width: Int) -> UInt {
    precondition(offset >= 0 && offset <= length &- width, "register offset outside the device")
    precondition(offset & (width &- 1) == 0, "register offset not aligned")
    return base &+ UInt(bitPattern: offset)
  }

  /// One load of 8 bits. `RegisterAccess.load8`.
  @inline(__always)
  public func load8(at offset: Int) -> UInt8 {
    // Safety: `address` lies in the range that the initialiser's caller vouched for.
    unsafe VolatileMappedRegister<UInt8>(unsafeBitPattern: address(of: offset, width: 1)).load()
  }

  /// One load of 32 bits. `RegisterAccess.load32`.
  @inline(__always)
  public func load32(at offset: Int) -> UInt32 {
    // Safety: as in `load8`.
    unsafe VolatileMappedRegister<UInt32>(unsafeBitPattern: address(of: offset, width: 4)).load()
  }

  /// One load of 64 bits. `RegisterAccess.load64`.
  @inline(__always)
  public func load64(at offset: Int) -> UInt64 {
    // Safety: as in `load8`.
    unsafe VolatileMappedRegister<UInt64>(unsafeBitPattern: address(of: offset, width: 8)).load()
  }

  /// One store of 8 bits. `RegisterAccess.store8`.
  @inline(__always)
  public func store8(_ value: UInt8, at offset: Int) {
    // Safety: as in `load8`; device memory holds no Swift value that the store could break.
    unsafe VolatileMappedRegister<UInt8>(unsafeBitPattern: address(of: offset, width: 1)).store(value)
  }

  /// One store of 32 bits. `RegisterAccess.store32`.
  @inline(__always)
  public func store32(_ value: UInt32, at offset: Int) {
    // Safety: as in `store8`.
    unsafe VolatileMappedRegister<UInt32>(unsafeBitPattern: address(of: offset, width: 4)).store(value)
  }

  /// One store of 64 bits. `RegisterAccess.store64`.
  @inline(__always)
  public func store64(_ value: UInt64, at offset: Int) {
    // Safety: as in `store8`.
    unsafe VolatileMappedRegister<UInt64>(unsafeBitPattern: address(of: offset, width: 8)).store(value)
  }
}
