/// What a register map says of a register that may be loaded.
public protocol Readable {}
/// What a register map says of a register that may be stored to.
public protocol Writable {}
/// A register that software only reads.
public enum ReadOnly: Readable {}
/// A register that software only writes.
public enum WriteOnly: Writable {}
/// A register that software reads and writes.
public enum ReadWrite: Readable, Writable {}

/// One line of a register map: a 32-bit register's byte offset, with what may be done to it in the type.
public struct Register<Access>: Sendable {
  /// The distance in bytes from the base of the device.
  public let offset: Int

  /// A register `offset` bytes from the base of the device.
  @inlinable @inline(__always)
  public init(_ offset: Int) { self.offset = offset }
}

/// One line of a register map that stands for many: equal 32-bit registers, one after the other.
public struct RegisterArray<Access>: Sendable {
  /// The distance in bytes of the first register from the base of the device.
  public let offset: Int

  /// Consecutive 32-bit registers, the first `offset` bytes from the base of the device.
  @inlinable @inline(__always)
  public init(_ offset: Int) { self.offset = offset }

  /// The register at `index`, counted from 0.
  @inlinable @inline(__always)
  public subscript(_ index: Int) -> Register<Access> { Register(offset + 4 * index) }
}
