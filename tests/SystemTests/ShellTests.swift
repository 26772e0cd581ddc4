import Foundation
import QEMU
import Testing

/// A session in the shell of the whole system.
@Suite("The shell, booted", .enabled(if: Guest.isExpected, "build/apus.img or QEMU is missing: make image"))
struct BootedShellTests {
  static let kinds = ["free", "held back", "private pages", "tables", "objects", "fixed", "unclaimed"]
  static let services = ["memory", "init", "irq", "console", "clock", "shell"]

  @Test("shows tasks, and memory whose sums are exact, frame by frame", arguments: [2, 3])
  func memory(gic: Int) async throws {
    var guest = Guest()
    guest.gic = gic
    let session = try await Session(["tasks", "memory", "tables", "regions console", "memory verify"], on: guest)
    let (tasks, memory, tables, regions) = (
      session.replies[0], session.replies[1], session.replies[2], session.replies[3]
    )
    for name in Self.services {
      let row = try #require(tasks.row(name), "\(session.outcome.summary)")
      #expect(row[3] == "0", "\(name) was restarted")
      #expect(memory.row(name)?[1] == row[4], "two accounts of \(name)")
    }
    #expect(tasks.row("faulter")?[1] == "idle")

    let counts = try Self.kinds.map { try #require(memory.number($0), "\(session.outcome.summary)") }
    #expect(counts.reduce(0, +) == 32768 && memory.number("all") == 32768)
    #expect(memory.number("held back") == 2)
    for (label, frames) in [("  in 2 MiB", 512), ("  in 64 KiB", 16)] {
      let line = try #require(memory.first { $0.hasPrefix(label + " ") }, "\(session.outcome.summary)")
      let numbers = line.dropFirst(label.count).split(separator: " ").compactMap { Int($0) }
      #expect(numbers.count == 2 && numbers[1] == counts[0] / frames, "\(line)")
      #expect(numbers[0] > numbers[1] * 9 / 10 && numbers[0] <= numbers[1], "\(line)")
    }
    let charged = try (["kernel"] + Self.services).map { try #require(memory.number("  \($0)")) }
    #expect(charged.reduce(0, +) == counts[2] + counts[3] + counts[4], "\(session.outcome.summary)")

    // Each task's tables, and the kernel's that grew: all that the ledger calls a table.
    let grown = try #require(tables.row("kernel"))
    #expect(grown[1] == "2" && grown[5] == (gic == 2 ? "2" : "0"), "\(grown)")
    var sum = Int(grown[5]) ?? 0
    for name in Self.services {
      let row = try #require(tables.row(name)).dropFirst().compactMap { Int($0) }
      try #require(row.count == 7)
      #expect(row[3] == (row[0] + row[1] + row[2]) * 4096 && row[0] == 1)
      sum += row[0] + row[1] + row[2]
    }
    #expect(sum == memory.number("tables"), "\(session.outcome.summary)")
    // The boot log told as many, and nothing has grown since.
    #expect(session.outcome.text.contains(", grown in all \(sum); 4 KiB pages"), "\(session.outcome.summary)")

    // The server's index against the ledger, frame by frame and byte by byte.
    let verified = session.replies[4]
    #expect(verified.number("compared") == 1 && verified.number("differed") == 0, "\(session.outcome.summary)")
    #expect(verified.number("free by index") == counts[0] && verified.number("free by ledger") == counts[0])

    let shown = regions.filter { $0.hasSuffix("device uart") || $0.contains("r-x") }
    #expect(shown.count == 2 && !regions.contains { $0.contains("wx") }, "\(regions)")
  }

  @Test("shows each device with its holder, help with every command, the log as it was printed, and the time")
  func rest() async throws {
    var guest = Guest()
    // The machine's clock goes with the counter, and both with the instructions, however busy the host is.
    guest.arguments = ["-rtc", "base=2031-05-04T03:02:01,clock=vm"]
    guest.countsInstructions = true
    let session = try await Session(["help", "devices", "log", "time", "regions nobody"], on: guest)
    #expect(
      session.replies[0].compactMap { $0.split(separator: " ").first.map(String.init) } == [
        "help", "tasks", "memory", "tables", "regions", "devices", "log", "time", "fault", "kill", "revoke",
        "poweroff",
      ])
    for (device, holder) in [("pl011@9000000", "console"), ("pl031@9010000", "clock"), ("intc@8000000", "irq")] {
      #expect(session.replies[1].row(device)?[1] == holder)
    }
    #expect(session.replies[1].row("fw-cfg@9020000")?[1] == "free")
    // The lines of the log come twice: as they were printed, and again by the command, word for word.
    let half = session.log.count / 2
    #expect(half >= 10 && Array(session.log[..<half]) == Array(session.log[half...]), "\(session.outcome.summary)")
    let time = session.replies[3].first ?? ""
    let words = try #require(
      time.wholeMatch(of: /(\S+) (\S+) UTC, up (\d+)\.(\d{3}) s/)?.output, "\(time)")
    // It has counted whole seconds since 03:02:01, the counter those and the rest; the counter was read after it. While
    // nothing is typed the guest's clock may leap: both leap alike.
    let dates = ISO8601DateFormatter()
    let start = try #require(dates.date(from: "2031-05-04T03:02:01Z"))
    let now = try #require(dates.date(from: "\(words.1)T\(words.2)Z"), "\(time)")
    let seconds = Int(now.timeIntervalSince(start))
    let up = try #require(Int(words.3)) * 1000 + #require(Int(words.4))
    #expect((seconds * 1000...seconds * 1000 + 1000).contains(up), "\(time)")
    #expect(session.replies[4] == ["no such task nobody, 0"])
  }

  @Test("edits its line, goes back in its history, and names what it does not know")
  func editing() async throws {
    // Left twice and a letter put right; then Home, ^K and a word; up twice, and enter.
    let session = try await Session([
      Session.Entry("tme\u{1b}[D\u{1b}[Di", awaits: "UTC, up"),
      Session.Entry("wrong\u{1b}[H\u{b}task", awaits: "try 'help'"),
      Session.Entry("\u{1b}[A\u{1b}[A", awaits: "UTC, up"),
      Session.Entry("\u{1b}[A\u{1b}[A\u{1b}[Bs", awaits: "'times'"),
      Session.Entry("abandoned\u{3}", awaits: "^C"), "kill", "fault sideways", "log twice", "kill nobody",
    ])
    let printed = session.outcome.text
    #expect(printed.contains("unknown command 'task', try 'help'"))
    #expect(printed.contains("unknown command 'times', try 'help'"))
    #expect(session.replies[5] == ["kill needs TASK"])
    #expect(session.replies[6] == ["unknown fault 'sideways', one of read|write|execute|kernel|device"])
    #expect(session.replies[7] == ["unexpected 'twice' after log"])
    #expect(session.replies[8] == ["no such task nobody, 0"])
  }
}
