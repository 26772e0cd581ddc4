import Foundation
import QEMU
import Testing

/// One boot of the image: a machine, what is typed into it, and what it must print.
///
/// A scenario is one line of ``Scenario/all``. What it prints is compared as a whole with the file
/// `Expected/NAME.txt`, or line by line where only some lines matter; of both, times alone are masked. No command
/// writes an expected file: a person does, who has read it.
struct Scenario: Sendable, CustomTestStringConvertible {
  /// What the machine's output is held to.
  enum Expectation: Sendable {
    /// All of it, as `Expected/NAME.txt` has it.
    case file
    /// These lines, in this order, among others.
    case lines([String])
  }

  /// The sentence the test is known by; the expected file has the same name.
  let name: String
  var guest = Guest()
  let steps: [Step]
  var expected = Expectation.file
  /// QEMU's status: 0 for a machine that was switched off, the code of a panic's exit otherwise.
  var status: Int32 = 0
  var limit = Duration.seconds(60)

  var testDescription: String { "\(name) (\(guest))" }

  /// Boots the machine and compares; every difference is an issue of the test that runs.
  func check() async throws {
    let outcome = try await guest.run(steps, limit: limit)
    #expect(!outcome.timedOut && outcome.unmet == nil && outcome.status == status, "\(outcome.summary)")
    let printed = Self.masked(outcome.text)
    switch expected {
    case .file:
      let file = "tests/SystemTests/Expected/\(name).txt"
      let wanted = try String(contentsOfFile: file, encoding: .utf8)
      if let difference = Self.difference(printed, Self.masked(wanted)) { Issue.record("\(file): \(difference)") }
    case .lines(let lines):
      if let absent = Self.firstAbsent(of: lines.map(Self.masked), in: printed) {
        Issue.record("no line “\(absent)” where it belongs\n\(outcome.summary)")
      }
    }
  }
}

extension Scenario {
  /// The text with every time, `[   0.123]`, written as `[--------]`, and trailing blanks of a line gone.
  static func masked(_ text: String) -> String {
    text.replacing("\r", with: "").replacing(/\[ *[0-9]+\.[0-9]+\]/, with: "[--------]")
      .replacing(/[ \t]+(\n|$)/) { $0.1 }
  }

  /// The first line in which two texts differ, in words; nil if they are one.
  static func difference(_ printed: String, _ wanted: String) -> String? {
    let (printed, wanted) = (lines(printed), lines(wanted))
    for index in 0..<max(printed.count, wanted.count) {
      let pair = [wanted, printed].map { index < $0.count ? "“\($0[index])”" : "no more lines" }
      if pair[0] != pair[1] { return "line \(index + 1)\n  expected \(pair[0])\n  printed  \(pair[1])" }
    }
    return nil
  }

  /// The first of `wanted` that does not follow those before it in `text`.
  static func firstAbsent(of wanted: [String], in text: String) -> String? {
    var rest = lines(text)[...]
    for line in wanted {
      guard let found = rest.firstIndex(of: line) else { return line }
      rest = rest[(found + 1)...]
    }
    return nil
  }

  private static func lines(_ text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }
}
