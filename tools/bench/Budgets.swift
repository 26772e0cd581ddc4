import Foundation

/// The frozen figures of the hottest operations: tests/budgets.json.
struct Budgets {
  private let byName: [String: UInt64]

  /// An operation whose count is not its figure.
  struct Difference: Equatable {
    var name: String
    var figure: UInt64
    /// Nil: it was not counted.
    var count: UInt64?
  }

  init(_ json: Data) throws { byName = try JSONDecoder().decode([String: UInt64].self, from: json) }

  /// The systems that count them: all but the one that is large and slow.
  static var systems: [System] { System.all(gic: 2).filter { $0.memory == "128M" } }

  /// Refuses counts that differ, up or down, or are not there, and names them all. `absent` are of another machine.
  func check(_ counts: Counts, absent: Set<String> = []) throws(BenchError) {
    let differing = byName.filter { !absent.contains($0.key) && counts[$0.key] != $0.value }.map {
      Difference(name: $0.key, figure: $0.value, count: counts[$0.key])
    }
    guard differing.isEmpty else { throw .budget(differing.sorted { $0.name < $1.name }) }
  }
}
