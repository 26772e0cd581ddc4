import QEMU

/// A bundle that counts, and the machine that it needs.
struct System: CustomStringConvertible {
  var name: String
  var memory: String
  /// The interrupt controller's version; nil: the one that was asked for.
  var gic: Int?
  /// The rows that are wanted of it; nil: all.
  var rows: Set<String>?

  /// The slowest comes last.
  static let all = [
    System(name: "bench", memory: "128M"),
    System(name: "bench-root", memory: "128M"),
    System(name: "bench-large", memory: "2G"),
  ]

  /// All, and where the controller asked for is a GICv2 the other controller's rows as well.
  static func all(gic: Int) -> [System] {
    guard gic == 2 else { return all }
    let other = System(
      name: "bench-root", memory: "128M", gic: 3, rows: ["interruptDeliver3", "interruptCycle3"])
    return [all[0], all[1], other] + all[2...]
  }

  /// As a reader knows it: its bundle's name.
  var description: String { gic.map { "\(name), GICv\($0)" } ?? name }

  /// The machine, with the bundle.
  func guest(_ base: Guest, bundles: String) -> Guest {
    var guest = base
    guest.memory = memory
    guest.gic = gic ?? base.gic
    guest.arguments += ["-initrd", "\(bundles)/\(name).bin"]
    return guest
  }

  /// The rows of a log that are wanted.
  func counts(_ log: String) throws(BenchError) -> Counts {
    var counts = try Counts(log: log, system: name)
    if let rows { counts.keep(rows) }
    return counts
  }
}
