import DeviceTree
import QEMU
import Testing

@Suite(.enabled(if: Oracle.dtc.isExpected, "dtc is not installed"))
struct RefusalTests {
  @Test(
    "what a tree says wrongly is refused by name",
    arguments: [
      (machine(memory: ""), .noMemory, 0, 1),
      (machine(memory: "memory@0 { device_type = \"memory\"; reg = <0 0 0 0>; };"), .noMemory, 0, 1),
      (
        machine(
          memory: "memory@40000000 { device_type = \"memory\"; reg = <0 0x40000000 0 0x2000 0 0x40001000 0 0x2000>; };"),
        .memoryOverlaps, 0x4000_1000, 0x4000_2000
      ),
      (
        machine(memory: "memory@1 { device_type = \"memory\"; reg = <0xffffffff 0xfffff000 0 0x1000>; };"),
        .rangeOverflows, 0xffff_ffff_ffff_f000, 0x1000
      ),
      (machine(memory: "memory@40000000 { device_type = \"memory\"; reg = <0 0x40000000 0>; };"), .badLength, 12, 16),
      (machine(uart: ""), .noUART, 0, 1),
      (machine(uart: "serial { compatible = \"arm,pl011\"; status = \"disabled\"; };"), .noUART, 0, 1),
      (machine(uart: "serial { compatible = \"ns16550a\"; };"), .noUART, 0, 1),
      (machine(uart: "serial { compatible = \"arm,pl011\"; reg = <0 0x9000000 0 0x1000>; };", gic: ""), .noGIC, 0, 1),
      (
        machine(
          gic:
            "intc { compatible = \"arm,gic-400\"; interrupt-controller; phandle = <1>; #interrupt-cells = <3>; reg = <0 1 0 1>; };"
        ),
        .tooFewRanges, 1, 2
      ),
      (
        machine(
          gic:
            "intc { compatible = \"arm,gic-400\"; interrupt-controller; phandle = <1>; #interrupt-cells = <3>; reg = <0 1 0 1 0 2 0 0x1000>; };"
        ),
        .cpuInterfaceTooSmall, 0x1000, 0x2000
      ),
      (
        machine(more: "reserved-memory { #address-cells = <3>; #size-cells = <2>; x { reg = <1 2 3 4 5>; }; };"),
        .unsupportedCells, 3, 2
      ),
      (
        machine(more: "chosen { linux,initrd-start = <9>; linux,initrd-end = <8>; };"), .rangeOverflows, 9, 8
      ),
    ] as [(String, DeviceTreeError.Reason, UInt64, UInt64)])
  func meaning(source: String, reason: DeviceTreeError.Reason, found: UInt64, expected: UInt64) async throws {
    let bytes = try await compile(source, forced: true)
    #expect(refusal(bytes) == DeviceTreeError(reason, found: found, expected: expected))
  }

  @Test("more reserved ranges than sixteen are refused")
  func tooMany() async throws {
    let head = (0..<17).map { "/memreserve/ \(0x4100_0000 + $0 * 0x2000) 0x1000;" }.joined(separator: "\n")
    #expect(refusal(try await compile(machine(head: head))) == DeviceTreeError(.tooMany, found: 17, expected: 16))
  }

