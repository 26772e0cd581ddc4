import ArgumentParser
import Foundation
import Image
import QEMU

/// Boots the bench systems, each twice, and prints what they counted beside the goals and seL4's figures.
@main
struct Bench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apus-bench", abstract: "Count instructions in QEMU, exactly, and compare.")

  @Option(help: "The kernel's ELF file.") var kernel = "build/kernel.elf"
  @Option(help: "The Image to boot.") var image = "build/apus.img"
  @Option(help: "The folder that holds the bench systems' bundles.") var systems = "build/system"
  @Option(help: "The interrupt controller's version, 2 or 3.") var gic = 2
  @Option(help: "The file to write.") var json = "build/bench.json"
  @Option(help: "The page whose marked parts are written anew.") var page: String?
  @Option(help: "Print no table; compare the hottest operations with this file alone.") var budgets: String?

  @Option(help: "Print no table, but where the instructions of this row go.") var trace: String?
  @Flag(help: "With --trace: list each instruction, too.") var listing = false
  @Option(help: "The plugin that traces.") var plugin = "build/trace.so"

  func run() async throws {
    let images = URL(fileURLWithPath: kernel).deletingLastPathComponent().relativePath
    var tracing = Tracing(guest: guest, systems: systems, plugin: plugin, images: images)
    if let trace {
      print(try await tracing.report(trace, listing: listing))
      return
    }
    if let budgets {
      let figures = try Budgets(try Data(contentsOf: URL(fileURLWithPath: budgets)))
      var counts = Counts()
      for system in Budgets.systems { try counts.merge(try system.counts(try await boot(system))) }
      return try figures.check(counts)
    }
    var counts = Counts()
    var accesses: [String: Trace.Accesses] = [:]
    var longest: Trace.Step = (0, "")
    for system in System.all(gic: gic) {
      let (counted, trace) = try await twice(system)
      try counts.merge(counted)
      tracing.traces[system.description] = trace
      for name in counted.byName.keys { accesses[name] = trace.accesses(name) }
      let step = trace.longestStep
      if step.count > longest.count { longest = (step.count, "\(step.operation) (\(system))") }
    }
    counts["longestMaskedStep"] = longest.count
    for size in (6...14).map({ 1 << $0 }) {
      let first = try await boots("\(size)M")
      guard try await boots("\(size)M") == first else { throw BenchError.disagree("seriesBoot\(size)") }
      counts["seriesBoot\(size)"] = first
    }
    for (name, size) in Reference.boots { counts[name] = counts["seriesBoot\(size)"] }
    for (name, value) in StaticFigures(try ELFFile(try bytes(kernel))).byName { counts[name] = value }
    let rows = Reference.rows(counts, accesses)
    let table = Table(rows).text + "\n\n`longestMaskedStep` is of \(longest.operation)."
    let series = Series.all(counts)
    print(table, Series.table(series), separator: "\n\n")
    if let page {
      try write(page, rows, table, series)
      try await list(page, rows, tracing)
    }
    let points = series.flatMap { series in
      series.points.map { Row(name: "\(series.name)\($0.size)", k: $0.count, unit: .kernel) }
    }
    try Data((Rows.json(rows + points) + "\n").utf8).write(to: URL(fileURLWithPath: json), options: .atomic)
  }

  /// The page's parts, and the charts beside it.
  private func write(_ page: String, _ rows: [Row], _ table: String, _ series: [Series]) throws {
    try Document.update(page, [("figures", table), ("series", Series.table(series))])
    let folder = URL(fileURLWithPath: page).deletingLastPathComponent()
    let server = folder.appendingPathComponent("memory-server.md").path
    try Document.update(server, [("measures", try Measures.table(rows))])
    for (name, chart) in [("benchmarks-sel4.svg", Chart.bars(rows)), ("benchmarks-series.svg", Chart.panels(series))] {
      try Data(chart.utf8).write(to: folder.appendingPathComponent(name), options: .atomic)
    }
  }

  /// The page beside it that lists single instructions, and the sums that it has of them.
  private func list(_ page: String, _ rows: [Row], _ tracing: Tracing) async throws {
    var operations: [Instructions.Operation] = []
    for name in Instructions.rows {
      let entries = try await tracing.entries(name).1
      let row = rows.first { $0.name == name }
      guard entries.total == row?.k else { throw BenchError.disagree(name) }
      operations.append(Instructions.Operation(name: name, goal: row?.goal, entries: entries))
    }
    let groups = Groups(rules: Groups.table, sources: Groups.sources(["kernel", "hal", "services"]))
    let instructions = Instructions(groups, operations, boot: try await tracing.boot())
    try Document.update(page, [("groups", instructions.sums)])
    let folder = URL(fileURLWithPath: page).deletingLastPathComponent()
    let url = folder.appendingPathComponent("benchmarks-instructions.md")
    try Data(instructions.page.utf8).write(to: url, options: .atomic)
  }

  /// Both boots of a system; what they say must be the same. The second is traced, which changes no count.
  private func twice(_ system: System) async throws -> (Counts, Trace) {
    let (first, second) = (try await boot(system), try await boot(system, tracing: true))
    let counts = try system.counts(first)
    try Counts.check(counts, try system.counts(second))
    return (counts, Trace(log: second))
  }

  /// What a system says, to its end.
  private func boot(_ system: System, tracing: Bool = false) async throws -> String {
    var guest = system.guest(guest, bundles: systems)
    if tracing { guest.arguments += ["-plugin", plugin] }
    let outcome = try await guest.run(limit: .seconds(600))
    guard outcome.status == 0, !outcome.timedOut else { throw BenchError.ended(system.name, outcome.summary) }
    return outcome.text
  }

  /// Instructions from the kernel's entry to the first task's, of the Image as it is, which brings a bundle of its own.
  private func boots(_ memory: String) async throws -> UInt64 {
    var guest = guest
    guest.memory = memory
    let outcome = try await guest.run([.expect("since the kernel's entry"), .stop], limit: .seconds(60))
    guard let count = Counts.boot(log: outcome.text) else { throw BenchError.ended("the Image", outcome.summary) }
    return count
  }

  /// A machine that counts.
  private var guest: Guest {
    var guest = Guest()
    guest.kernel = image
    guest.gic = gic
    guest.countsInstructions = true
    return guest
  }

  private func bytes(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: path))) }
}

