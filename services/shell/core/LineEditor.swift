public import Interfaces

/// A line of at most `width` bytes being edited on a terminal, with the last `depth` lines to go back to.
///
/// Bytes in, echo out: what the terminal must be sent to show the line as it is goes into the sink of each call.
public struct LineEditor<let width: Int, let depth: Int> {
  /// What a byte led to.
  public enum Outcome: Sendable {
    /// The line is still being edited.
    case editing
    /// The line was entered; the editor holds an empty one.
    case entered(TextBuffer<width>)
    /// ^C: the line was given up; the editor holds an empty one.
    case interrupted
  }

  private let prompt: StaticString
  private var decoder = KeyDecoder()
  private var line = TextBuffer<width>()
  private var cursor = 0
  private var history = LineHistory<width, depth>()
  /// Steps back in the history; 0 while on the line being made, which `draft` keeps meanwhile.
  private var steps = 0
  private var draft = TextBuffer<width>()

  /// An empty line after `prompt`.
  public init(prompt: StaticString) { self.prompt = prompt }

  /// Shows prompt and line, on a terminal whose cursor is at the start of an empty line.
  public mutating func show<Sink: TextSink & ~Copyable>(on echo: inout Sink) {
    echo.write(prompt)
    echo.write(line)
    Self.move(.left, by: line.count - cursor, on: &echo)
  }

  /// Takes the next byte from the terminal.
  public mutating func accept<Sink: TextSink & ~Copyable>(_ byte: UInt8, echo: inout Sink) -> Outcome {
    guard let key = decoder.decode(byte) else { return .editing }
    switch key {
    case .character(let byte): insert(byte, echo: &echo)
    case .enter: return enter(echo: &echo)
    case .interrupt: return interrupt(echo: &echo)
    case .backspace: delete(cursor - min(cursor, 1)..<cursor, echo: &echo)
    case .delete: delete(cursor..<min(cursor + 1, line.count), echo: &echo)
    case .deleteWord: delete(wordStart()..<cursor, echo: &echo)
    case .deleteToStart: delete(0..<cursor, echo: &echo)
    case .deleteToEnd: delete(cursor..<line.count, echo: &echo)
    case .left: move(to: max(cursor - 1, 0), echo: &echo)
    case .right: move(to: min(cursor + 1, line.count), echo: &echo)
    case .start: move(to: 0, echo: &echo)
    case .end: move(to: line.count, echo: &echo)
    case .earlier: recall(steps + 1, echo: &echo)
    case .later: recall(steps - 1, echo: &echo)
    case .redraw:
      echo.write("\u{1b}[H\u{1b}[2J")
      show(on: &echo)
    }
    return .editing
  }
}

extension LineEditor {
  private mutating func enter<Sink: TextSink & ~Copyable>(echo: inout Sink) -> Outcome {
    echo.newLine()
    let entered = line
    history.add(entered)
    clear()
    return .entered(entered)
  }

  private mutating func interrupt<Sink: TextSink & ~Copyable>(echo: inout Sink) -> Outcome {
    echo.write("^C")
    echo.newLine()
    clear()
    return .interrupted
  }

  private mutating func clear() {
    line.removeAll()
    cursor = 0
    steps = 0
  }

  /// A full line answers with the bell.
  private mutating func insert<Sink: TextSink & ~Copyable>(_ byte: UInt8, echo: inout Sink) {
    guard line.insert(byte, at: cursor) else { return echo.put(0x07) }
    cursor += 1
    echo.put(byte)
    if cursor < line.count { showTail(on: &echo) }
  }

  /// Deletes `range`, which the cursor touches.
  private mutating func delete<Sink: TextSink & ~Copyable>(_ range: Range<Int>, echo: inout Sink) {
    guard !range.isEmpty else { return }
    move(to: range.lowerBound, echo: &echo)
    line.remove(range)
    showTail(on: &echo)
  }

  /// Where the word before the cursor starts, the spaces after it included.
  private mutating func wordStart() -> Int {
    var start = cursor
    while start > 0 && line[start - 1] == UInt8(ascii: " ") { start -= 1 }
    while start > 0 && line[start - 1] != UInt8(ascii: " ") { start -= 1 }
    return start
  }

  /// Shows the line `wanted` steps back, with the cursor at its end; does nothing where there is none.
  private mutating func recall<Sink: TextSink & ~Copyable>(_ wanted: Int, echo: inout Sink) {
    guard wanted >= 0 && wanted <= history.count else { return }
    if steps == 0 { draft = line }
    steps = wanted
    move(to: 0, echo: &echo)
    line = wanted == 0 ? draft : history.line(wanted)
    cursor = line.count
    echo.write(line)
    echo.write("\u{1b}[K")
  }

  private mutating func move<Sink: TextSink & ~Copyable>(to place: Int, echo: inout Sink) {
    if place < cursor {
      Self.move(.left, by: cursor - place, on: &echo)
    } else {
      Self.move(.right, by: place - cursor, on: &echo)
    }
    cursor = place
  }

  /// Writes the line anew from the cursor, clears what stood beyond, and goes back to the cursor.
  private mutating func showTail<Sink: TextSink & ~Copyable>(on echo: inout Sink) {
    for index in cursor..<line.count { echo.put(line[index]) }
    echo.write("\u{1b}[K")
    Self.move(.left, by: line.count - cursor, on: &echo)
  }

  private enum Direction: UInt8 {
    case right = 0x43  // C
    case left = 0x44  // D
  }

  /// Moves the terminal's cursor: CUF and CUB of ECMA-48, or one backspace.
  private static func move<Sink: TextSink & ~Copyable>(
    _ direction: Direction, by columns: Int, on echo: inout Sink
  ) {
    guard columns > 0 else { return }
    if direction == .left && columns == 1 { return echo.put(0x08) }
    echo.write("\u{1b}[")
    if columns > 1 { echo.write(decimal: UInt64(columns)) }
    echo.put(direction.rawValue)
  }
}
