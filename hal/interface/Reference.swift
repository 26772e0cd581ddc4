/// A kernel object, ledger word or table entry in RAM, reached through the machine's direct map.
///
/// The kernel's core names memory by its address in the direct map and never holds a pointer; the machine turns an
/// address into a reference. Addresses come from frames that were checked where they entered the kernel (the ledger
/// says what a frame is), so a reference is always to memory of the kernel's own.
@frozen @safe public struct Reference<Value: BitwiseCopyable> {
  @usableFromInline let pointer: UnsafeMutablePointer<Value>

  /// Refers to memory that holds a `Value`.
  @inlinable @inline(__always) @unsafe public init(_ pointer: UnsafeMutablePointer<Value>) {
    // Safety: the caller vouches for the address, see above.
    unsafe self.pointer = pointer
  }

  /// The value itself.
  @inlinable @inline(__always) public var pointee: Value {
    // Safety: the pointer is aligned and lives as long as the machine's RAM.
    unsafeAddress { unsafe UnsafePointer(pointer) }
    nonmutating unsafeMutableAddress { unsafe pointer }
  }
}
