import Foundation

/// A row of the table.
struct Row: Equatable {
  var name: String
  /// What was counted; nil: not measured.
  var k: UInt64?
  var goal: UInt64?
  var sel4: UInt64?
  var unit: Unit
  /// Barriers and accesses to system registers at EL1; nil where nobody counted them.
  var accesses: Trace.Accesses? = nil

  /// What is counted.
  enum Unit: String {
    /// Instructions at EL1.
    case kernel = "instructions at EL1"
    /// Instructions at EL0 and EL1.
    case whole = "instructions"
    case bytes = "bytes"
  }

  /// seL4's figure by ours: 2 is half the instructions.
  var ratio: Double? {
    guard let k, k > 0, let sel4 else { return nil }
    return Double(sel4) / Double(k)
  }

  /// Whether the goal is reached; nil where there is none, or nothing was counted.
  var reachesGoal: Bool? {
    guard let k, let goal else { return nil }
    return k <= goal
  }
}

/// The rows as JSON: one object a line, in the table's order.
enum Rows {
  static func json(_ rows: [Row]) -> String {
    func number(_ value: UInt64?) -> String { value.map(String.init) ?? "null" }
    let lines = rows.map { row in
      """
        {"name": "\(row.name)", "k": \(number(row.k)), "goal": \(number(row.goal)), "sel4": \(number(row.sel4)), \
      "unit": "\(row.unit.rawValue)", "barriers": \(number(row.accesses?.barriers)), \
      "registers": \(number(row.accesses?.registers))}
      """
    }
    return "[\n" + lines.joined(separator: ",\n") + "\n]"
  }
}
