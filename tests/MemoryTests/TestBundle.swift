import ABI

/// A bundle as the packer writes it, with as much in it as the tests need.
struct TestBundle {
  struct Service {
    var name: String
    var quota: UInt32 = 64
    var flags: UInt16 = 0
    var handleFrames: UInt8 = 0
    var priority: UInt8 = 10
    /// Name and compatible string.
    var grants: [(String, String)] = []
    /// Which nodes a grant means, by its name: all (1) or one by its unit address (2).
    var units: [String: (UInt8, UInt64)] = [:]
  }

  static let textPage: UInt64 = 0x10
  static let dataPage: UInt64 = 0x20
  static let stackTop: UInt64 = 0x20_0000

  /// Each service has a page of text and one of data, of which two are mapped.
  static func bytes(_ services: [Service]) -> [UInt8] {
    let table = BundleLayout.headerSize + services.count * BundleLayout.entrySize
    let firstPage = (table + 4095) / 4096
    var bytes = [UInt8](repeating: 0, count: (firstPage + 2 * services.count) * 4096)
    put(BundleLayout.magic, 0, &bytes)
    put(BundleLayout.version, BundleLayout.Header.version, &bytes)
    put(UInt64(bytes.count), BundleLayout.Header.byteCount, &bytes)
    put(UInt32(services.count), BundleLayout.Header.entryCount, &bytes)
    put(UInt32(BundleLayout.entrySize), 28, &bytes)
    for (index, service) in services.enumerated() {
      let base = BundleLayout.headerSize + index * BundleLayout.entrySize
      write(service, at: base, firstPage + 2 * index, &bytes)
      for offset in 0..<4096 {
        bytes[(firstPage + 2 * index) * 4096 + offset] = UInt8(truncatingIfNeeded: index + 1)
        bytes[(firstPage + 2 * index + 1) * 4096 + offset] = UInt8(truncatingIfNeeded: 0x40 + index)
      }
    }
    return bytes
  }

  private static func write(_ service: Service, at base: Int, _ page: Int, _ bytes: inout [UInt8]) {
    typealias Field = BundleLayout.Entry
    put(word(service.name), base + Field.name, &bytes)
    put(textPage << 12, base + Field.start, &bytes)
    bytes[base + Field.segmentCount] = 2
    bytes[base + Field.grantCount] = UInt8(service.grants.count)
    bytes[base + Field.priority] = service.priority
    bytes[base + Field.handleFrames] = service.handleFrames
    put(service.flags, base + Field.flags, &bytes)
    put(service.quota, base + Field.quota, &bytes)
    put(UInt32(4), base + Field.stackPages, &bytes)
    put(stackTop, base + Field.stackTop, &bytes)
    segment(0, at: base, page, textPage, pages: (1, 1), rights: 5, &bytes)
    segment(1, at: base, page + 1, dataPage, pages: (1, 2), rights: 3, &bytes)
    for (index, grant) in service.grants.enumerated() {
      let start = base + Field.grants + index * BundleLayout.grantSize
      put(word(grant.0), start, &bytes)
      if let unit = service.units[grant.0] {
        put(UInt64(unit.0) << 8 | unit.1 << 16, start + BundleLayout.Grant.byteCount, &bytes)
      }
      bytes[start + BundleLayout.Grant.byteCount] = UInt8(grant.1.utf8.count + 1)
      for (offset, byte) in grant.1.utf8.enumerated() { bytes[start + BundleLayout.Grant.compatibles + offset] = byte }
    }
  }

  private static func segment(
    _ index: Int, at base: Int, _ page: Int, _ address: UInt64, pages: (UInt32, UInt32), rights: UInt32,
    _ bytes: inout [UInt8]
  ) {
    let start = base + BundleLayout.Entry.segments + index * BundleLayout.segmentSize
    put(UInt64(page * 4096), start + BundleLayout.Segment.offset, &bytes)
    put(address << 12, start + BundleLayout.Segment.address, &bytes)
    put(pages.0, start + BundleLayout.Segment.filePages, &bytes)
    put(pages.1, start + BundleLayout.Segment.memoryPages, &bytes)
    put(rights, start + BundleLayout.Segment.rights, &bytes)
  }

  static func word(_ name: String) -> UInt64 {
    name.utf8.enumerated().reduce(0) { $0 | UInt64($1.element) << UInt64(8 * $1.offset) }
  }

  private static func put(_ value: some FixedWidthInteger, _ offset: Int, _ bytes: inout [UInt8]) {
    for index in 0..<value.bitWidth / 8 { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
  }
}

/// A flattened device tree, written from nodes with properties of words and texts.
struct TestTree {
  private var structure: [UInt8] = []
  private var strings: [UInt8] = []

