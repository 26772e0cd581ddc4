import QEMU
import Testing

/// `kill TASK`: what it held comes back, it runs again, and its clients find it.
@Suite("A service that is killed", .enabled(if: Guest.isExpected, "build/apus.img or QEMU is missing: make image"))
struct KillTests {
  /// A kill, and the line by which the next one of its name says that it is there; the shell greets.
  /// What is typed before that may be lost with the console that took it.
  static func kill(_ name: String) -> Session.Entry {
    switch name {
    case "irq": Session.Entry("kill irq", awaits: "irq      ready")
    case "shell": Session.Entry("kill shell", awaits: "type 'help' for the commands\r\napus> ")
    default: Session.Entry("kill \(name)")
    }
  }

  @Test("comes back with its devices and its clients, and takes no frame with it", arguments: [2, 3])
  func comesBack(gic: Int) async throws {
    var guest = Guest()
    guest.gic = gic
    let victims = ["console", "clock", "irq", "shell", "clock", "console", "irq", "console"]
    let session = try await Session(
      ["memory"] + victims.map(Self.kill) + ["memory", "tasks", "time", "devices"], on: guest)
    let replies = session.replies.dropFirst(victims.count + 1)
    #expect(replies.first == session.replies[0], "\(session.outcome.summary)")
    let tasks = replies[replies.startIndex + 1]
    for name in ["console", "clock", "irq", "shell"] {
      #expect(tasks.row(name)?[3] == "\(victims.count { $0 == name })", "\(tasks)")
    }
    #expect(tasks.row("init")?[3] == "0" && tasks.row("memory")?[3] == "0")
    // The new clock serves the shell, and the new driver of the interrupts the new console and the old clock.
    #expect(replies[replies.startIndex + 2].first?.contains("UTC, up ") == true, "\(session.outcome.summary)")
    let devices = replies[replies.startIndex + 3]
    #expect(devices.row("pl011@9000000")?[1] == "console" && devices.row("intc@8000000")?[1] == "irq")
  }

  @Test("is given up when its restarts are used up, after pauses that double")
  func limit() async throws {
    // A service of the system file has eight restarts; the pauses double from 20 ms.
    let kills = (0..<8).map { _ in Self.kill("irq") }
    let session = try await Session(
      kills + [Session.Entry("kill irq", awaits: "given up irq      after 8 restarts"), "tasks", "kill irq", "time"])
    #expect(session.replies[9].row("irq") == ["irq", "ended", "8"], "\(session.outcome.summary)")
    #expect(session.replies[10] == ["ended, and will not be restarted: name, restarts irq, 8"])
    #expect(session.replies[11].first?.contains("UTC, up ") == true)
    let times = session.outcome.lines.filter { $0.contains("irq      ready") }.compactMap {
      $0.firstMatch(of: /^\[ *([0-9]+\.[0-9]+)\]/).flatMap { Double($0.1) }
    }
    try #require(times.count == 9)
    // 20 ms, then 40, … then six doublings at most; commands take time of their own.
    for (index, pair) in zip(times.dropFirst(), times).enumerated() {
      #expect(pair.0 - pair.1 >= 0.020 * Double(1 << min(index, 6)), "restart \(index + 1) of \(times)")
    }
  }

  @Test("may be the memory server: tasks keep what they have, and nobody notices", arguments: [2, 3])
  func memoryServer(gic: Int) async throws {
    var guest = Guest()
    guest.gic = gic
    let session = try await Session(
      [
        "memory", "kill memory", "kill clock", "kill memory", "fault read", "kill memory", "kill console",
        "kill memory", "kill memory", "memory", "memory verify", "tasks", "devices", "time", "tables",
      ].map { Self.entry($0) }, on: guest)
    // As many frames are free; that they lie in the same runs is not asked.
    let books = [0, 9].map { reply in session.replies[reply].filter { !$0.hasPrefix("  in ") } }
    #expect(books[0] == books[1], "\(session.outcome.summary)")
    let verified = session.replies[10]
    #expect(verified.number("differed") == 0, "\(session.outcome.summary)")
    #expect(verified.number("free by index") == session.replies[9].number("free"))
    #expect(verified.number("free by ledger") == session.replies[9].number("free"))
    #expect(session.replies[11].row("memory")?[3] == "5" && session.replies[11].row("clock")?[3] == "1")
    for (device, holder) in [("pl011@9000000", "console"), ("pl031@9010000", "clock"), ("intc@8000000", "irq")] {
      #expect(session.replies[12].row(device)?[1] == holder, "\(session.outcome.summary)")
    }
    #expect(session.replies[13].first?.contains("UTC, up ") == true, "\(session.outcome.summary)")
    let restarts = session.log.filter { $0.hasPrefix("memory   restart") }
    let free = try #require(session.replies[0].number("free"))
    #expect(restarts.count == 5, "\(session.outcome.summary)")
    for (index, line) in restarts.enumerated() {
      #expect(line.hasPrefix("memory   restart  \(index + 1): found "), "\(line)")
    }
    #expect(restarts.last?.contains("found \(free) free frames in 1 section, 5 tasks, ") == true)
    #expect(session.log.contains { $0.contains("memory   fault    faulter  read at") }, "\(session.outcome.summary)")
  }

  /// A command; one that kills waits for what is started anew.
  private static func entry(_ command: String) -> Session.Entry {
    guard command.hasPrefix("kill "), command != "kill memory" else { return Session.Entry(command) }
    return kill(String(command.dropFirst(5)))
  }

  @Test("is not the one that nobody could start again")
  func refused() async throws {
    let session = try await Session(["kill init", "kill nobody", "kill faulter", "kill toolonganame", "tasks"])
    #expect(
      Array(session.replies[0..<4]) == [
        ["not permitted to this task init, 0"], ["no such task nobody, 0"],
        ["ended, and will not be restarted: name, restarts faulter, 0"], ["no task 'toolonganame', try 'tasks'"],
      ])
    for name in BootedShellTests.services { #expect(session.replies[4].row(name)?[3] == "0") }
  }
}
