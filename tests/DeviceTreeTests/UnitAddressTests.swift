import DeviceTree
import QEMU
import Testing

@Suite("A node's unit address", .enabled(if: Oracle.dtc.isExpected, "dtc is not installed"))
struct UnitAddressTests {
  @Test(
    "is the hexadecimal number behind the @ of its name, as far as it goes, if there is one of 64 bits",
    arguments: [
      ("unit@1f", 0x1f, "unit@1f"), ("unit@9010000", 0x901_0000, "@9010000"), ("unit@A0b", 0xa0b, "unit@A0b"),
      ("unit@1,0", 1, "unit@1,0"), ("unit@0", 0, "unit@0"), ("unit", nil, "unit"), ("unit@g", nil, "unit@g"),
      ("unit@ffffffffffffffff", .max, "ffffffff"), ("unit@10000000000000000", nil, "00000000"),
      ("a-name-with-more@c003e00", 0xc00_3e00, "@c003e00"),
    ] as [(String, UInt64?, String)])
  func address(name: String, address: UInt64?, end: String) async throws {
    let tree = try DeviceTree(Blob(try await compile(machine(more: "\(name) { compatible = \"test,unit\"; };"))))
    let node = try #require(tree.node(compatibleWith: "test,unit"))
    #expect(tree.unitAddress(of: node) == address)
    #expect(tree.nameEnd(of: node) == end.utf8.reversed().reduce(0) { $0 << 8 | UInt64($1) })
  }
}
