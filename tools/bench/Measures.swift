/// What the memory server's requests cost, for its own page of documentation: the same figures in words.
enum Measures {
  /// A request, and its rows: at EL1, and at EL0 and EL1.
  typealias Request = (request: String, kernel: String, whole: String)

  /// The lines of the table.
  static let requests: [Request] = allocations + touches + ends + others

  private static let allocations: [Request] =
    [
      ("`allocate`, 1 page", "allocatePage", "allocatePageWhole"),
      ("the same with a leaf table", "allocatePageWithTable", "allocatePageWithTableWhole"),
    ] + sizes("allocate")

  private static let touches: [Request] = [
    ("first touch of a page that is there, in a region that shows another's", "faultRoundTripAtEL1", "faultRoundTrip"),
    ("first touch of a reserved page", "faultZeroPageAtEL1", "faultZeroPage"),
    ("first touch that brings 16 pages", "faultIn16", "faultIn16Whole"),
    ("first touch that brings 512 pages", "faultIn512", "faultIn512Whole"),
    ("first touches of 262,144 pages, 512 at a time", "faultIn262144", "faultIn262144Whole"),
  ]

  private static let ends: [Request] =
    [("`free`, 1 page", "freePage", "freePageWhole")] + sizes("free")
    + [("`protect`, 1 page", "protectPage", "protectPageWhole")] + sizes("protect")

  private static let others: [Request] = [
    ("`lease`, 1 page", "lease", "leaseWhole"), ("`releaseLease`", "releaseLease", "releaseLeaseWhole"),
    ("`createTask` and `allocate` of 1 page", "createTask", "createTaskWhole"),
    ("`destroyTask` of that", "endTask", "endTaskWhole"),
    ("`verify`, 32 MiB", "verifySection", "verifySectionWhole"),
  ]

  private static func sizes(_ name: String) -> [Request] {
    ([16, 512, 262_144] as [UInt64]).map {
      ("`\(name)`, \(Table.grouped($0)) pages", "\(name)\($0)", "\(name)\($0)Whole")
    }
  }

  /// The table; refuses where a row was not counted.
  static func table(_ rows: [Row]) throws(BenchError) -> String {
    var lines = ["| Request | EL1 | EL0 and EL1 |", "|---|---:|---:|"]
    for (request, kernel, whole) in requests {
      lines.append("| \(request) | \(try count(kernel, rows)) | \(try count(whole, rows)) |")
    }
    return lines.joined(separator: "\n")
  }

  private static func count(_ name: String, _ rows: [Row]) throws(BenchError) -> String {
    guard let k = rows.first(where: { $0.name == name })?.k else { throw .noRow(name, rows.map(\.name)) }
    return Table.grouped(k)
  }
}
