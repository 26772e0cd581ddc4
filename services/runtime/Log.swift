public import ABI
public import Interfaces

/// A line of the log while it is built. What does not fit is left out.
public typealias LogLine = TextBuffer<168>

extension Gate where Self: ~Copyable {
  /// Writes one line to the kernel's log; the kernel adds the time and the task's name.
  ///
  /// A record holds 56 bytes: a longer line goes out in several, all but the last marked as continued.
  public mutating func log<let size: Int>(_ line: TextBuffer<size>) {
    var chunk = Chunk()
    for index in 0..<line.count {
      if chunk.count == Chunk.capacity {
        log(chunk.words, length: chunk.count, continues: true)
        chunk = Chunk()
      }
      _ = chunk.append(line[index])
    }
    log(chunk.words, length: chunk.count, continues: false)
  }

  /// Writes a line of one aligned fact: a subject and what there is to say of it.
  public mutating func log(_ subject: StaticString, _ text: StaticString) {
    var line = LogLine()
    line.write(subject, width: 9)
    line.write(text)
    log(line)
  }

  /// Writes a line of one aligned fact: a subject and what there is to say of it.
  public mutating func log<let size: Int>(_ subject: StaticString, _ text: TextBuffer<size>) {
    var line = LogLine()
    line.write(subject, width: 9)
    line.write(text)
    log(line)
  }

  /// Writes that something was refused, and why.
  public mutating func log<Reason>(_ subject: StaticString, _ refusal: ServiceRefusal<Reason>) {
    var line = LogLine()
    line.write(subject, width: 9)
    line.write(refusal)
    log(line)
  }

  /// Writes that something was refused, and why.
  public mutating func log(_ subject: StaticString, _ refusal: Refusal) {
    var line = LogLine()
    line.write(subject, width: 9)
    line.write(refusal)
    log(line)
  }
}
