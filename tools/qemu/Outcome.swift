import Subprocess

/// How a run ended and what it printed.
public struct Outcome: Sendable {
  /// The exit status; 128 + the signal's number for a program ended by a signal.
  public let status: Int32
  /// Standard output, byte for byte.
  public let output: [UInt8]
  /// Standard error.
  public let errors: String
  /// The text waited for that never came; nil when all steps were taken.
  public let unmet: String?
  /// Whether the time limit ended the run.
  public let timedOut: Bool

  /// Standard output as text, carriage returns taken away.
  public var text: String { String(decoding: output.filter { $0 != 13 }, as: UTF8.self) }

  /// Standard output, line by line.
  public var lines: [String] { text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) }

  /// The end in a few words, for a test's comment.
  public var summary: String {
    let end = timedOut ? "ran into its time limit" : "ended with status \(status)"
    let wait = unmet.map { "; “\($0)” never came" } ?? ""
    return "\(end)\(wait)\n--- output\n\(text)\n--- errors\n\(errors)"
  }
}

/// What one run has said so far.
struct Transcript: Sendable {
  var output: [UInt8] = []
  var errors: [UInt8] = []
  var unmet: String?
  var timedOut = false
}

extension Outcome {
  init(_ ending: TerminationStatus, _ transcript: Transcript) {
    switch ending {
    case .exited(let code): status = code
    case .signaled(let signal): status = 128 + signal
    }
    output = transcript.output
    errors = String(decoding: transcript.errors, as: UTF8.self)
    unmet = transcript.unmet
    timedOut = transcript.timedOut
  }
}
