import Foundation
import QEMU
import Testing

/// `fault KIND` in the shell: a real task that commits it, and what is said of it.
@Suite("A fault, booted", .enabled(if: Guest.isExpected, "build/apus.img or QEMU is missing: make image"))
struct FaultReportTests {
  /// What the report says of each kind: the act, the symbol whose instruction it is, and the likely cause.
  static let kinds: [(kind: String, act: String, symbol: String, cause: String)] = [
    ("read", "read at 0x0010_0000, where nothing is mapped", "fault_read", "a stray pointer"),
    ("write", "wrote to 0x0020_", "fault_write", "a write to code or to constants"),
    ("execute", "executed at 0x002", "", "a jump into data"),
    ("kernel", "read at 0xffff_ff80_4020_0000, in the kernel's half", "fault_read", "a pointer into the kernel's half"),
    ("device", "read at 0x0038_0000, where nothing is mapped", "fault_read", "a stray pointer"),
  ]

  @Test("is told with the very instruction and its likely cause, and the shell goes on")
  func reports() async throws {
    let entries = Self.kinds.map { Session.Entry("fault \($0.kind)", awaits: "decides about a restart\r\n") }
    let session = try await Session(["memory"] + entries + ["memory", "tasks"])
    let reports = session.log.filter { $0.contains("fault    faulter") }
    try #require(reports.count == 4 * Self.kinds.count, "\(session.outcome.summary)")
    let symbols = try await Self.symbols(of: "build/faulter.elf")
    for (index, row) in Self.kinds.enumerated() {
      let (what, numbers, likely) = (reports[4 * index], reports[4 * index + 1], reports[4 * index + 2])
      #expect(what.contains("faulter  \(row.act)"), "\(row.kind): \(what)")
      #expect(likely.contains("likely \(row.cause)"), "\(row.kind): \(likely)")
      let counter = try #require(Self.hexadecimal("pc", in: numbers), "\(numbers)")
      if row.symbol.isEmpty {
        // What was jumped to is where the pc is: the word in the data.
        #expect(Self.hexadecimal("executed at", in: what) == counter && symbols["fault_word"] == counter)
      } else {
        #expect(symbols[row.symbol] == counter, "\(row.kind): \(numbers)")
      }
    }
    #expect(session.log.contains("faulter  lease    no device granted under this name uart, 0"))
    #expect(session.replies.last?.row("faulter")?[1] == "ended", "\(session.outcome.summary)")
    #expect(session.replies[0] == session.replies[entries.count + 1], "frames were lost")
  }

  /// The symbols of an ELF file and their addresses.
  static func symbols(of file: String) async throws -> [String: UInt64] {
    let table = try await Oracle.readelf.run(["--symbols", "--wide", file])
    var symbols: [String: UInt64] = [:]
    for line in table.lines {
      let words = line.split(separator: " ")
      if words.count == 8, let value = UInt64(words[1], radix: 16) { symbols[String(words[7])] = value }
    }
    return symbols
  }

  /// The number 0x… behind a word, its groups joined.
  static func hexadecimal(_ word: String, in line: String) -> UInt64? {
    guard let found = line.firstRange(of: "\(word) 0x") else { return nil }
    let digits = line[found.upperBound...].prefix { $0.isHexDigit || $0 == "_" }.filter { $0 != "_" }
    return UInt64(digits, radix: 16)
  }
}
