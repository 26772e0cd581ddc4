import Foundation
import Subprocess
import Synchronization

/// A program to run, with a time limit that always holds: at the limit the whole process group is killed.
public struct Child: Sendable {
  /// A name looked up in PATH, or a path with a slash in it.
  public var executable: String
  /// What stands behind the command on its line.
  public var arguments: [String]
  /// Changes to the environment inherited; nil takes a variable away.
  public var environment: [String: String?] = [:]
  /// The working directory; nil keeps the present one.
  public var directory: String?

  /// Describes a run; ``run(input:limit:)`` and ``converse(_:limit:)`` start it.
  public init(
    _ executable: String, _ arguments: [String] = [], environment: [String: String?] = [:], directory: String? = nil
  ) {
    self.executable = executable
    self.arguments = arguments
    self.environment = environment
    self.directory = directory
  }

  /// Runs the program with `input` on its standard input and waits for its end, `limit` at most.
  public func run(input: [UInt8] = [], limit: Duration = .seconds(60)) async throws -> Outcome {
    try await converse([.bytes(input), .close], limit: limit)
  }

  /// Runs the program, taking each step when its turn comes. Standard input stays open at the end of the steps
  /// unless they close it. Throws only when the program cannot be started.
  public func converse(_ steps: [Step], limit: Duration = .seconds(60)) async throws -> Outcome {
    Self.ignoreBrokenPipes
    var options = PlatformOptions()
    options.processGroupID = 0
    let changes = Dictionary(uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0), $1) })
    let record = try await Subprocess.run(
      executable.contains("/") ? .path(.init(executable)) : .name(executable),
      arguments: .init(arguments), environment: .inherit.updating(changes),
      workingDirectory: directory.map { .init($0) }, platformOptions: options,
      input: .inputWriter, output: .sequence, error: .sequence
    ) { execution in
      await supervise(execution, steps, limit)
    }
    let ending = record.terminationStatus
    return Outcome(ending, record.closureResult)
  }

}

/// The supervision of one running child.
extension Child {
  private typealias Running = Execution<CustomWriteInput, SequenceOutput, SequenceOutput>

  /// Whether the limit struck; shared by the watch and the run.
  private final class Alarm: Sendable { let struck = Atomic(false) }

  /// A write to a program that has ended is an error to notice, not a reason to die.
  private static let ignoreBrokenPipes: Void = { _ = signal(SIGPIPE, SIG_IGN) }()

  private func supervise(_ execution: Running, _ steps: [Step], _ limit: Duration) async -> Transcript {
    let alarm = Alarm()
    let kill: @Sendable () -> Void = { try? execution.send(signal: .kill, toProcessGroup: true) }
    let (queue, feed) = AsyncStream<Conversation.Action>.makeStream()
    async let _: Void = {
      guard (try? await Task.sleep(for: limit)) != nil else { return }
      alarm.struck.store(true, ordering: .relaxed)
      kill()
    }()
    async let writing: Void = Self.write(queue, to: execution.standardInputWriter, stop: kill)
    async let errors = Self.collect(execution.standardError)
    var transcript = await Self.listen(execution.standardOutput, Conversation(steps), feed)
    transcript.errors = await errors
    await writing
    transcript.timedOut = alarm.struck.load(ordering: .relaxed)
    return transcript
  }

  /// Reads to the end, feeding the conversation's actions to the writer, which works apart so that a program that
  /// stops reading until somebody reads from it cannot lock up the pair.
  private static func listen(
    _ output: SubprocessOutputSequence, _ conversation: Conversation,
    _ feed: AsyncStream<Conversation.Action>.Continuation
  ) async -> Transcript {
    var conversation = conversation
    var transcript = Transcript()
    for action in conversation.advance([]) { feed.yield(action) }
    var chunks = output.makeAsyncIterator()
    while let chunk = try? await chunks.next() {
      transcript.output += copy(chunk)
      for action in conversation.advance(transcript.output) { feed.yield(action) }
    }
    feed.finish()
    transcript.unmet = conversation.unmet
    return transcript
  }

  private static func write(
    _ queue: AsyncStream<Conversation.Action>, to writer: StandardInputWriter, stop: @Sendable () -> Void
  ) async {
    for await action in queue {
      switch action {
      case .write(let bytes): _ = try? await writer.write(bytes)
      case .pause(let time): try? await Task.sleep(for: time)
      case .close: try? await writer.finish()
      case .stop: stop()
      }
    }
  }

  private static func collect(_ output: SubprocessOutputSequence) async -> [UInt8] {
    var bytes: [UInt8] = []
    var chunks = output.makeAsyncIterator()
    while let chunk = try? await chunks.next() { bytes += copy(chunk) }
    return bytes
  }

  /// A chunk's bytes, copied by the one safe way that the library offers.
  private static func copy(_ chunk: SubprocessOutputSequence.Buffer) -> [UInt8] {
    let bytes: BytesOutput = .bytes(limit: .max)
    return (try? bytes.output(from: chunk.bytes)) ?? []
  }
}
