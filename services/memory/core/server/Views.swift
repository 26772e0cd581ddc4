public import ABI
public import DeviceTree
internal import Runtime

/// What the memory server reads beside the words of its kernel calls: pages that boot or the server itself
/// mapped. On the machine these are fixed addresses (services/runtime), in the host tests the same addresses
/// looked up through the server's own tables.
public protocol Views: ~Copyable {
  /// Where the bytes of the index lie.
  associatedtype Index: IndexStorage
  /// The frame table.
  associatedtype Ledger: LedgerView
  /// The device tree.
  associatedtype Blob: BlobSource
  /// The bytes of the index.
  var index: Index { get }
  /// The frame table, read-only.
  var ledger: Ledger { get }
  /// The device tree's blob.
  var blob: Blob { get }
  /// The page of facts.
  var facts: HandOver.Facts { get }
  /// The bundle.
  var bundle: Span<UInt8> {
    @_lifetime(borrow self) get
  }
}

/// Addresses of what the memory server maps for itself, beside those of `HandOver.Address`.
public enum OwnAddress {
  /// The index: 16 KiB for each section of RAM.
  public static var index: UInt64 { ServerPages.indexAddress }
  /// Pages of a section's index.
  public static var indexPages: UInt64 { UInt64(SectionTree.nodes) / Geometry.frameBytes }
}
