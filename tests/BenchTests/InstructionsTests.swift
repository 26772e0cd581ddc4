import Foundation
import Testing

@testable import apus_bench

@Suite("List of instructions that the bench writes")
struct InstructionsTests {
  private static let groups = Groups(
    rules: [
      .init("registers saved", "vectors", "save_"), .init("entry", "vectors"), .init("handle", "Kernel.quickHandle"),
      .init("results", "kernelQuickCall"), .init("server", "Server.*"), .init("way out", "quick_exit"),
    ],
    sources: ["vectors.S": ["vectors:", "  cmp w8, #1", "  save_kept"]])

  private static func entry(
    _ first: UInt64, _ address: UInt64, _ text: String, _ frames: Frame..., opcode: UInt32 = 0xd503_201f,
    count: UInt64 = 1
  ) -> Profile.Entry {
    let sample = Trace.Sample(
      count: count, address: address, page: 1, opcode: opcode, first: first, text: text)
    return Profile.Entry(sample: sample, image: "kernel.elf", frames: frames)
  }

  private static let half: UInt64 = 0xffff_ff80_0000_0000
  private static let handle = Frame(function: "Kernel<>.quickHandle(_:_:_:right:)", file: "Quick.swift", line: 170)
  private static let call = Frame(function: "kernelQuickCall", file: "Exceptions.swift", line: 36)
  private static let unknown = Frame(function: "novel()", file: "Novel.swift", line: 1)
  /// Out of order, as a trace lists them; the vectors lie behind what they lead to.
  private static let entries = [
    entry(9, half + 0x200, "ldr x8, [x9]", handle, call),
    entry(7, half + 0x800, "cmp w8, #1", Frame(function: "vectors", file: "vectors.S", line: 2)),
    entry(8, half + 0x804, "stp x19, x20, [sp]", Frame(function: "vectors", file: "vectors.S", line: 3), count: 6),
    entry(10, half + 0x204, "b.hs #0xffffff8000000300", handle, call, opcode: 0x5400_0002),
    entry(11, half + 0x208, "b #0xffffff8000000800", call, opcode: 0x1400_0000),
    entry(12, half + 0x20c, "adrp x8, #0xffffff8000100000", unknown, opcode: 0x9000_0008),
  ]

  private static func page(_ entries: [Profile.Entry] = entries, boot: [Stage] = []) -> Instructions {
    Instructions(groups, [.init(name: "call", goal: 5, entries: entries)], boot: boot)
  }

  @Test("a group is told by the innermost function that the table knows, and by what its line holds")
  func grouping() {
    let named = Self.entries.map { Self.groups.name($0.frames) }
    #expect(named == ["handle", "entry", "registers saved", "handle", "results", "other"])
    #expect(Self.groups.names == ["registers saved", "entry", "handle", "results", "server", "way out", "other"])
    // A function that ends where another's name goes on is another; a star says that any end will do.
    #expect(Self.groups.name([Frame(function: "Kernel<>.quickHandles()", file: "a", line: 1)]) == "other")
    #expect(Self.groups.name([Frame(function: "Server<>.step<A>(_:on:_:)", file: "a", line: 1)]) == "server")
  }

  @Test(
    "a function's bare name has neither parameters nor the compiler's words",
    arguments: [
      ("Kernel<>.quickHandle(_:_:_:right:)", "Kernel.quickHandle"),
      ("static Descriptor.permissions(_:isNormal:)", "Descriptor.permissions"),
      ("$defer #1 <A><A1>() in MemoryServer.showRun<A>(_:most:)", "MemoryServer.showRun"),
      ("HandleWord.object.getter", "HandleWord.object.getter"), ("vectors", "vectors"),
    ])
  func bare(name: String, bare: String) { #expect(Groups.bare(name) == bare) }

  @Test("the sums of the groups are all that was executed, with the goal below")
  func sums() {
    #expect(
      Self.page().sums == """
        | What for | `call` |
        | --- | ---: |
        | registers saved | 6 |
        | entry | 1 |
        | handle | 2 |
        | results | 1 |
        | other | 1 |
        | all | 11 |
        | goal | 5 |

        """)
  }

