public import ABI
public import DeviceTree
internal import Runtime

/// The server's views on the machine: pages at fixed addresses of its own space.
public struct MappedViews: Views {
  /// What boot found out.
  public let facts: HandOver.Facts
  private let pages: BundlePages

  /// Reads the facts that boot left.
  public init() {
    facts = ServerPages.facts.load(0, as: HandOver.Facts.self)
    pages = BundlePages(count: facts.bundleBytes)
  }

  /// The index's bytes.
  public var index: MappedIndex { MappedIndex() }
  /// The frame table.
  public var ledger: MappedLedger { MappedLedger() }
  /// The device tree.
  public var blob: MappedBlob { MappedBlob(pages: .deviceTree(offset: facts.deviceTreeOffset)) }
  /// The bundle.
  public var bundle: Span<UInt8> {
    @_lifetime(borrow self) get { pages.bytes }
  }
}

/// The bytes of the index where the server mapped them.
public struct MappedIndex: IndexStorage {
  /// A byte of a section's index.
  public subscript(section section: Int, node node: Int) -> UInt8 {
    @inline(__always) get { ServerPages.index.load(section &* SectionTree.nodes &+ node, as: UInt8.self) }
    @inline(__always) set { ServerPages.index.store(newValue, at: section &* SectionTree.nodes &+ node) }
  }

  /// Makes all bytes of a section zero, eight at a time.
  public mutating func clear(section: Int) {
    let first = section &* SectionTree.nodes
    for offset in stride(from: first, to: first &+ SectionTree.nodes, by: 8) {
      ServerPages.index.store(0 as UInt64, at: offset)
    }
  }
}

/// The frame table where it is mapped for the server.
public struct MappedLedger: LedgerView {
  /// The word of a frame.
  public func word(_ frame: UInt64) -> LedgerWord {
    ServerPages.ledger.load(Int(truncatingIfNeeded: frame &* 8), as: LedgerWord.self)
  }
}

/// The device tree where it is mapped for the server.
public struct MappedBlob: BlobSource {
  let pages: ServerPages
  /// The word at an offset.
  public func word(at byteOffset: Int) -> UInt32 { pages.load(byteOffset, as: UInt32.self) }
}