/// Why there is no table.
enum BenchError: Error, Equatable, CustomStringConvertible {
  /// A guest did not end by itself (system, what it said).
  case ended(String, String)
  /// The counter stands still, or the empty pair does not read 1 (system, what it read).
  case notCounted(String, [UInt64])
  /// A row whose two counts differ (row, counts).
  case unsteady(String, [UInt64])
  /// A row that two boots counted differently, or that only one of them has (row).
  case disagree(String)
  /// A row that was counted before.
  case unexpected(String)
  /// A row that no system counts (row, those that there are).
  case noRow(String, [String])
  /// A row that is not a count of what lies between two reads (row).
  case noWindow(String)
  /// A part that the page to be written does not have (part).
  case noPart(String)
  /// Operations whose frozen figures are others.
  case budget([Budgets.Difference])

  var description: String {
    switch self {
    case .ended(let system, let summary): "\(system) \(summary)"
    case .notCounted(let system, let pair): "\(system): an empty pair of reads counts \(pair), not 1: is -icount on?"
    case .unsteady(let name, let counts): "\(name) counts \(counts) in one boot"
    case .disagree(let name): "\(name) counts otherwise in the second boot"
    case .unexpected(let name): "\(name) is counted twice under one name"
    case .noPart(let part): "the page has no part that is marked as \(part)"
    case .noRow(let name, let known): "no bench counts \(name); there are boot and \(known.joined(separator: ", "))"
    case .noWindow(let name): "\(name) is not what was executed between two reads of a counter"
    case .budget(let differing):
      differing.map { each in
        "\(each.name) counts \(each.count.map(String.init) ?? "nothing"), its budget is \(each.figure)"
      }.joined(separator: "\n") + "\nsay why in the commit that changes it"
    }
  }
}
