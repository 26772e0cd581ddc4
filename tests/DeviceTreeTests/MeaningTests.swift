import DeviceTree
import QEMU
import Testing

@Suite(.enabled(if: Oracle.dtc.isExpected, "dtc is not installed"))
struct MeaningTests {
  @Test("addresses are translated by every bus above, and an empty translation is the identity")
  func translation() async throws {
    let bytes = try await compile(
      machine(
        more: """
          soc@10000000 { #address-cells = <1>; #size-cells = <1>; ranges = <0 0 0x10000000 0x100000  0x100000 0 0x20000000 0x1000>;
            inner@4000 { #address-cells = <1>; #size-cells = <1>; ranges = <0x100 0x4000 0x1000>;
              a@180 { compatible = "test,a"; reg = <0x180 0x40>; }; };
            flat { #address-cells = <1>; #size-cells = <1>; ranges;
              b@100010 { compatible = "test,b"; reg = <0x100010 0x10 0x20 0x8>; }; };
            c@100ff0 { compatible = "test,c"; reg = <0x100ff0 0x20>; }; };
          island { #address-cells = <1>; #size-cells = <1>; d@0 { compatible = "test,d"; reg = <0 4>; }; };
          """))
    let tree = try DeviceTree(Blob(bytes))
    let a = try tree.device(try #require(tree.node(compatibleWith: "test,a")))
    #expect(a.ranges.all == [[0x1000_4080, 0x40]])
    #expect(a.pathText == "/soc@10000000/inner@4000/a@180")
    let b = try tree.device(try #require(tree.node(compatibleWith: "test,b")))
    #expect(b.ranges.all == [[0x2000_0010, 0x10], [0x1000_0020, 8]])
    for name in ["test,c", "test,d"] {
      let node = try #require(tree.find(name + "\0"))
      let error = #expect(throws: DeviceTreeError.self) { try tree.device(node) }
      #expect(error?.reason == .notTranslatable)
    }
  }

  @Test("interrupts are decoded by the nearest interrupt parent")
  func interrupts() async throws {
    let bytes = try await compile(
      machine(
        more: """
          bus { interrupt-parent = <1>; a { compatible = "test,a"; interrupts = <0 7 1 1 14 8 0 987 4 1 15 2>; }; };
          gpio: gpio { interrupt-controller; #interrupt-cells = <2>; phandle = <2>; };
          b { compatible = "test,b"; interrupt-parent = <2>; interrupts = <3 1>; };
          c { compatible = "test,c"; interrupts = <0 988 4>; };
          d { compatible = "test,d"; interrupt-parent = <77>; interrupts = <0 1 4>; };
          e { compatible = "test,e"; interrupts = <0 1>; };
          """), forced: true)
    let tree = try DeviceTree(Blob(bytes))
    let a = try tree.device(try #require(tree.node(compatibleWith: "test,a")))
    #expect(
      a.lines == [
        InterruptLine(number: 39, trigger: .edge), InterruptLine(number: 30, trigger: .level),
        InterruptLine(number: 1019, trigger: .level), InterruptLine(number: 31, trigger: .edge),
      ])
    let refused: [(String, DeviceTreeError.Reason)] = [
      ("test,b", .foreignInterrupt), ("test,c", .unsupportedInterrupt), ("test,d", .noSuchPhandle),
      ("test,e", .badLength),
    ]
    for (name, reason) in refused {
      let node = try #require(tree.find(name + "\0"))
      #expect(#expect(throws: DeviceTreeError.self) { try tree.device(node) }?.reason == reason, "\(name)")
    }
  }

  @Test(
    "the console is the one that /chosen names, by path or alias, else the first",
    arguments: [
      ("", 0x9000_000), ("chosen { stdout-path = \"/serial@9100000\"; };", 0x9100_000),
      ("chosen { stdout-path = \"/serial@9100000:115200n8\"; };", 0x9100_000),
      (
        "chosen { stdout-path = \"serial1:9600\"; }; aliases { serial = \"/x\"; serial1 = \"/serial@9100000\"; };",
        0x9100_000
      ),
      ("chosen { stdout-path = \"serial9\"; }; aliases { serial1 = \"/serial@9100000\"; };", 0x9000_000),
      ("chosen { stdout-path = \"/nowhere\"; };", 0x9000_000), ("chosen { stdout-path = \"\"; };", 0x9000_000),
      ("chosen { stdout-path = \"/off@9200000\"; };", 0x9000_000),
    ])
  func console(more: String, base: UInt64) async throws {
    let others = """
      serial@9100000 { compatible = "vendor,uart", "arm,pl011"; reg = <0 0x9100000 0 0x1000>; };
      off@9200000 { compatible = "arm,pl011"; status = "disabled"; reg = <0 0x9200000 0 0x1000>; };
      """
    let facts = try facts(try await compile(machine(more: others + more))).get()
    #expect(facts.uart.registers.base == base)
  }

  @Test("memory is sorted and joined, reservations of both kinds are gathered")
  func ranges() async throws {
    let memory = """
      memory@80000000 { device_type = "memory"; reg = <0 0x80000000 0 0x1000  1 0 0 0x2000  0 0x90000000 0 0>; };
      memory@40000000 { device_type = "memory"; reg = <0 0x40000000 0 0x40000000>; };
      memory@50000000 { device_type = "memory"; status = "disabled"; reg = <0 0x50000000 0 0x1000>; };
      """
    let reserved = """
      reserved-memory { #address-cells = <2>; #size-cells = <2>; ranges;
        a@42000000 { reg = <0 0x42000000 0 0x1000>; }; b { size = <0 0x1000>; };
        c@41001000 { reg = <0 0x41001000 0 0x800>; no-map; };
        d@43000000 { status = "disabled"; reg = <0 0x43000000 0 0x1000>; }; };
      """
    let source = machine(
      memory: memory, head: "/memreserve/ 0x41000000 0x1800;\n/memreserve/ 0x45000000 0x10;", more: reserved)
    let facts = try facts(try await compile(source)).get()
    #expect(facts.memory.all == [[0x4000_0000, 0x4000_1000], [0x1_0000_0000, 0x2000]])
    #expect(facts.reserved.all == [[0x4100_0000, 0x1800], [0x4200_0000, 0x1000], [0x4500_0000, 0x10]])
    #expect(facts.psci == nil)
  }

  @Test("of a property that stands twice in /chosen, the first counts")
  func duplicates() async throws {
    let chosen = """
      chosen { linux,initrd-start = <0x44000000>; linux,initrd-end = <0 0x44001000>;
        linux,initrd-start = <0x1>; linux,initrd-end = <0x2>; bootargs = "first"; bootargs = "second"; };
      """
    let bytes = try await compile(machine(more: chosen), forced: true)
    let facts = try facts(bytes).get()
    #expect(facts.initialRAMDisk.map { [$0.base, $0.size] } == [0x4400_0000, 0x1000])
    let arguments = try #require(facts.bootArguments)
    #expect(Array(bytes[arguments.offset..<(arguments.offset + arguments.byteCount)]) == Array("first".utf8))
  }

  @Test("what lies on a disabled bus is as disabled as the bus")
  func disabled() async throws {
    let bytes = try await compile(
      machine(
        more: """
          off { status = "disabled"; a { compatible = "test,a"; }; };
          on { status = "okay"; b { compatible = "test,b"; }; c { compatible = "test,c"; status = "fail"; }; };
          """))
    let tree = try DeviceTree(Blob(bytes))
    #expect(tree.find("test,a\0") == nil)
    #expect(tree.node(compatibleWith: "test,a") == nil)
    #expect(tree.find("test,b\0") != nil)
    #expect(tree.find("test,c\0") == nil)
  }

  @Test("a search takes any of a grant's strings, whole, and no empty one")
  func search() async throws {
    let bytes = try await compile(machine(more: "x { compatible = \"a,b\", \"c,d\"; };"))
    let tree = try DeviceTree(Blob(bytes))
    func finds(_ list: String) -> Bool { tree.find(list) != nil }
    #expect(finds("c,d\0"))
    #expect(finds("no\0a,b\0"))
    #expect(!finds("c,\0"))
    #expect(!finds("c,dd\0"))
    #expect(!finds("\0"))
    #expect(!finds(""))
  }
}
