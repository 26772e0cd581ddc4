import Foundation
import QEMU
import Testing

/// The console's interrupts and its bytes, counted by the shell's `devices`.
@Suite("The console, booted", .enabled(if: Guest.isExpected, "build/apus.img or QEMU is missing: make image"))
struct BootedConsoleTests {
  /// The last line of `devices`: receive interrupts, transmit interrupts, bytes in and out, bytes lost.
  static func counts(_ reply: [String]) throws -> [Int] {
    let line = try #require(reply.last { $0.hasPrefix("console: ") })
    let counts = line.matches(of: /[0-9]+/).compactMap { Int($0.0) }
    try #require(counts.count == 5)
    return counts
  }

  /// What the kernel delivered of the UART's interrupt.
  static func delivered(_ reply: [String]) -> Int { Int(reply.row("pl011@9000000")?[4] ?? "") ?? 0 }

  @Test("takes 24,000 bytes at full speed and loses none", arguments: [2, 3])
  func input(gic: Int) async throws {
    var guest = Guest()
    guest.gic = gic
    // 240 lines of 99 characters and an enter, all sent at once; each is answered by its own number.
    let letters = (0..<26).map { String(UnicodeScalar(UInt8(97 + $0))) }
    let lines = (0..<240).map { line in "\(1000 + line)" + (0..<95).map { letters[(line + $0) % 26] }.joined() }
    let outcome = try await guest.run([
      .expect(Session.prompt), .send(lines.map { $0 + "\r" }.joined()), .expect("word '\(lines[239].prefix(32))"),
      .expect(Session.prompt), .send("devices\r"), .expect("console: "), .expect(Session.prompt),
      .send("poweroff\r"),
    ])
    try #require(outcome.unmet == nil && outcome.status == 0, "\(outcome.summary)")
    let answered = outcome.lines.compactMap { $0.firstMatch(of: /word '([0-9]{4}[a-z]{28})…/).map { String($0.1) } }
    #expect(answered == lines.map { String($0.prefix(32)) })
    // The echo shows each byte.
    let echoed = outcome.lines.compactMap { $0.firstMatch(of: /^apus> ([0-9]{4}[a-z]{95})$/).map { String($0.1) } }
    #expect(echoed == lines)
    let counts = try Self.counts(outcome.lines)
    #expect(counts[2] == 24_000 + "devices\r".utf8.count && counts[4] == 0, "\(counts)")
  }

  @Test("sends a flood of output in order, and counts each byte")
  func output() async throws {
    let outcome = try await Guest().run(
      [.expect(Session.prompt), .send("devices\r"), .expect("lost"), .expect(Session.prompt)]
        + [.send(String(repeating: "help\r", count: 60) + "devices\r"), .expect("lost"), .expect(Session.prompt)]
        + [.send("poweroff\r")])
    try #require(outcome.unmet == nil && outcome.status == 0, "\(outcome.summary)")
    let parts = outcome.text.components(separatedBy: "apus> help\n").dropFirst()
    // Behind the last one comes the prompt.
    let helps = Set(parts.map { $0.components(separatedBy: "apus> ")[0] })
    #expect(parts.count == 60 && helps.count == 1, "\(helps)")
    // Each count is told in the line that it goes into: what the ring and one message hold is not sent yet.
    let counts = try outcome.lines.filter { $0.hasPrefix("console: ") }.map { try Self.counts([$0]) }
    try #require(counts.count == 2)
    let ends = outcome.output.ends(of: "console: ")
    let (counted, seen) = (counts[1][3] - counts[0][3], ends[1] - ends[0])
    #expect(seen > 40_000 && (seen - 4152...seen + 4152).contains(counted), "\(counted), \(seen)")
  }

  @Test("counts interrupts both ways while there is traffic, and none without", arguments: [2, 3])
  func interrupts(gic: Int) async throws {
    var guest = Guest()
    guest.gic = gic
    let devices: [Step] = [.send("devices\r"), .expect("lost"), .expect(Session.prompt)]
    let help: [Step] = [.send("help\r"), .expect(Session.prompt)]
    let outcome = try await guest.run(
      [.expect(Session.prompt)] + devices + devices + [.pause(.milliseconds(700))] + devices
        + Array(repeating: help, count: 20).flatMap { $0 } + devices + [.send("poweroff\r")])
    try #require(outcome.unmet == nil && outcome.status == 0, "\(outcome.summary)")
    let told = try outcome.lines.filter { $0.hasPrefix("console: ") }.map { try Self.counts([$0]) }
    let delivered = outcome.lines.filter { $0.hasPrefix("pl011@") }.map { Self.delivered([$0]) }
    try #require(told.count == 4 && delivered.count == 4, "\(outcome.summary)")
    let growth = zip(told.dropFirst(), told).map { pair in zip(pair.0, pair.1).map { $0.0 - $0.1 } }
    let deliveries = zip(delivered.dropFirst(), delivered).map { $0.0 - $0.1 }
    // The silence of the second phase is room for no interrupt: its bounds are those of its bytes, as the first one's.
    for (index, typed) in [["devices"], ["devices"], Array(repeating: "help", count: 20) + ["devices"]].enumerated() {
      let phase = Phase(typed: typed, sent: growth[index][3])
      #expect(growth[index][2] == phase.received, "\(growth)")
      #expect(phase.receiveInterrupts.contains(growth[index][0]), "phase \(index): \(growth)")
      #expect(phase.transmitInterrupts.contains(growth[index][1]), "phase \(index): \(growth)")
      #expect(phase.deliveries.contains(deliveries[index]), "phase \(index): \(deliveries), \(growth)")
    }
  }
}

/// What a UART may raise for the commands typed and the bytes sent between two counts, however the bytes fall together.
private struct Phase {
  /// Commands, each typed when the one before was answered.
  let typed: [String]
  /// Bytes sent.
  let sent: Int

  /// Bytes typed, each command's enter among them.
  var received: Int { typed.reduce(0) { $0 + $1.utf8.count + 1 } }

  /// One at least for each command, for its bytes come after the others were taken; one at most for each byte.
  var receiveInterrupts: ClosedRange<Int> { typed.count...received }

  /// A FIFO holds 16 bytes. An interrupt finds it an eighth full at most, and moves 14 bytes at least or all there are;
  /// after that a message to an idle UART goes on without an interrupt, by 16 bytes at most.
  var transmitInterrupts: ClosedRange<Int> { max((sent - 16 * messages) / 16, 1)...sent / 14 + messages + 1 }

  /// Those of a count that is told earlier than the others, by what a ring and a message hold.
  var deliveries: ClosedRange<Int> {
    typed.count...Phase(typed: typed, sent: sent + Self.underWay).transmitInterrupts.upperBound + received
  }

  /// Messages to the console at most: full ones, and one that is not full before each read and each command.
  private var messages: Int { (sent + Self.underWay) / 56 + received + 1 + typed.count }

  /// What the console's ring and one message hold.
  private static let underWay = 4096 + 56
}

extension [UInt8] {
  /// The indexes after each occurrence of a text.
  fileprivate func ends(of text: String) -> [Int] {
    let pattern = Array(text.utf8)
    return indices.filter { self[$0...].starts(with: pattern) }.map { $0 + pattern.count }
  }
}
