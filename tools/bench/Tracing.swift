import Foundation
import QEMU

/// `make bench OP=call`: where the instructions of one operation go. Boots twice with the plugin: once for the reads of
/// the counters, once for what lies between the two reads of that row.
struct Tracing {
  var guest: Guest
  var systems: String
  var plugin: String
  /// The folder with the images.
  var images: String

  /// The systems that were traced before, so that they need not be once more.
  var traces: [String: Trace] = [:]

  /// The report on a row, by any name that some system counts, or `boot`.
  func report(_ name: String, listing: Bool) async throws -> String {
    if name == "boot" {
      let samples = try await samples(guest, "from=0,to=0")
      return Profile("boot, from the kernel's entry to the first task", try await entries(samples)).text(
        listing: listing)
    }
    if name == "longestMaskedStep" { return try await longestStep(listing) }
    let (system, entries) = try await entries(name)
    return Profile("\(name), in the system \(system)", entries).text(listing: listing)
  }

  /// What one row executes, and the system that counts it.
  func entries(_ name: String) async throws -> (System, [Profile.Entry]) {
    var known: [String] = []
    for system in System.all(gic: guest.gic) {
      let guest = system.guest(guest, bundles: systems)
      var trace = traces[system.description]
      if trace == nil { trace = Trace(log: try await run(guest, "", []).text) }
      guard let trace else { continue }
      known += trace.names
      guard trace.names.contains(name) else { continue }
      guard let window = trace.window(name) else { throw BenchError.noWindow(name) }
      var samples = try await samples(guest, "from=\(window.from.number),to=\(window.to.number)")
      // The reads of the counters between are the bench's.
      samples.removeAll { $0.opcode & 0xffff_ffc0 == 0xd53b_e800 && Symbols.kernelAddress($0.address) == nil }
      if window.from.countsKernel { samples.removeAll { Symbols.kernelAddress($0.address) == nil } }
      return (system, try await entries(samples))
    }
    throw BenchError.noRow(name, known)
  }

  private func entries(_ samples: [Trace.Sample]) async throws -> [Profile.Entry] {
    let frames = try await Symbols(folder: images).frames(samples)
    return zip(samples, frames).map { Profile.Entry(sample: $0, image: $1.image, frames: $1.frames) }
  }

  /// Boot by the lines of its log: what lies between them, and what each of them costs.
  func boot() async throws -> [Stage] {
    let all = try await entries(try await samples(guest, "from=0,to=0"))
    let marks = Stage.marks(all)
    guard !marks.isEmpty else { throw BenchError.noWindow("boot") }
    let options = ",from=0,to=0" + marks.map { ",stage=\($0)" }.joined()
    let outcome = try await run(guest, options, [.expect("trace end"), .stop])
    guard let lists = Trace.stages(log: outcome.text) else { throw BenchError.ended("the trace", outcome.summary) }
    var stages: [Stage] = []
    for list in lists { stages.append(Stage(line: list.line, entries: try await entries(Self.merged(list.samples)))) }
    return stages
  }

  /// The longest run with interrupts masked that any system makes.
  private func longestStep(_ listing: Bool) async throws -> String {
    var longest: (guest: Guest, system: System, step: Trace.Step)?
    for system in System.all(gic: guest.gic) {
      let guest = system.guest(guest, bundles: systems)
      let step = Trace(log: try await run(guest, "", []).text).longestStep
      if step.count > longest?.step.count ?? 0 { longest = (guest, system, step) }
    }
    guard let longest else { throw BenchError.noWindow("longestMaskedStep") }
    // What the vector was entered for is at EL0.
    var samples = try await samples(longest.guest, "step=\(longest.step.count)")
    samples.removeAll { Symbols.kernelAddress($0.address) == nil }
    let title = "longestMaskedStep, of \(longest.step.operation), in the system \(longest.system)"
    return Profile(title, try await entries(samples)).text(listing: listing)
  }

  private func samples(_ guest: Guest, _ options: String) async throws -> [Trace.Sample] {
    let outcome = try await run(guest, ",\(options)", [.expect("trace end"), .stop])
    guard let samples = Trace.samples(log: outcome.text) else { throw BenchError.ended("the trace", outcome.summary) }
    return Self.merged(samples)
  }

  /// An instruction may have been translated several times.
  private static func merged(_ samples: [Trace.Sample]) -> [Trace.Sample] {
    struct Key: Hashable { var address, page: UInt64 }
    return Dictionary(grouping: samples) { Key(address: $0.address, page: $0.page) }.values.map { same in
      var sample = same[0]
      sample.count = same.reduce(0) { $0 + $1.count }
      sample.first = same.map(\.first).min() ?? sample.first
      return sample
    }
  }

  private func run(_ guest: Guest, _ options: String, _ steps: [Step]) async throws -> Outcome {
    var guest = guest
    guest.arguments += ["-plugin", plugin + options]
    let outcome = try await guest.run(steps, limit: .seconds(600))
    guard !outcome.timedOut, steps != [] || outcome.status == 0 else {
      throw BenchError.ended("the trace", outcome.summary)
    }
    return outcome
  }
}
