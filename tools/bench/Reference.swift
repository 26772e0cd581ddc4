/// The goals, and what seL4 executes for the same.
///
/// seL4 1326364, release, fastpath on, non-MCS, gcc 12 -O2, 4-level address spaces, GICv2, built and counted in QEMU 7.2
/// `virt`, cortex-a57, one core, in the way in which we count; docs/benchmarks.md says where the comparison is unfair.
enum Reference {
  /// A row before it is counted.
  struct Entry {
    var name: String
    var goal: UInt64?
    var sel4: UInt64?
    var unit: Row.Unit
  }

  /// All rows with what was counted of them. Refuses nothing: a count without an entry follows at the end.
  static func rows(_ counts: Counts, _ accesses: [String: Trace.Accesses] = [:]) -> [Row] {
    let known = Set(entries.map(\.name))
    let further = counts.byName.keys.filter { !known.contains($0) && !Series.isPoint($0) }.sorted()
    let rows =
      entries.map {
        Row(name: $0.name, k: counts[$0.name], goal: $0.goal, sel4: $0.sel4, unit: $0.unit)
      } + further.map { Row(name: $0, k: counts[$0], unit: $0.hasSuffix("Whole") ? .whole : .kernel) }
    return rows.map { row in
      var row = row
      row.accesses = accesses[row.name]
      return row
    }
  }

  /// The order of the table.
  static let entries = calls + faultsAndInterrupts + memory + tasks + sizes

  private static let calls = [
    row("nullCall", goal: 28, sel4: 211),
    row("call0", goal: 65, sel4: 191),
    row("call", goal: 65, sel4: 215),
    row("replyReceive", goal: 72, sel4: 248),
    row("roundTrip", goal: 140, sel4: 418),
    row("roundTrip8", goal: 140, sel4: 1370),
    row("callWithHandle", goal: 160, sel4: 964),
    row("signal", goal: 45, sel4: 339),
    row("signalWaiter", goal: 110, sel4: 496),
    row("yield", goal: 100, sel4: 272),
  ]

  private static let faultsAndInterrupts = [
    row("faultDeliver", goal: 86, sel4: 468),
    row("faultResume", goal: 83, sel4: 567),
    row("faultRoundTrip", goal: 350, sel4: 1622, .whole),
    row("faultRoundTripAtEL1"),
    row("faultZeroPage", goal: 560, sel4: 2700, .whole),
    row("faultZeroPageAtEL1"),
    row("faultRoundTripPager", sel4: 1622, .whole),
    row("faultZeroPagePager", sel4: 2700, .whole),
    row("interruptDeliver", goal: 110, sel4: 330),
    row("interruptCycle", goal: 215, sel4: 1125),
    row("interruptDeliver3", goal: 110),
    row("interruptCycle3", goal: 215),
    row("fpSwitch", goal: 80),
    row("longestMaskedStep", goal: 4000),
    row("boot", goal: 30_000, sel4: 2_715_390),
    row("bootHandOver"),
    row("boot64M", goal: 30_000),
    row("boot16G", goal: 30_000),
  ]

  /// Rows of boot and the MiB of RAM with which they are counted.
  static let boots = [("boot", 128), ("boot64M", 64), ("boot16G", 16_384)]

  private static let memory =
    [
      row("mapPage", goal: 115, sel4: 535),
      row("unmapPage", goal: 145, sel4: 487),
      row("mapPagePerPage512", goal: 8, sel4: 551),
      row("mapZeroedPage"), row("unmapPrivatePage"), row("mapZeroed16"), row("unmapPrivate16"), row("mapZeroed512"),
      row("unmapPrivate512"), row("map512Pages"), row("unmap512Pages"), row("map512In64KiB"), row("unmap512In64KiB"),
      row("map512AsBlock"), row("unmap512AsBlock"),
    ] + request("allocatePage", goal: 320, sel4: 1623) + request("allocatePageWithTable", goal: 530, sel4: 3185)
    + ["freePage", "protectPage"].flatMap { request($0) }
    + ["16", "512", "262144"].flatMap { pages in
      ["allocate", "faultIn", "free", "protect"].flatMap { request($0 + pages) }
    } + ["lease", "releaseLease", "verifySection"].flatMap { request($0) }

  private static let tasks = ["createTask", "endTask"].flatMap { request($0) }

  private static let sizes = [
    row("bytesPerTask", goal: 16_384, .bytes),
    row("kernelText", goal: 24_576, sel4: 31_664, .bytes),
    row("kernelTextOnce", .bytes),
    row("staticTables", goal: 8192, sel4: 2_113_536, .bytes),
    row("staticRAM", goal: 16_384, sel4: 26_240, .bytes),
    row("logRing", .bytes),
    row("ramLost", goal: 4 << 20, .bytes),
  ]

  private static func row(
    _ name: String, goal: UInt64? = nil, sel4: UInt64? = nil, _ unit: Row.Unit = .kernel
  ) -> Entry { Entry(name: name, goal: goal, sel4: sel4, unit: unit) }

  /// A request to a server: the kernel's part, and the whole with the client's and the server's code.
  private static func request(_ name: String, goal: UInt64? = nil, sel4: UInt64? = nil) -> [Entry] {
    [row(name, goal: goal, sel4: sel4), row(name + "Whole", .whole)]
  }
}
