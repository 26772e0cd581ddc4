/// The page that lists what single operations execute: docs/benchmarks-instructions.md. Nothing on it is an address, so
/// that it changes where the code does.
struct Instructions {
  /// One row: its instructions in the order in which each was first executed.
  struct Operation {
    var name: String
    var goal: UInt64?
    var entries: [Profile.Entry]

    var count: UInt64 { entries.total }
  }

  /// The rows that the page lists.
  static let rows = [
    "call", "replyReceive", "faultDeliver", "faultResume", "faultRoundTrip", "interruptDeliver", "interruptCycle",
    "mapPage",
  ]

  private let groups: Groups
  private let operations: [Operation]
  private let stages: [Stage]

  init(_ groups: Groups, _ operations: [Operation], boot: [Stage]) {
    self.groups = groups
    self.operations = operations.map { operation in
      var sorted = operation
      sorted.entries.sort { ($0.sample.first, $0.sample.address) < ($1.sample.first, $1.sample.address) }
      return sorted
    }
    stages = boot
  }

  /// The whole page.
  var page: String {
    var parts = [
      """
      # Instruction by instruction

      `make bench` writes this page. It lists what the rows of [the benchmarks](benchmarks.md) execute, each instruction
      in the order in which it was first executed: what it is for, how often where that is not once, the instruction, its
      function and its source line. What it is for is told by the table in `tools/bench/GroupRules.swift`, from the
      innermost function that the table knows; what it does not know is `other`. A branch names the function that it
      leads to, `.` is its own, `elsewhere` one that was not executed; `adrp` names no page.

      ## Sums

      """, sums,
    ]
    if let idle { parts.append(idle) }
    parts += operations.map(section)
    parts += ["## boot\n", Stage.table(stages)]
    return parts.joined(separator: "\n") + "\n"
  }

  /// The groups of all rows beside one another.
  var sums: String {
    let bySums = operations.map(sums)
    let used = groups.names.filter { name in bySums.contains { $0[name] != nil } }
    let head = ["What for"] + operations.map { "`\($0.name)`" }
    let rule = ["---"] + operations.map { _ in "---:" }
    let total = ["all"] + operations.map { Table.grouped($0.count) }
    let goals = ["goal"] + operations.map { $0.goal.map(Table.grouped) ?? "" }
    let body = used.map { name in [name] + bySums.map { $0[name].map(Table.grouped) ?? "" } }
    return ([head, rule] + body + [total, goals]).map { "| " + $0.joined(separator: " | ") + " |" }
      .joined(separator: "\n") + "\n"
  }

  private func sums(_ operation: Operation) -> [String: UInt64] {
    Dictionary(grouping: operation.entries) { groups.name($0.frames) }.mapValues(\.total)
  }

  /// The table's rules under which nothing falls: their function is gone, or was inlined and left nothing.
  var idle: String? {
    let used = Set(operations.flatMap { $0.entries.compactMap { groups.rule($0.frames) } })
    let idle = groups.rules.filter { !used.contains($0) }
    guard !idle.isEmpty else { return nil }
    let names = idle.map { "`\($0.function)`" + ($0.text.map { " (`\($0)`)" } ?? "") }
    return "Nothing fell under the table's \(names.joined(separator: ", ")).\n"
  }

  private func section(_ operation: Operation) -> String {
    let names = Self.names(operation.entries)
    let lines = operation.entries.map { entry in
      let count = entry.sample.count
      let cells = [
        Self.padded(groups.name(entry.frames), 31), Self.padded(count == 1 ? "" : String(count), 4),
        Self.padded(Self.text(entry, names), 34), Groups.bare(entry.frames.first?.function ?? "?"), entry.place,
      ]
      return cells.joined(separator: "  ")
    }
    return "## \(operation.name)\n\n```text\n" + lines.joined(separator: "\n") + "\n```\n"
  }

  /// The function that each executed instruction was emitted in.
  private static func names(_ entries: [Profile.Entry]) -> [String: [UInt64: String]] {
    var names: [String: [UInt64: String]] = [:]
    for entry in entries { names[entry.image, default: [:]][entry.sample.address] = Groups.bare(entry.emitted) }
    return names
  }

  /// The instruction without addresses.
  static func text(_ entry: Profile.Entry, _ names: [String: [UInt64: String]]) -> String {
    let text = entry.sample.text
    guard Opcode.isRelative(entry.sample.opcode), let mark = text.range(of: "#0x", options: .backwards) else {
      return text
    }
    let page = entry.sample.opcode & 0x1f00_0000 == 0x1000_0000
    let target = UInt64(text[mark.upperBound...], radix: 16).flatMap { names[entry.image]?[$0] }
    let own = Groups.bare(entry.emitted)
    return text[..<mark.lowerBound] + (page ? "…" : target.map { $0 == own ? "." : $0 } ?? "elsewhere")
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}

extension Opcode {
  /// Whether an operand is a place, told as its distance: a branch, adr, adrp, a load of what lies beside. Arm ARM C4.1.
  static func isRelative(_ opcode: UInt32) -> Bool {
    opcode & 0x7c00_0000 == 0x1400_0000 || opcode & 0xff00_0000 == 0x5400_0000 || opcode & 0x7c00_0000 == 0x3400_0000
      || opcode & 0x1f00_0000 == 0x1000_0000 || opcode & 0x3b00_0000 == 0x1800_0000
  }
}

extension [Profile.Entry] {
  /// How many instructions were executed.
  var total: UInt64 { reduce(0) { $0 + $1.sample.count } }
}

extension Profile.Entry {
  /// The innermost source line that is one.
  var place: String {
    (frames.first { $0.line != 0 && !$0.file.hasPrefix("<") } ?? frames.first)?.place ?? "?"
  }
}
