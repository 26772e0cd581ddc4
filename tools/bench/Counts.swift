/// What a system counted, by the names of the rows.
struct Counts: Equatable {
  private(set) var byName: [String: UInt64] = [:]

  /// Nothing was counted.
  init() {}

  /// Reads a guest's log. Each row has two counts, which must agree, and the empty pair must count 1. In the system
  /// where the bench is the first task it goes by the name `memory`.
  ///
  ///     [   0.002] bench    nullCall      124 124
  init(log: String, system: String) throws(BenchError) {
    var empty: [UInt64] = []
    for match in log.matches(of: /\] (?:bench|memory) +([A-Za-z0-9]+) +([0-9]+) ([0-9]+)\n/) {
      let counts = [match.2, match.3].compactMap { UInt64($0) }
      let name = String(match.1)
      if name == "empty" {
        empty += counts
        continue
      }
      guard counts.count == 2, counts[0] == counts[1] else { throw .unsteady(name, counts) }
      guard byName.updateValue(counts[0], forKey: name) == nil else { throw .unexpected(name) }
    }
    guard empty == [1, 1] else { throw .notCounted(system, empty) }
    // What boot does after it has taken its own figure.
    if let first = byName.removeValue(forKey: "firstTask"), let boot = Self.boot(log: log) {
      byName["bootHandOver"] = first - boot
    }
  }

  /// What the kernel says of its own boot: the instructions from its entry on.
  static func boot(log: String) -> UInt64? {
    log.firstMatch(of: /([0-9]+) instructions since the kernel's entry/).flatMap { UInt64($0.1) }
  }

  /// A count.
  subscript(name: String) -> UInt64? {
    get { byName[name] }
    set { byName[name] = newValue }
  }

  /// Drops all rows but these.
  mutating func keep(_ names: Set<String>) { byName = byName.filter { names.contains($0.key) } }

  /// Adds another system's rows; none may be there already.
  mutating func merge(_ other: Counts) throws(BenchError) {
    for (name, count) in other.byName {
      guard byName.updateValue(count, forKey: name) == nil else { throw .unexpected(name) }
    }
  }

  /// Refuses two boots of one system that differ.
  static func check(_ first: Counts, _ second: Counts) throws(BenchError) {
    let names = Set(first.byName.keys).union(second.byName.keys)
    for name in names.sorted() where first[name] != second[name] { throw .disagree(name) }
  }
}
