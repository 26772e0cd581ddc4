/// Where each field of a bundle lies.
///
/// A bundle holds the services as the kernel's image carries them: one header, a table of entries, then
/// pages. All words are little endian, the bundle starts on a page and is a whole number of pages long.
///
///     header, 32 bytes                      entry, 512 bytes
///      0  magic "APUSBNDL"                    0  name, 8 ASCII bytes      48  peers, 8 × 1 byte
///      8  format version (4)                  8  entry address (8)        56  segments, 4 × 32 bytes
///     12  CRC-32 of all that follows (4)     16  segments (1)            184  grants, 4 × 80 bytes
///     16  total bytes (8)                    17  grants (1)              504  zero (8)
///     24  entries (4)                        18  peers (1)
///     28  bytes of an entry (4)              19  priority (1)            segment, 32 bytes
///                                            20  handle frames (1)         0  offset in the bundle (8)
///     grant, 80 bytes                        21  restart limit (1)         8  virtual address (8)
///      0  name, 8 ASCII bytes                22  flags (2)                16  pages in the bundle (4)
///      8  bytes of the list (1)              24  quota in frames (4)      20  pages in memory (4)
///      9  0 first, 1 all, 2 by unit (1)      28  stack pages (4)          24  rights (4)
///     10  unit address (6), 0 but for 2      32  stack's top (8)          28  zero (4)
///     16  compatible strings (64)            40  restart back-off, ms (4), zero (4)
public enum BundleLayout {
  /// "APUSBNDL", as the little-endian word that stands first.
  public static var magic: UInt64 { 0x4c44_4e42_5355_5041 }
  /// The format described here.
  public static var version: UInt32 { 2 }
  /// Bytes of a page, the unit of everything that is mapped.
  public static var pageSize: Int { 4096 }

  /// Bytes of the header.
  public static var headerSize: Int { 32 }
  /// Bytes of an entry.
  public static var entrySize: Int { 512 }
  /// Bytes of a segment's record.
  public static var segmentSize: Int { 32 }
  /// Bytes of a grant's record.
  public static var grantSize: Int { 80 }

  /// Entries that a bundle holds at most.
  public static var mostEntries: Int { 32 }
  /// Segments of an entry at most.
  public static var mostSegments: Int { 4 }
  /// Device grants of an entry at most.
  public static var mostGrants: Int { 4 }
  /// Peers of an entry at most.
  public static var mostPeers: Int { 8 }
  /// Bytes of a grant's list of compatible strings at most, terminators included.
  public static var mostCompatibleBytes: Int { 64 }
  /// A unit address has 48 bits.
  public static var mostUnitAddress: UInt64 { 1 << 48 - 1 }
  /// Frames by which a handle table may be larger than the one in the task's own frame.
  public static var mostHandleFrames: Int { 8 }
  /// Pages of a stack at most: less than the 2 MiB that one leaf table maps.
  public static var mostStackPages: Int { 256 }
  /// Priorities are 0 to 63; the higher runs first.
  public static var mostPriority: UInt8 { 63 }

  /// The lowest address of a segment: page zero and what a wild small offset reaches stay unmapped.
  public static var lowestAddress: UInt64 { 0x1_0000 }
  /// The first address above a task's segments and stack.
  public static var addressLimit: UInt64 { 1 << 38 }

  /// "memory", the name of entry 0.
  public static var memoryName: UInt64 { 0x0000_7972_6f6d_656d }
  /// "init", the name of entry 1.
  public static var initName: UInt64 { 0x0000_0000_7469_6e69 }

  /// Offsets in the header.
  package enum Header {
    package static var magic: Int { 0 }
    package static var version: Int { 8 }
    package static var checksum: Int { 12 }
    /// The checksum covers everything from here to the bundle's end.
    package static var byteCount: Int { 16 }
    package static var entryCount: Int { 24 }
    package static var entrySize: Int { 28 }
  }

  /// Offsets in an entry.
  package enum Entry {
    package static var name: Int { 0 }
    package static var start: Int { 8 }
    package static var segmentCount: Int { 16 }
    package static var grantCount: Int { 17 }
    package static var peerCount: Int { 18 }
    package static var priority: Int { 19 }
    package static var handleFrames: Int { 20 }
    package static var restartLimit: Int { 21 }
    package static var flags: Int { 22 }
    package static var quota: Int { 24 }
    package static var stackPages: Int { 28 }
    package static var stackTop: Int { 32 }
    package static var restartBackOff: Int { 40 }
    package static var peers: Int { 48 }
    package static var segments: Int { 56 }
    package static var grants: Int { 184 }
  }

  /// Offsets in a segment's record.
  package enum Segment {
    package static var offset: Int { 0 }
    package static var address: Int { 8 }
    package static var filePages: Int { 16 }
    package static var memoryPages: Int { 20 }
    package static var rights: Int { 24 }
  }

  /// Offsets in a grant's record.
  package enum Grant {
    package static var name: Int { 0 }
    package static var byteCount: Int { 8 }
    package static var selection: Int { 9 }
    package static var unitAddress: Int { 10 }
    package static var compatibles: Int { 16 }
  }
}
