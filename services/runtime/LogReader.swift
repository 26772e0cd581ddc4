public import ABI
public import Interfaces
public import Registers

/// The kernel's log ring, mapped read-only. The kernel writes it while we read: each access is one load, and a
/// record counts only if it was not overwritten meanwhile.
public struct LogReader<Ring: RegisterAccess & ~Copyable>: ~Copyable {
  private let ring: Ring
  /// The next record to read.
  public private(set) var position: UInt64
  /// Records that were overwritten before they were read.
  public private(set) var lost: UInt64 = 0

  /// A reader that starts with the record numbered `position`.
  public init(_ ring: consuming Ring, from position: UInt64 = 0) {
    self.ring = ring
    self.position = position
  }

  /// Records ever written.
  public var written: UInt64 { ring.load64(at: 0) }
  /// Records up to the last line that the kernel printed itself.
  public var printed: UInt64 { ring.load64(at: 16) }
  /// The counter's frequency in Hz.
  public var frequency: UInt64 { ring.load64(at: 8) }

  /// Goes on with the record numbered `position`.
  public mutating func seek(to position: UInt64) { self.position = position }

  /// The next record, or nothing where all were read.
  public mutating func next() -> LogRecord? {
    while position < written {
      let oldest = oldestKept
      if position < oldest {
        lost += oldest - position
        position = oldest
      }
      let record = record(position)
      // Overwritten while it was read: what we hold is of two records.
      guard position >= oldestKept else { continue }
      position += 1
      return record
    }
    return nil
  }

  /// The oldest record that is surely whole: one more than the ring holds may be under the kernel's pen.
  private var oldestKept: UInt64 {
    let written = written
    let capacity = UInt64(LogRing.capacity)
    return written < capacity ? 0 : written - capacity + 1
  }

  private func record(_ sequence: UInt64) -> LogRecord {
    let offset = LogRing.offset(of: sequence)
    var text = InlineArray<7, UInt64>(repeating: 0)
    for index in 0..<7 { text[index] = ring.load64(at: offset + 24 + 8 * index) }
    return LogRecord(
      time: ring.load64(at: offset), source: ring.load64(at: offset + 8), flags: ring.load64(at: offset + 16),
      text: text)
  }
}

/// A whole line of the log.
public struct LoggedLine: Sendable {
  /// The counter when the line began.
  public var time: UInt64
  /// The task that wrote it.
  public var source: Name
  /// Its text.
  public var text: TextBuffer<224>

  /// Writes the line as the log shows it: `[   0.001] memory   ready    …`.
  public func write<Sink: TextSink & ~Copyable>(to sink: inout Sink, frequency: UInt64) {
    let hertz = max(frequency, 1)
    sink.write("[")
    sink.write(decimal: time / hertz, width: 4)
    sink.write(".")
    sink.write(decimal: time % hertz * 1000 / hertz, width: 3, fill: UInt8(ascii: "0"))
    sink.write("] ")
    sink.write(name: source, width: 9)
    sink.write(text)
    sink.newLine()
  }
}

/// Puts lines together from records: those of different tasks may alternate, a line is whole with its last record.
public struct LineAssembler {
  private var open = InlineArray<4, LoggedLine?>(repeating: nil)

  /// No line is open.
  public init() {}

  /// Takes the next record. Returns a line that is whole now.
  public mutating func take(_ record: LogRecord) -> LoggedLine? {
    let source = Name(word: record.source)
    let place = place(of: source)
    var line = open[place] ?? LoggedLine(time: record.time, source: source, text: TextBuffer())
    if let bytes = Chunk(words: record.text, count: UInt64(record.length)) {
      for index in 0..<bytes.count { line.text.put(bytes[index]) }
    }
    let isWhole = record.flags & LogRecord.continues == 0
    open[place] = isWhole ? nil : line
    return isWhole ? line : nil
  }

  /// The open line of a source; else an empty place; with none, the first gives way.
  private func place(of source: Name) -> Int {
    for index in 0..<4 where open[index]?.source == source { return index }
    for index in 0..<4 where open[index] == nil { return index }
    return 0
  }
}
