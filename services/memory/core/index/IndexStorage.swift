/// Where the bytes of the index lie: 16 KiB for each section. On the machine these are pages that the server
/// mapped for itself, on the host an array.
public protocol IndexStorage: ~Copyable {
  /// One byte of a section's index; `node` is 0…16383. A section that was never written reads as zeros.
  subscript(section section: Int, node node: Int) -> UInt8 { get set }
  /// Makes all bytes of a section zero.
  mutating func clear(section: Int)
}

extension IndexStorage where Self: ~Copyable {
  /// Byte by byte, where nothing faster is at hand.
  public mutating func clear(section: Int) {
    for node in 0..<SectionTree.nodes { self[section: section, node: node] = 0 }
  }
}
