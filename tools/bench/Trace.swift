/// What the plugin in tools/bench/trace says of one boot, and the guest's own lines between.
struct Trace {
  /// A read of an instruction counter at EL0: what had been executed by then.
  struct Read: Equatable {
    /// From 1 on, in the order of the reads.
    var number: Int
    /// Whether the counter read is that of EL1 alone.
    var countsKernel: Bool
    var whole: UInt64
    var kernel: UInt64
    /// dsb, dmb, isb, tlbi at EL1.
    var barriers: UInt64
    /// mrs and msr at EL1.
    var registers: UInt64
  }

  /// The reads between which a row was counted.
  struct Window: Equatable {
    var from: Read
    var to: Read
  }

  private(set) var reads: [Read] = []
  /// The longest step with interrupts masked, and how many reads came before its end.
  private var longest: (count: UInt64, reads: Int) = (0, 0)
  /// How many reads came before a row's line.
  private var rows: [(name: String, count: UInt64, reads: Int)] = []

  init(log: String) {
    for line in log.split(separator: "\n") {
      if line.hasPrefix("trace read ") {
        let numbers = line.split(separator: " ").dropFirst(2).compactMap { UInt64($0) }
        guard numbers.count == 6 else { continue }
        reads.append(
          Read(
            number: Int(numbers[0]), countsKernel: numbers[1] == 1, whole: numbers[2], kernel: numbers[3],
            barriers: numbers[4], registers: numbers[5]))
      } else if line.hasPrefix("trace masked ") {
        longest = (line.split(separator: " ").last.flatMap { UInt64($0) } ?? 0, reads.count)
      } else if let match = line.firstMatch(of: /\] (?:bench|memory) +([A-Za-z0-9]+) +[0-9]+ ([0-9]+)$/) {
        rows.append((String(match.1), UInt64(match.2) ?? 0, reads.count))
      }
    }
  }

  /// The names of the rows, in the order in which they were logged.
  var names: [String] { rows.map(\.name) }

  /// The last reads before the row's line between which exactly its count was executed. Nil where there are none, as
  /// for a row that is no count of one operation.
  func window(_ name: String) -> Window? {
    if name == "mapPagePerPage512" { return window("map512Pages") }
    guard let row = rows.first(where: { $0.name == name }) else { return nil }
    // Of an even number of turns the row is one.
    let count = name == "yield" ? row.count * 2 : row.count
    for end in reads.indices.prefix(row.reads).reversed() {
      for start in reads.indices.prefix(end).suffix(8).reversed() {
        let (from, to) = (reads[start], reads[end])
        guard from.countsKernel == to.countsKernel else { continue }
        // Reads are instructions at EL0 themselves, and none of the operation's.
        let executed =
          from.countsKernel ? to.kernel - from.kernel : to.whole - from.whole - UInt64(end - start)
        if executed == count { return Window(from: from, to: to) }
      }
    }
    return nil
  }
}

extension Trace {
  /// What a row costs besides instructions, at EL1.
  struct Accesses: Equatable {
    var barriers: UInt64
    var registers: UInt64
  }

  /// Barriers and accesses to system registers of a row; of two turns that are counted together each has half.
  func accesses(_ name: String) -> Accesses? {
    guard name != "mapPagePerPage512", let window = window(name) else { return nil }
    let share: UInt64 = name == "yield" ? 2 : 1
    return Accesses(
      barriers: (window.to.barriers - window.from.barriers) / share,
      registers: (window.to.registers - window.from.registers) / share)
  }

  /// The length of a step, and the operation it was of.
  typealias Step = (count: UInt64, operation: String)

  /// The longest step with interrupts masked: of the row between whose reads it lies, else of what comes before the row
  /// that was logged next.
  var longestStep: Step {
    let inside = names.first { name in
      window(name).map { ($0.from.number..<$0.to.number).contains(longest.reads) } ?? false
    }
    if let inside { return (longest.count, inside) }
    guard let next = rows.first(where: { $0.reads > longest.reads }) else { return (longest.count, "the end") }
    return (longest.count, longest.reads == 0 ? "the start of the services" : "what prepares \(next.name)")
  }

  /// One instruction that was executed in a window.
  struct Sample: Equatable {
    var count: UInt64
    /// Virtual; physical before the kernel has turned the MMU on.
    var address: UInt64
    /// Which page of RAM it lies in: the same number for the same page.
    var page: UInt64
    var opcode: UInt32
    /// How many instructions had been executed when it was first.
    var first: UInt64
    var text: String
  }

  /// The instructions that a window's boot has listed; nil where the list does not end.
  static func samples(log: String) -> [Sample]? {
    guard log.contains("trace end\n") else { return nil }
    return log.split(separator: "\n").compactMap(sample)
  }

  private static func sample(_ line: Substring) -> Sample? {
    guard line.hasPrefix("trace at ") else { return nil }
    let words = line.split(separator: " ", maxSplits: 7, omittingEmptySubsequences: false)
    guard words.count == 8, let count = UInt64(words[2]), let address = UInt64(words[3], radix: 16),
      let page = UInt64(words[4], radix: 16), let opcode = UInt32(words[5], radix: 16), let first = UInt64(words[6])
    else { return nil }
    return Sample(count: count, address: address, page: page, opcode: opcode, first: first, text: String(words[7]))
  }

  /// The lists of a boot in stages, each with the kernel's line that was logged in it, if there was one.
  static func stages(log: String) -> [(line: String?, samples: [Sample])]? {
    guard log.contains("trace end\n") else { return nil }
    var stages: [(line: String?, samples: [Sample])] = [(nil, [])]
    for line in log.split(separator: "\n") {
      if let sample = sample(line) {
        stages[stages.count - 1].samples.append(sample)
      } else if line == "trace stage" {
        stages.append((nil, []))
      } else if let match = line.firstMatch(of: /\] kernel +([a-z]+)/) {
        stages[stages.count - 1].line = String(match.1)
      } else if line == "trace end" {
        break
      }
    }
    return stages
  }
}