  @Test("sixteen nested nodes are read, seventeen are refused")
  func nesting() async throws {
    func nested(_ depth: Int) -> String {
      (0..<depth).map { "n\($0) { " }.joined() + String(repeating: "}; ", count: depth)
    }
    #expect(refusal(try await compile(machine(more: nested(15)))) == nil)
    #expect(
      refusal(try await compile(machine(more: nested(16)))) == DeviceTreeError(.nestingTooDeep, found: 17, expected: 16)
    )
  }

  @Test(
    "a header that lies is refused by name",
    arguments: [
      (0, 0xd00d_feee, .wrongMagic), (4, 39, .truncated), (4, 0x10_0000, .truncated), (20, 16, .versionTooOld),
      (24, 18, .incompatible), (8, 58, .unaligned), (8, 8, .truncated), (16, 44, .unaligned),
      (36, 0xffff_fff0, .blockOutside), (32, 0xffff_fff0, .blockOutside), (12, 0x7fff_fff0, .blockOutside),
      (32, 0, .blockOutside), (32, 1, .unterminated), (36, 8, .truncated),
    ] as [(Int, UInt32, DeviceTreeError.Reason)])
  func header(offset: Int, value: UInt32, reason: DeviceTreeError.Reason) async throws {
    var bytes = try await compile(machine())
    bytes.store(value, at: offset)
    #expect(refusal(bytes)?.reason == reason)
  }

  @Test(
    "a token that is none, or not its turn, is refused with its place", arguments: [0, 5, 9, 0xffff_ffff] as [UInt32])
  func token(value: UInt32) async throws {
    var bytes = try await compile(machine())
    let structure = Int(bytes.load(at: 8))
    bytes.store(value, at: structure + 8)
    #expect(
      refusal(bytes) == DeviceTreeError(.badToken, found: UInt64(value), expected: UInt64(structure + 8)))
    bytes.store(2, at: structure)
    #expect(refusal(bytes) == DeviceTreeError(.badToken, found: 2, expected: UInt64(structure)))
  }

  @Test("a blob cut at any word is refused, and never read behind the cut")
  func truncation() async throws {
    let bytes = try await compile(machine(head: "/memreserve/ 0x41000000 0x1000;"))
    for count in stride(from: 0, to: bytes.count, by: 4) {
      let blob = Blob(Array(bytes.prefix(count)))
      let error = #expect(throws: DeviceTreeError.self) { try DeviceTree(blob, limit: count) }
      #expect(error?.reason == .truncated)
      #expect(blob.strayLoads == 0)
    }
  }

  @Test("a blob cut at any word whose header agrees is refused or answers the same")
  func agreedTruncation() async throws {
    let whole = try await compile(machine())
    let expected = try facts(whole).get()
    for count in stride(from: 4, to: whole.count, by: 4) {
      var bytes = Array(whole.prefix(count))
      bytes.store(UInt32(count), at: 4)
      let blob = Blob(bytes)
      guard let facts = try? BootFacts(reading: blob, limit: count) else {
        #expect(blob.strayLoads == 0)
        continue
      }
      #expect(facts.memory.all == expected.memory.all)
      #expect(facts.uart == expected.uart)
      #expect(blob.strayLoads == 0)
    }
  }

  @Test("flipped bytes neither trap nor lead the reader outside", arguments: 0..<8 as Range<UInt64>)
  func flips(seed: UInt64) async throws {
    let whole = try await compile(
      machine(
        head: "/memreserve/ 0x41000000 0x1000;",
        more: """
          soc { #address-cells = <1>; #size-cells = <1>; ranges = <0 0 0x10000000 0x100000>;
            a@10 { compatible = "test,a"; reg = <0x10 4>; interrupts = <0 1 4>; }; };
          chosen { stdout-path = "serial0:1"; bootargs = "x"; linux,initrd-start = <1>; linux,initrd-end = <2>; };
          aliases { serial0 = "/serial@9000000"; };
          reserved-memory { #address-cells = <2>; #size-cells = <2>; ranges; a@42000000 { reg = <0 1 0 1>; }; };
          """))
    var random = Generator(state: seed &* 0x9e37_79b9_7f4a_7c15 | 1)
    for _ in 0..<400 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      let blob = Blob(bytes)
      let facts = Result { () throws(DeviceTreeError) in try BootFacts(reading: blob, limit: bytes.count) }
      let checked = Result { () throws(DeviceTreeError) in try DeviceTree(blob, limit: bytes.count) }
      #expect(blob.strayLoads == 0)
      guard case .success(let tree) = checked else {
        if case .success = facts { Issue.record("facts of a tree that is refused") }
        continue
      }
      var next: DeviceTreeNode? = tree.root
      while let node = next {
        _ = try? tree.device(node)
        next = tree.node(after: node)
      }
      #expect(blob.strayLoads == 0)
    }
  }
}

/// A repeatable source of numbers (xorshift64).
struct Generator: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}

extension [UInt8] {
  func load(at offset: Int) -> UInt32 { self[offset..<(offset + 4)].reduce(0) { $0 << 8 | UInt32($1) } }
  mutating func store(_ value: UInt32, at offset: Int) {
    guard offset + 4 <= count else { return }
    for index in 0..<4 { self[offset + index] = UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * index)) }
  }
}
