internal import ABI

/// Pages that the memory server finds mapped at fixed addresses, or maps for itself before it looks at them.
///
/// Only that server may use these values: in any other task nothing is mapped there, and a load faults.
@safe public struct ServerPages: Sendable {
  private let address: UInt

  private init(_ address: UInt64) { self.address = UInt(address) }

  /// The view of the frame table.
  public static var ledger: ServerPages { ServerPages(HandOver.Address.ledger) }
  /// The page of facts.
  public static var facts: ServerPages { ServerPages(HandOver.Address.facts) }
  /// The index of free frames, which the server maps for itself: 16 KiB for each section of RAM.
  public static var index: ServerPages { ServerPages(indexAddress) }
  /// Where the index lies.
  public static var indexAddress: UInt64 { 0x30_0000_0000 }
  /// The device tree's blob, which starts somewhere in its first page.
  public static func deviceTree(offset: UInt64) -> ServerPages { ServerPages(HandOver.Address.deviceTree + offset) }

  /// The value at an offset that is a multiple of its size.
  @inline(__always)
  public func load<Value: BitwiseCopyable>(_ offset: Int, as type: Value.Type) -> Value {
    // Safety: the server asks only for what it has mapped: facts and tree by boot, sections when they are claimed.
    unsafe UnsafePointer<Value>(bitPattern: address &+ UInt(bitPattern: offset)).unsafelyUnwrapped.pointee
  }

  /// Stores a byte of the index, or a word of it at an offset that is a multiple of its size.
  @inline(__always)
  public func store<Value: BitwiseCopyable>(_ value: Value, at offset: Int) {
    // Safety: only the index is mapped writable, and no Swift value lives there.
    let place = unsafe UnsafeMutablePointer<Value>(bitPattern: address &+ UInt(bitPattern: offset))
    unsafe place.unsafelyUnwrapped.pointee = value
  }
}

/// The bundle where boot mapped it for the memory server.
@safe public struct BundlePages: Sendable {
  private let count: Int

  /// The bundle's bytes, as many as the facts say.
  public init(count: UInt64) { self.count = Int(truncatingIfNeeded: count) }

  /// The bytes.
  public var bytes: Span<UInt8> {
    @_lifetime(borrow self) get {
      // Safety: boot mapped this many bytes there, read-only, for as long as the server lives.
      unsafe _overrideLifetime(
        Span(
          _unsafeStart: UnsafePointer<UInt8>(bitPattern: UInt(HandOver.Address.bundle)).unsafelyUnwrapped, count: count),
        borrowing: self)
    }
  }
}
