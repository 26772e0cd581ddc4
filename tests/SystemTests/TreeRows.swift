import Foundation

extension TreeTests.Row {
  private static let memory = "reg = <0x00 0x40000000 0x00 0x8000000>;"
  private static let uart = "compatible = \"arm,pl011\\0arm,primecell\";"
  private static let controller = "compatible = \"arm,cortex-a15-gic\";"
  private static let controllerRanges = "reg = <0x00 0x8000000 0x00 0x10000 0x00 0x8010000 0x00 0x10000>;"

  /// RAM of `bytes` at `base`, both as dtc writes two cells.
  private static func ram(_ base: String, _ bytes: String) -> Tree { .with("reg = <\(base) \(bytes)>;", for: memory) }

  /// A node of further RAM.
  private static func bank(_ base: Int, _ bytes: Int) -> String {
    "\tmemory@\(String(base, radix: 16)) { device_type = \"memory\"; reg = <0 \(base) 0 \(bytes)>; };"
  }

  /// /reserved-memory with these ranges.
  private static func reserving(_ ranges: [(base: Int, bytes: Int)]) -> Tree {
    let nodes = ranges.map { "r@\(String($0.base, radix: 16)) { reg = <0 \($0.base) 0 \($0.bytes)>; };" }
    return .adding(
      "\treserved-memory { #address-cells = <2>; #size-cells = <2>; ranges; \(nodes.joined(separator: " ")) };")
  }

  /// Refused with words on the UART.
  static let told = [
    Self(
      name: "absent memory", tree: .with("device_type = \"other\";", for: "device_type = \"memory\";"),
      message: "device tree: memory ranges, at least: 0x0, 0x1", status: 20),
    Self(
      name: "overlapping memory", tree: .adding(bank(0x47ff_f000, 0x10_0000)),
      message: "device tree: base of a memory range, inside another that ends at: 0x47ff_f000, 0x4800_0000", status: 21),
    Self(
      name: "memory that ends behind 2^64", tree: ram("0xffffffff 0xfffff000", "0x00 0x2000"),
      message: "device tree: base of a range that overflows, its size: 0xffff_ffff_ffff_f000, 0x2000", status: 14),
    Self(
      name: "seventeen ranges of memory",
      tree: .adding((1...16).map { bank(0x4800_0000 + $0 * 0x20_0000, 0x1000) }.joined(separator: "\n")),
      message: "device tree: ranges or interrupts, at most: 0x11, 0x10", status: 15),
    Self(
      name: "no interrupt controller", tree: .with("compatible = \"arm,other\";", for: controller),
      message: "device tree: interrupt controllers of type GICv2 or GICv3, at least: 0x0, 0x1", status: 23),
    Self(
      name: "an interrupt controller without CPU interface",
      tree: .with("reg = <0x00 0x8000000 0x00 0x10000>;", for: controllerRanges),
      message: "device tree: ranges of the interrupt controller, at least: 0x1, 0x2", status: 24),
    Self(
      name: "a CPU interface without its second page",
      tree: .with("reg = <0x00 0x8000000 0x00 0x10000 0x00 0x8010000 0x00 0x1000>;", for: controllerRanges),
      message: "device tree: bytes of the GIC's CPU interface, at least: 0x1000, 0x2000", status: 25),
    Self(
      name: "too little memory", tree: ram("0x00 0x40000000", "0x00 0x1000000"),
      message: "RAM too small: 16 MiB found, 32 MiB needed", status: 66),
    Self(
      name: "an image that is not in RAM", tree: ram("0x00 0x80000000", "0x00 0x8000000"),
      message: "the image is not in RAM: 0x4000_0000–0x407f_ffff", status: 67),
    Self(
      name: "memory beside the UART", tree: .adding(bank(0x1000_0000, 0x100_0000)),
      message: "the GiB of the UART holds RAM: 0x900_0000", status: 68),
    Self(
      name: "memory that starts where no ledger can lie", tree: ram("0x00 0x3fe00000", "0x00 0x8000000"),
      message: "RAM starts at 0x3fe0_0000, the image was made for 0x4000_0000", status: 71),
    Self(
      name: "reserved memory in the image's place", tree: reserving([(0x4030_0000, 0x1000)]),
      message: "device tree or reserved memory in the image's place: 0x4030_0000", status: 74),
    Self(
      name: "reserved memory in the ledger's place", tree: reserving([(0x401f_f000, 0x1000)]),
      message: "device tree or reserved memory in the image's place: 0x401f_f000", status: 74),
    Self(
      name: "reserved memory where the memory server starts", tree: reserving([(0x409f_f000, 0x1000)]),
      message: "device tree or reserved memory in the image's place: 0x409f_f000", status: 74),
    Self(
      name: "an entry of the reservation block in the image's place",
      tree: .with("/dts-v1/;\n/memreserve/ 0x40200000 0x1000;\n", for: "/dts-v1/;\n"),
      message: "device tree or reserved memory in the image's place: 0x4020_0000", status: 74),
    Self(
      name: "seventeen reserved ranges",
      tree: reserving((0..<17).map { (0x4500_0000 + $0 * 0x20_0000, 0x1000) }),
      message: "device tree: ranges or interrupts, at most: 0x11, 0x10", status: 15),
    Self(
      name: "a tree in the image's place", tree: Tree(), address: 0x4070_0000,
      message: "device tree or reserved memory in the image's place: 0x4070_0010", status: 74),
  ]

  /// Refused before a UART was found, or because there is none.
  static let silent = [
    Self(name: "no tree", tree: Tree(), pointer: .zero, message: nil, status: 2),
    Self(name: "an unaligned tree", tree: Tree(), pointer: .unaligned, message: nil, status: 5),
    Self(name: "a wrong magic", tree: .damaged { [0] + $0.dropFirst() }, message: nil, status: 2),
    Self(name: "a header alone", tree: .damaged { Array($0.prefix(40)) }, message: nil, status: 7),
    Self(name: "half of the tree", tree: .damaged { Array($0.prefix($0.count / 2)) }, message: nil, status: 7),
    Self(name: "a total size below a header's", tree: .damaged { $0.setting(4, to: 39) }, message: nil, status: 1),
    Self(name: "a total size above 2 MiB", tree: .damaged { $0.setting(4, to: 2 << 20 + 1) }, message: nil, status: 1),
    Self(name: "a total size below the blocks'", tree: .damaged { $0.setting(4, to: 4096) }, message: nil, status: 6),
    Self(name: "an old version", tree: .damaged { $0.setting(20, to: 16) }, message: nil, status: 3),
    Self(name: "an incompatible version", tree: .damaged { $0.setting(24, to: 18) }, message: nil, status: 4),
    Self(
      name: "no UART that the kernel knows", tree: .with("compatible = \"ns16550a\";", for: uart), message: nil,
      status: 22),
    Self(
      name: "a UART that is disabled", tree: .with(uart + " status = \"disabled\";", for: uart),
      message: nil, status: 22),
  ]
}

extension [UInt8] {
  /// The tree with the big-endian word at `offset` replaced (Devicetree Specification 0.4, 5.2).
  fileprivate func setting(_ offset: Int, to word: Int) -> [UInt8] {
    var bytes = self
    for index in 0..<4 { bytes[offset + index] = UInt8(truncatingIfNeeded: word >> (24 - 8 * index)) }
    return bytes
  }
}