  /// GICv2, PL011, PL031 and one device whose range spans 2 MiB, as QEMU's machine has them; eight virtio transports
  /// on one page, one of them disabled, and two devices of which the first ends inside a page and the second begins
  /// there.
  static func machine() -> [UInt8] {
    var tree = TestTree()
    tree.node("") { root in
      root.words("#address-cells", [2])
      root.words("#size-cells", [2])
      root.words("interrupt-parent", [1])
      root.node("intc@8000000") {
        $0.text("compatible", "arm,cortex-a15-gic")
        $0.words("reg", [0, 0x800_0000, 0, 0x1_0000, 0, 0x801_0000, 0, 0x1_0000])
        $0.words("#interrupt-cells", [3])
        $0.words("interrupt-controller", [])
        $0.words("phandle", [1])
      }
      root.node("pl011@9000000") {
        $0.text("compatible", "arm,pl011")
        $0.words("reg", [0, 0x900_0000, 0, 0x1000])
        $0.words("interrupts", [0, 1, 4])
      }
      root.node("pl031@9010000") {
        $0.text("compatible", "arm,pl031")
        $0.words("reg", [0, 0x901_0000, 0, 0x1000])
        $0.words("interrupts", [0, 2, 4])
      }
      root.node("big@10000000") {
        $0.text("compatible", "test,big")
        $0.words("reg", [0, 0x1000_0000, 0, 0x60_0000])
      }
      for unit in 0..<8 as Range<UInt32> {
        root.node("virtio_mmio@\(String(0xa00_0000 + 0x200 * unit, radix: 16))") {
          $0.text("compatible", "virtio,mmio")
          $0.words("reg", [0, 0xa00_0000 + 0x200 * unit, 0, 0x200])
          $0.words("interrupts", [0, 16 + unit, 1])
          $0.words("dma-coherent", [])
          if unit == 6 { $0.text("status", "disabled") }
        }
      }
      root.node("head@b000000") {
        $0.text("compatible", "test,head")
        $0.words("reg", [0, 0xb00_0000, 0, 0x1800, 0, 0xc00_0000, 0, 0x1000])
        $0.words("dma-coherent", [])
      }
      root.node("tail@b001800") {
        $0.text("compatible", "test,tail")
        $0.words("reg", [0, 0xb00_1800, 0, 0x100])
      }
      root.node("huge@20000000") {
        $0.text("compatible", "test,huge")
        $0.words("reg", [0, 0x2000_0000, 0, 0x900_0000])
      }
      buses(&root)
    }
    return tree.blob
  }

  /// A bus that translates what devices say, a device behind an IOMMU, and a coherent bus that leaves addresses alone.
  private static func buses(_ root: inout TestTree) {
    func device(_ tree: inout TestTree, _ base: UInt32, _ more: (inout TestTree) -> Void) {
      tree.node("moved@\(String(base, radix: 16))") {
        $0.text("compatible", "test,moved")
        $0.words("reg", [0, base, 0, 0x1000])
        more(&$0)
      }
    }
    func bus(_ tree: inout TestTree, _ name: String, _ body: (inout TestTree) -> Void) {
      tree.node(name) {
        $0.words("#address-cells", [2])
        $0.words("#size-cells", [2])
        $0.words("ranges", [])
        body(&$0)
      }
    }
    bus(&root, "translating") {
      $0.words("dma-ranges", [0, 0, 0, 0x4000_0000, 0, 0x4000_0000])
      device(&$0, 0x3000_0000) { $0.words("dma-coherent", []) }
    }
    device(&root, 0x3000_1000) {
      $0.words("dma-coherent", [])
      $0.words("iommus", [1])
    }
    bus(&root, "coherent") {
      $0.words("dma-coherent", [])
      $0.words("dma-ranges", [])
      device(&$0, 0x3000_2000) { _ in }
    }
  }

  private mutating func node(_ name: String, _ body: (inout TestTree) -> Void) {
    put(1)
    structure += Array(name.utf8) + [0]
    pad()
    body(&self)
    put(2)
  }

  private mutating func words(_ name: String, _ values: [UInt32]) { property(name, values.flatMap(Self.big)) }
  private mutating func text(_ name: String, _ value: String) { property(name, Array(value.utf8) + [0]) }

  private mutating func property(_ name: String, _ value: [UInt8]) {
    put(3)
    put(UInt32(value.count))
    put(UInt32(strings.count))
    strings += Array(name.utf8) + [0]
    structure += value
    pad()
  }

  private mutating func put(_ value: UInt32) { structure += Self.big(value) }
  private mutating func pad() { while structure.count % 4 != 0 { structure.append(0) } }
  private static func big(_ value: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
  }

  private var blob: [UInt8] {
    let structure = structure + Self.big(9)
    let start: UInt32 = 56
    let header: [UInt32] = [
      0xd00d_feed, start + UInt32(structure.count + strings.count), start, start + UInt32(structure.count), 40, 17, 16,
      0, UInt32(strings.count), UInt32(structure.count),
    ]
    return header.flatMap(Self.big) + [UInt8](repeating: 0, count: 16) + structure + strings
  }
}
