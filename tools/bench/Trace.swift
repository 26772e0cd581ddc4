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
    /// The longest run at EL1 with interrupts masked since the read before.
    var longest: UInt64
  }

  /// The reads between which a row was counted.
  struct Window: Equatable {
    var from: Read
    var to: Read
  }

  private(set) var reads: [Read] = []
  /// How many reads came before a row's line.
  private var rows: [(name: String, count: UInt64, reads: Int)] = []

  init(log: String) {
    for line in log.split(separator: "\n") {
      if line.hasPrefix("trace read ") {
        let numbers = line.split(separator: " ").dropFirst(2).compactMap { UInt64($0) }
        guard numbers.count == 7 else { continue }
        reads.append(
          Read(
            number: Int(numbers[0]), countsKernel: numbers[1] == 1, whole: numbers[2], kernel: numbers[3],
            barriers: numbers[4], registers: numbers[5], longest: numbers[6]))
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
  /// One instruction that was executed in a window.
  struct Sample: Equatable {
    var count: UInt64
    /// Virtual; physical before the kernel has turned the MMU on.
    var address: UInt64
    /// Which page of RAM it lies in: the same number for the same page.
    var page: UInt64
    var opcode: UInt32
    var text: String
  }

  /// The instructions that a window's boot has listed; nil where the list does not end.
  static func samples(log: String) -> [Sample]? {
    guard log.contains("trace end\n") else { return nil }
    return log.split(separator: "\n").compactMap { line in
      guard line.hasPrefix("trace at ") else { return nil }
      let words = line.split(separator: " ", maxSplits: 6, omittingEmptySubsequences: false)
      guard words.count == 7, let count = UInt64(words[2]), let address = UInt64(words[3], radix: 16),
        let page = UInt64(words[4], radix: 16), let opcode = UInt32(words[5], radix: 16)
      else { return nil }
      return Sample(count: count, address: address, page: page, opcode: opcode, text: String(words[6]))
    }
  }
}