  @Test("instructions are listed as they were executed, without an address")
  func listing() {
    let page = Self.page().page
    let lines = page.split(separator: "\n").filter { $0.contains("  vectors.S") || $0.contains("  Quick.swift") }
    #expect(lines.map { $0.split(separator: " ").first } == ["entry", "registers", "handle", "handle"])
    #expect(page.contains("novel  Novel.swift:1\n```"))
    #expect(lines[1].contains("  6     stp x19, x20"))
    #expect(page.contains("b.hs elsewhere") && page.contains("b vectors") && page.contains("adrp x8, …"))
    #expect(!page.contains("ffffff80"))
    // What branches into its own function.
    let own = Self.entry(13, Self.half + 0x210, "cbz x8, #0xffffff8000000200", Self.call, opcode: 0xb400_0008)
    #expect(Self.page(Self.entries + [own]).page.contains("cbz x8, .  "))
  }

  @Test("the table's rules that nothing falls under are told")
  func idle() {
    #expect(Self.page().idle == "Nothing fell under the table's `Server.*`, `quick_exit`.\n")
    let whole = Instructions(
      Groups(rules: [.init("all", "*")], sources: [:]), [.init(name: "call", goal: nil, entries: Self.entries)],
      boot: [])
    #expect(whole.idle == nil)
  }

  @Test("each rule of the kernel's own table can be reached: none before it takes all that it could have")
  func table() {
    for (index, rule) in Groups.table.enumerated() {
      let shadows = Groups.table.prefix(index).filter { earlier in
        let covers =
          earlier.function.hasSuffix("*")
          ? rule.function.hasPrefix(earlier.function.dropLast()) : earlier.function == rule.function
        return covers && (earlier.text == nil || earlier.text == rule.text)
      }
      #expect(shadows.isEmpty, "\(rule)")
    }
  }

  @Test("boot is cut where the kernel calls its log and where that returns, and each part is told by the line")
  func stages() throws {
    let log = """
      trace at 3 40200000 7f18c d503201f 1 nop
      trace stage
      trace at 5 ffffff8040201000 7f18c d503201f 9 nop
      [   0.000] kernel   cpu      1 found
      trace stage
      trace at 1 ffffff8040202000 7f18c d503201f 30 nop
      trace end
      trace at 7 ffffff8040203000 7f18c d503201f 31 nop

      """
    let lists = try #require(Trace.stages(log: log))
    #expect(lists.map(\.line) == [nil, "cpu", nil])
    #expect(lists.map { $0.samples.map(\.count) } == [[3], [5], [1]])
    #expect(Trace.stages(log: log.replacing("trace end\n", with: "")) == nil)
    let boot = Frame(function: "static Boot.memory()", file: "Boot.swift", line: 1)
    let stages = lists.map { list in
      Stage(line: list.line, entries: list.samples.map { .init(sample: $0, image: "kernel.elf", frames: [boot]) })
    }
    let table = Stage.table(stages)
    #expect(table.contains("| until `cpu` | 3 | | |\n| | | `Boot.memory` | 3 |\n| the line `cpu` | 5 | | |"))
    #expect(table.contains("| until the first task | 1 | | |") && table.contains("the first task: 9."))
    let called = Frame(function: "log(_:_:)", file: "Log.swift", line: 6)
    let marks = Stage.marks([
      Self.entry(1, Self.half + 0x200, "bl", boot, opcode: 0x97ff_ffc0),
      Self.entry(2, Self.half + 0x100, "nop", called),
      Self.entry(3, Self.half + 0x300, "bl", boot, opcode: 0x9400_0040),
    ])
    #expect(marks == [Self.half + 0x200, Self.half + 0x204])
  }

  @Test("functions of less than 1 in 100 of a stage are summed up")
  func functions() {
    let small = Self.entry(1, 1, "nop", Frame(function: "small", file: "a", line: 1))
    let large = Self.entry(1, 2, "nop", Frame(function: "large", file: "a", line: 1), count: 100)
    let told = Stage(line: nil, entries: [small, large]).functions
    #expect(told.map(\.name) == ["`large`", "others"] && told.map(\.count) == [100, 1])
  }
}
