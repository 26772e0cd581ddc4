import DeviceTree
import QEMU
import Testing

@Suite("Table of a tree's nodes", .enabled(if: Oracle.dtc.isExpected, "dtc is not installed"))
struct NodeTableTests {
  /// Buses of five devices each, of which one is disabled.
  private static func buses(_ count: Int) -> String {
    (0..<count).map { bus in
      """
      bus@\(bus) { #address-cells = <1>; #size-cells = <1>; ranges = <0 0 0x1\(bus % 10)000000 0x10000>;
        \(bus == 39 ? "late: gic@0 { compatible = \"arm,cortex-a15-gic\"; #interrupt-cells = <3>; phandle = <9>; };" : "")
        \(bus == 38 ? "interrupt-parent = <9>;" : "")
        a@0 { compatible = "test,a"; reg = <0 0x10>; interrupts = <0 \(bus) 4>; };
        b@10 { compatible = "test,b", "test,all"; reg = <0x10 0x10>; c@0 { compatible = "test,c"; }; };
        d@20 { compatible = "test,all"; status = "disabled"; }; plain { }; };
      """
    }.joined(separator: "\n")
  }

  @Test(
    "it finds the nodes that the tree's own search finds, in the same order, also behind those that it has room for",
    arguments: [1, 4, 20, 21, 22, 40])
  func same(count: Int) async throws {
    let tree = try DeviceTree(Blob(try await compile(machine(more: Self.buses(count)))))
    var table = NodeTable()
    for list in ["test,a\0", "test,all\0", "test,none\0test,c\0", "arm,pl011\0", "test,none\0"] {
      let bytes = Array(list.utf8)
      var (wanted, found) = (tree.find(list), table.node(compatibleWithAny: bytes.span, in: tree))
      while let node = wanted {
        let other = try #require(found)
        #expect(other.offset == node.offset)
        // What is asked of a node depends on those above it.
        let (told, asked) = (try table.device(other, in: tree), try tree.device(node))
        #expect(told.pathText == asked.pathText)
        #expect(told.ranges.all == asked.ranges.all)
        #expect(told.lines == asked.lines)
        wanted = tree.find(list, after: node)
        found = table.node(compatibleWithAny: bytes.span, after: other, in: tree)
      }
      #expect(found == nil)
    }
  }
}
