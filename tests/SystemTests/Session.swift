import QEMU
import Testing

/// One boot with commands typed into the shell, and what each of them printed.
struct Session {
  /// A command, and the text to wait for before the next one is typed.
  struct Entry: ExpressibleByStringLiteral {
    var command: String
    var awaits: String

    init(_ command: String, awaits: String = Session.prompt) { (self.command, self.awaits) = (command, awaits) }
    init(stringLiteral command: String) { self.init(command) }
  }

  static let prompt = "apus> "

  /// How the machine ended.
  let outcome: Outcome
  /// The lines that each command printed, lines of the log left out.
  let replies: [[String]]
  /// The lines of the log, their times cut off.
  let log: [String]

  /// Boots, types each entry when its turn comes, then switches the machine off; QEMU's status must be 0.
  init(_ entries: [Entry], on guest: Guest = Guest(), limit: Duration = .seconds(60)) async throws {
    var steps: [Step] = [.expect(Session.prompt)]
    for entry in entries + [Entry("poweroff", awaits: "\n")] {
      steps += [.send(entry.command + "\r"), .expect(entry.awaits)]
    }
    outcome = try await guest.run(steps, limit: limit)
    try #require(outcome.unmet == nil && outcome.status == 0 && !outcome.timedOut, "\(outcome.summary)")
    let lines = outcome.lines
    log = lines.compactMap { Session.logged($0) }
    replies = Session.split(lines.filter { Session.logged($0) == nil }.joined(separator: "\n"), by: entries)
  }

  /// A line of the log without its time; nil for any other line.
  static func logged(_ line: String) -> String? {
    line.firstMatch(of: /^\[ *[0-9]+\.[0-9]+\] (.*)$/).map { String($0.1) }
  }

  /// What lies between the echo of each command and the next prompt.
  private static func split(_ text: String, by entries: [Entry]) -> [[String]] {
    var rest = text[...]
    return entries.map { entry in
      guard let echo = rest.firstRange(of: entry.command + "\n") else { return [] }
      rest = rest[echo.upperBound...]
      let end = rest.firstRange(of: prompt)?.lowerBound ?? rest.endIndex
      let reply = rest[..<end].split(separator: "\n").map(String.init)
      rest = rest[end...]
      return reply
    }
  }
}

extension [String] {
  /// The line that starts with `word`, as its words.
  func row(_ word: String) -> [String]? {
    first { $0.split(separator: " ").first.map(String.init) == word }?.split(separator: " ").map(String.init)
  }

  /// The first number behind a label that starts a line: "private pages   49 frames" has 49.
  func number(_ label: String) -> Int? {
    first { $0.hasPrefix(label + " ") }?.dropFirst(label.count).split(separator: " ").first.flatMap { Int($0) }
  }
}
