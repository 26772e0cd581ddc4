/// Where a flattened device tree is read from, one aligned word at a time.
///
/// The kernel reads the tree before the MMU is on, when memory is of Device type and an unaligned or a
/// wider load may fault: so everything, texts included, is made of aligned 32-bit loads.
public protocol BlobSource {
  /// The word at `byteOffset`, a multiple of four, as a little-endian load gives it: not byte-swapped.
  ///
  /// The reader asks for no word that begins at or behind the tree's total size. Where that size is not a
  /// multiple of four, the word that holds the last byte is loaded whole.
  func word(at byteOffset: Int) -> UInt32
}

/// A tree that lies in memory.
@safe public struct MemorySource: BlobSource {
  private let start: UnsafeRawPointer

  /// A source over the blob at `start`, which must stay readable for as many bytes as the tree's header
  /// says, or the `limit` given to the reader if that is less.
  @unsafe public init(start: UnsafePointer<UInt32>) {
    // Safety: the caller vouches for the memory.
    unsafe self.start = UnsafeRawPointer(start)
  }

  /// The word at `byteOffset`, a multiple of four.
  public func word(at byteOffset: Int) -> UInt32 {
    // Safety: the reader stays below the total size that it has checked against its limit, and whoever
    // made this source has vouched for that memory.
    unsafe start.load(fromByteOffset: byteOffset, as: UInt32.self)
  }
}
