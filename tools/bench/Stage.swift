/// A part of boot: what lies between two lines of its log, or what one of them costs.
struct Stage {
  /// The line's subject that was logged meanwhile; nil: this is what comes before the next.
  var line: String?
  var entries: [Profile.Entry]

  /// Where stages begin: the calls of the kernel's `log`, and what comes after each.
  static func marks(_ entries: [Profile.Entry]) -> [UInt64] {
    let logs = Set(
      entries.filter { $0.image == "kernel.elf" && Groups.bare($0.emitted) == "log" }.map(\.sample.address))
    let calls = entries.map(\.sample).filter { Opcode.called($0).map(logs.contains) ?? false }.map(\.address)
    return calls.sorted().flatMap { [$0, $0 &+ 4] }
  }

  /// A table of the stages, each with its functions, the dearest first.
  static func table(_ stages: [Stage]) -> String {
    let sum = stages.reduce(0) { $0 + $1.entries.total }
    var lines = [
      "By the lines of the boot log, from the kernel's entry to the first task: \(Table.grouped(sum)). The functions",
      "are those that were emitted, with what was inlined into them; those of less than 1 in 100 of a stage, or beyond",
      "the twelve dearest, are summed up.", "",
      "| Stage | Instructions | Function | Instructions |", "|---|---:|---|---:|",
    ]
    for (index, stage) in stages.enumerated() where stage.entries.total > 0 {
      let total = Table.grouped(stage.entries.total)
      lines.append("| \(title(stages, index)) | \(total) | | |")
      for (name, count) in stage.functions { lines.append("| | | \(name) | \(Table.grouped(count)) |") }
    }
    return lines.joined(separator: "\n")
  }

  private static func title(_ stages: [Stage], _ index: Int) -> String {
    if let line = stages[index].line { return "the line `\(line)`" }
    if let next = stages[(index + 1)...].first(where: { $0.line != nil })?.line { return "until `\(next)`" }
    return "until the first task"
  }

  /// The functions that matter, and the sum of the others.
  var functions: [(name: String, count: UInt64)] {
    let all = Dictionary(grouping: entries) { Groups.bare($0.emitted) }.map { (name: $0, count: $1.total) }.sorted {
      ($1.count, $0.name) < ($0.count, $1.name)
    }
    let told = all.prefix(12).filter { $0.count * 100 >= entries.total }
    let rest = entries.total - told.reduce(0) { $0 + $1.count }
    return told.map { ("`\($0.name)`", $0.count) } + (rest > 0 ? [("others", rest)] : [])
  }
}

extension Opcode {
  /// The function that a BL calls. Arm ARM C6.2.35.
  static func called(_ sample: Trace.Sample) -> UInt64? {
    guard sample.opcode & 0xfc00_0000 == 0x9400_0000 else { return nil }
    let distance = Int64(Int32(bitPattern: sample.opcode << 6) >> 6) * 4
    return sample.address &+ UInt64(bitPattern: distance)
  }
}
