public import Interfaces

/// Why a line is no command.
public enum CommandError: Error, Sendable {
  /// No command is called so.
  case unknownCommand(Word)
  /// The command takes an argument, and there is none.
  case missing(Verb)
  /// The command takes no such word, or no further one.
  case unexpected(Word, after: Verb)
  /// No fault is called so.
  case unknownFault(Word)
  /// A word is longer than any name; its first 32 bytes.
  case wordTooLong(Word)

  /// Writes what is wrong and what would be right, in one line without an end.
  public func write<Sink: TextSink & ~Copyable>(to sink: inout Sink) {
    switch self {
    case .unknownCommand(let word):
      sink.write("unknown command '")
      sink.write(word)
      sink.write("', try 'help'")
    case .missing(let verb):
      sink.write(verb.row.name)
      sink.write(" needs ")
      sink.write(verb.row.argument.text)
    case .unexpected(let word, let verb):
      sink.write("unexpected '")
      sink.write(word)
      sink.write("' after ")
      sink.write(verb.row.name)
    case .unknownFault(let word):
      sink.write("unknown fault '")
      sink.write(word)
      sink.write("', one of ")
      sink.write(Verb.Argument.fault.text)
    case .wordTooLong(let word):
      sink.write("word '")
      sink.write(word)
      sink.write("…' longer than 32 bytes")
    }
  }
}
