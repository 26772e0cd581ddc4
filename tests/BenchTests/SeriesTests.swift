import Testing

@testable import apus_bench

@Suite("Series of the bench")
struct SeriesTests {
  private static var counts: Counts {
    var counts = Counts()
    for (name, count) in [
      ("seriesBoot128", 61_728), ("seriesBoot64", 61_728), ("seriesBoot16384", 61_842), ("seriesSignal8", 51),
      ("yield", 90),
    ] as [(String, UInt64)] { counts[name] = count }
    return counts
  }

  @Test("points are read from the rows' names, by size, and are no rows of the table")
  func points() {
    let series = Series.all(Self.counts)
    #expect(series.map(\.name) == ["seriesBoot", "seriesSignal"])
    #expect(series[0].points.map(\.size) == [64, 128, 16_384])
    #expect(series[0].points.map(\.count) == [61_728, 61_728, 61_842])
    #expect(Reference.rows(Self.counts).filter { $0.k != nil }.map(\.name) == ["yield"])
  }

  @Test("the table tells the least size, one between, and the most")
  func table() {
    let table = Series.table([Series.all(Self.counts)[0]])
    #expect(table.hasSuffix("| boot | MiB of RAM | 61,728 at 64 | 61,728 at 128 | 61,842 at 16,384 | flat |"))
  }

  @Test("a chart is the same text for the same figures, has a bar for each of a pair, and a point for each size")
  func charts() {
    let rows = [
      Row(name: "call", k: 83, sel4: 215, unit: .kernel), Row(name: "fpSwitch", k: 79, unit: .kernel),
      Row(name: "staticRAM", k: 1, sel4: 2, unit: .bytes),
    ]
    let bars = Chart.bars(rows)
    #expect(bars == Chart.bars(rows))
    #expect(bars.contains(">call</text>") && !bars.contains("fpSwitch") && !bars.contains("staticRAM"))
    // Ten to the seventh is the axis's whole length of 480.
    #expect(bars.matches(of: /height="10"/).count == 2 && bars.contains("width=\"131.6\""))
    let panels = Chart.panels(Series.all(Self.counts))
    #expect(panels.matches(of: /<circle/).count == 4 && panels.matches(of: /<polyline/).count == 2)
  }
}
