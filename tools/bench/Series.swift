/// What an operation costs at growing sizes.
struct Series: Equatable {
  /// A point.
  struct Point: Equatable {
    var size: UInt64
    var count: UInt64
  }

  /// As its rows begin, which end with the size.
  var name: String
  var points: [Point] = []
  /// What is counted, and what the size is of.
  var title: String
  var unit: String
  /// What the design claims.
  var claim: String

  /// All of them, empty.
  static let all = [
    Series("seriesBoot", "boot", "MiB of RAM", "flat"),
    Series("seriesAllocate", "allocate a region", "pages", "linear: each page is cleared"),
    Series("seriesFree", "free a region", "pages", "linear in entries: pages, or blocks of 512"),
    Series("seriesPageBeside", "allocate a page beside a region", "pages", "flat"),
    Series("seriesCallBeside", "a call", "further tasks", "flat"),
    Series("seriesTaskBeside", "create a task", "further tasks", "flat"),
    Series("seriesKernelCall", "a call, without a memory server", "further tasks", "flat"),
    Series("seriesKernelTask", "create and start a task by the kernel's calls", "further tasks", "flat"),
    Series("seriesKernelEnd", "end it by the kernel's calls", "further tasks", "flat"),
    Series("seriesSignal", "a signal by the last handle", "handles", "flat"),
    Series("seriesCopy", "copy a handle", "handles", "flat"),
  ]

  init(_ name: String, _ title: String, _ unit: String, _ claim: String) {
    (self.name, self.title, self.unit, self.claim) = (name, title, unit, claim)
  }

  /// Whether a row is a point of a series, and none of the table.
  static func isPoint(_ name: String) -> Bool { name.hasPrefix("series") }

  /// The series that were counted, their points by size.
  static func all(_ counts: Counts) -> [Series] {
    all.map { series in
      var series = series
      for (name, count) in counts.byName where name.hasPrefix(series.name) {
        guard let size = UInt64(name.dropFirst(series.name.count)) else { continue }
        series.points.append(Point(size: size, count: count))
      }
      series.points.sort { $0.size < $1.size }
      return series
    }.filter { !$0.points.isEmpty }
  }

  /// A table of Markdown: the first point, one in the midst, and the last.
  static func table(_ all: [Series]) -> String {
    let rows = all.map { series -> String in
      let (first, last) = (series.points[0], series.points[series.points.count - 1])
      let middle = series.points[series.points.count / 2]
      let points = [first, middle, last].map { "\(Table.grouped($0.count)) at \(Table.grouped($0.size))" }
      return "| \(series.title) | \(series.unit) | " + points.joined(separator: " | ") + " | \(series.claim) |"
    }
    return "| K of | over | least | between | most | the design's claim |\n|---|---|---|---|---|---|\n"
      + rows.joined(separator: "\n")
  }
}
