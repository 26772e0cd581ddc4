import Interfaces

/// The last `depth` lines entered, the oldest first.
struct LineHistory<let width: Int, let depth: Int> {
  private var lines: InlineArray<depth, TextBuffer<width>>
  /// The number of lines kept.
  private(set) var count = 0

  init() { lines = InlineArray(repeating: TextBuffer()) }

  /// Keeps `line`, unless it is empty or the same as the last; the oldest goes where there is no room.
  mutating func add(_ line: TextBuffer<width>) {
    guard line.count > 0, count == 0 || !lines[count - 1].equals(line) else { return }
    if count == depth {
      for index in 1..<depth { lines[index - 1] = lines[index] }
      count -= 1
    }
    lines[count] = line
    count += 1
  }

  /// The line `steps` back from now, 1 the last one entered.
  mutating func line(_ steps: Int) -> TextBuffer<width> { lines[count - steps] }
}
