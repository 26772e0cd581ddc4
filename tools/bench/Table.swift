import Foundation

/// The rows as a table of Markdown, which is also read well on a terminal.
struct Table {
  private let rows: [Row]

  init(_ rows: [Row]) { self.rows = rows }

  var text: String {
    let head = ["Operation", "K", "goal", "seL4", "seL4 / K", "barriers", "registers", "unit"]
    let body = rows.map(cells)
    let widths = head.indices.map { column in ([head] + body).map { $0[column].count }.max() ?? 0 }
    let rule = head.indices.map { column in
      isNumber(column)
        ? String(repeating: "-", count: widths[column] - 1) + ":" : String(repeating: "-", count: widths[column])
    }
    return ([head, rule] + body).map { line(of: $0, widths) }.joined(separator: "\n")
  }

  private func cells(_ row: Row) -> [String] {
    let ratio = row.ratio.map { String(format: "%.2f", $0) } ?? ""
    let k = row.k.map(Self.grouped) ?? "not measured"
    return ["`\(row.name)`", k] + [row.goal, row.sel4].map(number) + [ratio]
      + [row.accesses?.barriers, row.accesses?.registers].map(number) + [row.unit.rawValue]
  }

  private func number(_ value: UInt64?) -> String { value.map(Self.grouped) ?? "" }

  private func line(of cells: [String], _ widths: [Int]) -> String {
    let padded = cells.indices.map { column in
      let space = String(repeating: " ", count: widths[column] - cells[column].count)
      return isNumber(column) ? space + cells[column] : cells[column] + space
    }
    return "| " + padded.joined(separator: " | ") + " |"
  }

  private func isNumber(_ column: Int) -> Bool { (1...6).contains(column) }

  /// 1,024,507
  static func grouped(_ value: UInt64) -> String {
    let digits = String(value)
    return String(
      digits.enumerated().flatMap { (index, digit) -> [Character] in
        index > 0 && (digits.count - index) % 3 == 0 ? [",", digit] : [digit]
      })
  }
}
