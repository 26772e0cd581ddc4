import DeviceTree
import QEMU
import Testing

@Suite("What boot looks for is found", .enabled(if: Oracle.dtc.isExpected, "dtc is not installed"))
struct SurveyTests {
  /// The facts of a machine whose root begins with these properties.
  private static func facts(after properties: String, uart: String = "arm,pl011") async throws -> BootFacts {
    let memory = "memory@40000000 { device_type = \"memory\"; reg = <0 0x40000000 0 0x8000000>; };"
    let serial = "serial@9000000 { compatible = \"\(uart)\"; reg = <0 0x9000000 0 0x1000>; };"
    let off = "off@9100000 { compatible = \"arm,pl011\"; status = \"disabled\"; reg = <0 0x9100000 0 0x1000>; };"
    return try facts(try await compile(machine(memory: properties + memory, uart: off + serial))).get()
  }

  private static func facts(_ bytes: [UInt8]) -> Result<BootFacts, DeviceTreeError> {
    Result { () throws(DeviceTreeError) in try BootFacts(reading: Blob(bytes), limit: bytes.count) }
  }

  private static func check(_ facts: BootFacts) {
    #expect(facts.memory.all == [[0x4000_0000, 0x800_0000]])
    #expect(facts.uart.registers.base == 0x900_0000)
    #expect(facts.cpuCount == 1)
    #expect(facts.gic.version == .v2)
  }

  @Test("wherever the names of properties lie in the strings block", arguments: 0..<64 as Range<Int>)
  func places(count: Int) async throws {
    Self.check(try await Self.facts(after: (0..<count).map { "filler-\($0) = <\($0)>;" }.joined()))
  }

  @Test("by names that are the ends of longer ones")
  func ends() async throws {
    let longer = ["not-compatible", "a-device_type", "the-status", "xtatus", "able", "type", "us"]
    Self.check(try await Self.facts(after: longer.map { "\($0) = \"disabled\";" }.joined()))
  }

  @Test(
    "by any text of a list, at any offset",
    arguments: [
      "arm,pl011", "x\\0arm,pl011", "ab\\0arm,pl011", "abc\\0arm,pl011", "abcd\\0arm,pl011", "arm,pl031\\0arm,pl011",
      "arm,pl011\\0arm,primecell", "arm,primecell\\0\\0arm,pl011", "arm,pl01\\0arm,pl011", "arm,pl0111\\0arm,pl011",
    ])
  func texts(list: String) async throws {
    Self.check(try await Self.facts(after: "", uart: list))
  }

  @Test(
    "by whole texts only",
    arguments: ["arm,pl01", "arm,pl0111", "xarm,pl011", "arm,pl011x\\0y", "arm,", "a", "arm,pl01\\0001", "ARM,pl011"])
  func others(list: String) async throws {
    let error = await #expect(throws: DeviceTreeError.self) { try await Self.facts(after: "", uart: list) }
    #expect(error?.reason == .noUART)
  }

  @Test("between and behind tokens that say nothing (Devicetree Specification 0.4, 5.4.1, FDT_NOP)")
  func nops() async throws {
    let filler = "filler = <0x11223344 0x11223344>;"
    let range = "reg = <0 0x40000000 0 0x8000000>;"
    let source = machine(
      memory: filler + "memory@40000000 { \(filler) device_type = \"memory\"; \(filler) \(range) };",
      uart: "serial@9000000 { compatible = \"arm,pl011\"; reg = <0 0x9000000 0 0x1000>; \(filler) };",
      more: "last { \(filler) };")
    var bytes = try await compile(source, forced: true)
    var count = 0
    for offset in stride(from: 12, to: bytes.count - 8, by: 4) where bytes.load(at: offset) == 0x1122_3344 {
      if bytes.load(at: offset + 4) == 0x1122_3344 {
        for word in -3..<2 { bytes.store(4, at: offset + 4 * word) }
        count += 1
      }
    }
    #expect(count == 5)
    Self.check(try Self.facts(bytes).get())
  }
}
