import Foundation

/// Charts as SVG, by text alone: the same figures give the same bytes.
enum Chart {
  private static let (ours, theirs) = ("#1f6fb2", "#c9c9c9")

  /// Bars of ours beside seL4's on a logarithmic axis, one pair a row that has both.
  static func bars(_ rows: [Row]) -> String {
    let pairs = rows.filter { $0.k != nil && $0.sel4 != nil && $0.unit != .bytes }
    let width = { (value: UInt64) in 480 * log10(Double(max(value, 1))) / 7 }
    var body: [String] = []
    for (index, row) in pairs.enumerated() {
      let y = 40 + index * 30
      body.append(text(150, y + 14, row.name, anchor: "end"))
      for (offset, value, colour) in [(0, row.k ?? 0, ours), (11, row.sel4 ?? 0, theirs)] {
        body.append(
          "<rect x=\"160\" y=\"\(y + offset)\" width=\"\(number(width(value)))\" height=\"10\" fill=\"\(colour)\"/>")
        body.append(text(165 + width(value), y + offset + 9, Table.grouped(value), size: 9))
      }
    }
    body.append(text(160, 20, "instructions, logarithmic: ours above, seL4's below"))
    return picture(width: 720, height: 50 + pairs.count * 30, body)
  }

  /// A panel for each series, both axes logarithmic, one unit up as long as one to the right or less.
  static func panels(_ all: [Series]) -> String {
    var body: [String] = []
    for (index, series) in all.enumerated() {
      let (left, top) = (60.0 + Double(index % 2) * 370, 40.0 + Double(index / 2) * 220)
      body += panel(series, left, top)
    }
    return picture(width: 760, height: 20 + (all.count + 1) / 2 * 220, body)
  }

  private static func panel(_ series: Series, _ left: Double, _ top: Double) -> [String] {
    let (width, height) = (290.0, 140.0)
    let sizes = series.points.map { log10(Double(max($0.size, 1))) }
    let counts = series.points.map { log10(Double(max($0.count, 1))) }
    let (low, high) = (floor(counts.min() ?? 0), max(floor(counts.min() ?? 0) + 1, ceil(counts.max() ?? 1)))
    let (first, last) = (sizes.first ?? 0, max(sizes.last ?? 1, (sizes.first ?? 0) + 0.1))
    let points = zip(sizes, counts).map { size, count in
      (x: left + (size - first) / (last - first) * width, y: top + (high - count) / (high - low) * height)
    }
    let line = points.map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " ")
    var body = [
      text(left, Int(top) - 10, "\(series.title), over \(series.unit)"),
      "<rect x=\"\(number(left))\" y=\"\(number(top))\" width=\"290\" height=\"140\" fill=\"none\" stroke=\"#999\"/>",
      "<polyline points=\"\(line)\" fill=\"none\" stroke=\"\(ours)\" stroke-width=\"2\"/>",
    ]
    body += points.map { "<circle cx=\"\(number($0.x))\" cy=\"\(number($0.y))\" r=\"3\" fill=\"\(ours)\"/>" }
    body.append(text(left - 5, Int(top) + 10, "10^\(Int(high))", anchor: "end", size: 9))
    body.append(text(left - 5, Int(top + height), "10^\(Int(low))", anchor: "end", size: 9))
    body.append(text(left, Int(top + height) + 15, Table.grouped(series.points[0].size), size: 9))
    let most = Table.grouped(series.points[series.points.count - 1].size)
    body.append(text(left + width, Int(top + height) + 15, most, anchor: "end", size: 9))
    return body
  }

  private static func text(_ x: Double, _ y: Int, _ words: String, anchor: String = "start", size: Int = 12) -> String {
    "<text x=\"\(number(x))\" y=\"\(y)\" text-anchor=\"\(anchor)\" font-size=\"\(size)\">\(words)</text>"
  }

  private static func number(_ value: Double) -> String { String(format: "%.1f", value) }

  private static func picture(width: Int, height: Int, _ body: [String]) -> String {
    """
    <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" font-family="sans-serif">
    <rect width="100%" height="100%" fill="#fff"/>
    \(body.joined(separator: "\n"))
    </svg>

    """
  }
}
