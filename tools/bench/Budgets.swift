import Foundation

/// The frozen figures of the hottest operations: tests/budgets.json.
struct Budgets {
  private let byName: [String: UInt64]

  init(_ json: Data) throws { byName = try JSONDecoder().decode([String: UInt64].self, from: json) }

  /// Refuses a count that differs, up or down, or is not there.
  func check(_ counts: Counts) throws(BenchError) {
    for (name, figure) in byName.sorted(by: { $0.key < $1.key }) where counts[name] != figure {
      throw .budget(name, figure, counts[name])
    }
  }
}
