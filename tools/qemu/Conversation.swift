/// One step of talking with a program over its standard input and output.
public enum Step: Sendable, Equatable {
  /// Wait until this text appears after whatever the last wait found.
  case expect(String)
  /// Send this text; a line needs its own "\n" (a serial console wants "\r" or "\n" alike).
  case send(String)
  /// Send these bytes as they are.
  case bytes([UInt8])
  /// Send nothing for this long: what the program does while it is left alone.
  case pause(Duration)
  /// End the program here, as nothing more is wanted from it.
  case stop
  /// Close its standard input.
  case close
}

/// How far a script of steps has come, given what the program has printed so far.
struct Conversation {
  /// What the program must do about a step whose turn has come.
  enum Action: Equatable { case write([UInt8]), pause(Duration), close, stop }

  private var steps: ArraySlice<Step>
  private var position = 0
  /// Up to where the present wait has looked: a serial line brings its bytes one by one.
  private var searched = 0

  init(_ steps: [Step]) { self.steps = steps[...] }

  /// The text waited for and not yet seen.
  var unmet: String? {
    for case .expect(let text) in steps { return text }
    return nil
  }

  /// Takes the steps that `transcript`, which only grows, allows.
  mutating func advance(_ transcript: [UInt8]) -> [Action] {
    var actions: [Action] = []
    while let step = steps.first {
      switch step {
      case .expect(let text):
        let pattern = Array(text.utf8)
        guard let end = transcript.end(of: pattern, from: max(position, searched - pattern.count)) else {
          searched = transcript.count
          return actions
        }
        (position, searched) = (end, end)
      case .send(let text): actions.append(.write(Array(text.utf8)))
      case .bytes(let bytes): actions.append(.write(bytes))
      case .pause(let time): actions.append(.pause(time))
      case .close: actions.append(.close)
      case .stop: actions.append(.stop)
      }
      steps.removeFirst()
    }
    return actions
  }
}

extension [UInt8] {
  /// The index after the first occurrence of `pattern` at or after `start`.
  func end(of pattern: [UInt8], from start: Int) -> Int? {
    guard !pattern.isEmpty else { return start }
    var index = start
    while index + pattern.count <= count {
      if self[index..<index + pattern.count].elementsEqual(pattern) { return index + pattern.count }
      index += 1
    }
    return nil
  }
}
