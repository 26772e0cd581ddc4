import Testing

@testable import apus_bench

@Suite("Trace of the bench")
struct TraceTests {
  private static let call = """
    trace read 1 1 1000 500 0 0
    trace read 2 1 1125 604 0 11
    [   0.002] bench    call      104 104

    """
  private static let log = """
    trace enter 100 1 2
    trace read 1 1 1000 500 0 0
    trace read 2 1 1125 604 0 11
    trace masked 150
    [   0.002] bench    call      104 104
    trace masked 160
    trace read 3 1 1300 700 1 11
    trace read 4 0 1301 700 1 11
    trace read 5 0 1352 740 3 12
    trace read 6 1 1353 740 3 12
    [   0.002] bench    freePage      40 40
    [   0.002] bench    freePageWhole      50 50
    [   0.002] bench    bytesPerTask      16384 16384

    """

  @Test(
    "a row's window lies between the last reads before its line that are as far apart as its count",
    arguments: [("call", 1, 2), ("freePage", 3, 6), ("freePageWhole", 4, 5)])
  func windows(name: String, from: Int, to: Int) throws {
    let window = try #require(Trace(log: Self.log).window(name))
    #expect((window.from.number, window.to.number) == (from, to))
  }

  @Test("what is not counted between two reads has no window", arguments: ["bytesPerTask", "absent"])
  func none(name: String) { #expect(Trace(log: Self.log).window(name) == nil) }

  @Test("barriers and registers of a row are those between its reads")
  func accesses() {
    let trace = Trace(log: Self.log)
    #expect(trace.accesses("call") == Trace.Accesses(barriers: 0, registers: 11))
    #expect(trace.accesses("freePage") == Trace.Accesses(barriers: 2, registers: 1))
    #expect(trace.accesses("bytesPerTask") == nil)
  }

  @Test(
    "the longest step is of the row whose reads it lies between, or of what comes before the next",
    arguments: [
      ("trace masked 9", "the start of the services", 9), (log, "what prepares freePage", 160),
      (log.replacing("trace read 5", with: "trace masked 170\ntrace read 5"), "freePage", 170),
    ])
  func longest(lines: String, operation: String, count: UInt64) {
    let step = Trace(log: lines.hasPrefix("trace masked 9") ? lines + "\n" + Self.call : lines).longestStep
    #expect((step.operation, step.count) == (operation, count))
  }

  @Test("executed instructions are read, and a list without an end is none")
  func samples() {
    let list = "trace at 12 ffffff804020cff0 7f18c d503201f 40 nop\ntrace at 1 201a28 7f19a f9400000 7 ldr x0, [x0]\n"
    #expect(Trace.samples(log: list) == nil)
    #expect(
      Trace.samples(log: list + "trace end\n") == [
        Trace.Sample(
          count: 12, address: 0xffff_ff80_4020_cff0, page: 0x7f18c, opcode: 0xd503_201f, first: 40, text: "nop"),
        Trace.Sample(count: 1, address: 0x20_1a28, page: 0x7f19a, opcode: 0xf940_0000, first: 7, text: "ldr x0, [x0]"),
      ])
  }

  @Test(
    "barriers and accesses to system registers are told by their codes",
    arguments: [
      (0xd503_3b9f, .dsb), (0xd503_3bbf, .dmb), (0xd503_3fdf, .isb), (0xd508_831f, .tlbi), (0xd538_5209, .mrs),
      (0xd518_2000, .msr), (0xd503_42df, .msr), (0xd503_201f, nil), (0xd65f_03c0, nil), (0xd50b_7420, nil),
    ] as [(UInt32, Opcode.Kind?)])
  func kinds(opcode: UInt32, kind: Opcode.Kind?) { #expect(Opcode.kind(opcode) == kind) }

  @Test("frames come innermost first, with the function's name bare of the compiler's words")
  func frames() {
    let block = """
      specialized Kernel<>.quickEndpoint(_:_:right:)
      /a/kernel/core/Quick.swift:69:17
      kernelQuickCall
      /a/kernel/main/Exceptions.swift:35:27
      """
    #expect(
      Symbols.frames(block) == [
        Frame(function: "Kernel<>.quickEndpoint(_:_:right:)", file: "Quick.swift", line: 69),
        Frame(function: "kernelQuickCall", file: "Exceptions.swift", line: 35),
      ])
  }
}
