import Interfaces
import Testing

@testable import ShellCore

/// Enough of a terminal to show whether echo leaves on it what the line holds: one row, CUF, CUB, ED, EL and BS.
struct Terminal: TextSink {
  private(set) var row: [UInt8] = []
  private(set) var column = 0
  private(set) var rows: [String] = []
  private(set) var bells = 0
  private var escape: [UInt8] = []

  mutating func put(_ byte: UInt8) {
    if !escape.isEmpty || byte == 0x1b {
      escape.append(byte)
      if escape.count > 2 && byte >= 0x40 { perform() }
      return
    }
    switch byte {
    case 0x07: bells += 1
    case 0x08: column -= 1
    case 0x0d: column = 0
    case 0x0a:
      rows.append(text)
      row = []
    default:
      if column < row.count { row[column] = byte } else { row.append(byte) }
      column += 1
    }
  }

  private mutating func perform() {
    let count = Int(String(decoding: escape[2..<escape.count - 1], as: UTF8.self)) ?? 1
    switch escape.last! {
    case UInt8(ascii: "C"): column += count
    case UInt8(ascii: "D"): column -= count
    case UInt8(ascii: "K"): row.removeSubrange(column...)
    case UInt8(ascii: "H"): column = 0
    case UInt8(ascii: "J"): row = []
    default: Issue.record("unknown sequence \(escape)")
    }
    escape = []
  }

  var text: String { String(decoding: row, as: UTF8.self) }
}

@Suite("Shell") struct ShellTests {
  /// The lines entered by typing `keys`, and the terminal afterwards.
  func type(_ keys: String) -> (lines: [String], terminal: Terminal) {
    var editor = LineEditor<24, 3>(prompt: "> ")
    var terminal = Terminal()
    editor.show(on: &terminal)
    var lines: [String] = []
    for byte in keys.utf8 {
      switch editor.accept(byte, echo: &terminal) {
      case .editing: continue
      case .entered(let line): lines.append(line.text)
      case .interrupted: lines.append("^C")
      }
      editor.show(on: &terminal)
    }
    return (lines, terminal)
  }

  static let up = "\u{1b}[A"
  static let down = "\u{1b}[B"
  static let right = "\u{1b}[C"
  static let left = "\u{1b}[D"

  @Test(
    "keys edit the line, and the terminal shows it",
    arguments: [
      ("hello", "hello"), ("helo\(left)l", "hello"), ("abc\u{7f}\u{8}", "a"), ("\u{7f}a", "a"),
      ("bc\u{1}a\u{5}d", "abcd"), ("one two  \u{17}", "one "), ("one two\(left)\u{17}", "one o"), ("\u{17}x", "x"),
      ("one two\u{15}three", "three"), ("abc\(left)\(left)\u{15}", "bc"), ("abc\u{1}\u{b}", ""),
      ("abc\u{1}\u{4}", "bc"), ("abc\u{1}\(right)\u{1b}[3~", "ac"), ("abc\u{1b}[H\u{1b}[Cx\u{1b}[Fy", "axbcy"),
      ("abc\(right)d", "abcd"), ("\(left)a", "a"), ("ab\u{c}c", "abc"), ("a\u{0}\u{1f}\u{1b}Zb", "ab"),
      ("abc\u{1b}OD\u{1b}OCd", "abcd"), ("é", ""),
    ])
  func edit(keys: String, line: String) {
    let shown = type(keys).terminal
    #expect(shown.text == "> " + line)
    #expect(type(keys + "\r").lines == [line])
  }

  @Test("a line ends once, by return, line feed or both")
  func ends() {
    #expect(type("a\rb\nc\r\nd\r\r").lines == ["a", "b", "c", "d", ""])
  }

  @Test("the history goes back and forth, and keeps the line being made")
  func history() {
    let (up, down) = (Self.up, Self.down)
    #expect(type("one\rtwo\r\(up)\r").lines == ["one", "two", "two"])
    #expect(type("one\rtwo\r\(up)\(up)\r").lines.last == "one")
    #expect(type("one\rtwo\r\(up)\(up)\(up)\(up)\(down)\r").lines.last == "two")
    #expect(type("one\rdraft\(up)\(down)\(down)!\r").lines.last == "draft!")
    #expect(type("one\r\(up)s\r\(up)\(up)\r").lines == ["one", "ones", "one"])
    #expect(type("1\r2\r3\r4\r\(up)\(up)\(up)\(up)\(up)\r").lines.last == "2")
    #expect(type("1\r\r1\r\(up)\(up)\r").lines.last == "1")
    #expect(type("longer\rx\(up)").terminal.text == "> longer")
    #expect(type("a\rlonger\(up)").terminal.text == "> a")
  }

  @Test("^C gives the line up, a full line answers with the bell")
  func interruptAndFull() {
    #expect(type("abc\u{3}d\r").lines == ["^C", "d"])
    let full = type(String(repeating: "x", count: 26))
    #expect(full.terminal.bells == 2)
    #expect(full.terminal.text.count == 26)
  }

  @Test("typing at random, the terminal always shows the line with the cursor in its place")
  func random() {
    var random = Seeded(state: 77)
    let keys = [
      "a", "b", " ", "\u{7f}", Self.left, Self.left, Self.right, Self.up, Self.down, "\u{1}", "\u{5}", "\u{17}",
      "\u{4}", "\u{b}", "\r",
    ]
    for _ in 0..<300 {
      let typed = (0..<60).map { _ in keys.randomElement(using: &random)! }.joined()
      let marked = type(typed + "#")
      guard marked.terminal.bells == 0 else { continue }
      #expect(type(typed + "#\r").lines.last.map { "> " + $0 } == marked.terminal.text)
      #expect(marked.terminal.row[marked.terminal.column - 1] == UInt8(ascii: "#"))
    }
  }

  @Test(
    "a line is parsed as the command it names",
    arguments: [
      ("help", "help"), ("  tasks ", "tasks"), ("memory", "memory"), ("tables", "tables"), ("devices", "devices"),
      ("memory verify", "verify"), ("memory x", "unexpected 'x' after memory"),
      ("memory verify x", "unexpected 'x' after memory"), ("log", "log"), ("time", "time"), ("poweroff", "poweroff"),
      ("regions console", "regions(console)"),
      ("kill   init", "kill(init)"), ("fault read", "fault(read)"), ("fault write", "fault(write)"),
      ("fault execute", "fault(execute)"), ("fault kernel", "fault(kernel)"), ("fault device", "fault(device)"),
      ("", "nothing"), ("   ", "nothing"),
      ("foo", "unknown command 'foo', try 'help'"), ("hel", "unknown command 'hel', try 'help'"),
      ("helpp", "unknown command 'helpp', try 'help'"), ("Help", "unknown command 'Help', try 'help'"),
      ("kill", "kill needs TASK"), ("regions", "regions needs TASK"),
      ("fault", "fault needs read|write|execute|kernel|device"),
      ("fault x", "unknown fault 'x', one of read|write|execute|kernel|device"),
      ("revoke clock rtc", "revoke(clock, rtc)"), ("revoke", "revoke needs TASK DEVICE"),
      ("revoke clock", "revoke needs TASK DEVICE"), ("revoke a b c", "unexpected 'c' after revoke"),
      ("time now", "unexpected 'now' after time"), ("kill a b", "unexpected 'b' after kill"),
      (
        "abcdefghijabcdefghijabcdefghijabcdefghij",
        "word 'abcdefghijabcdefghijabcdefghijab…' longer than 32 bytes"
      ),
    ])
  func parse(line: String, meaning: String) {
    var buffer = TextBuffer<64>()
    for byte in line.utf8 { buffer.put(byte) }
    do throws(CommandError) {
      let command = try Command.parse(buffer)
      let text =
        switch command {
        case nil: "nothing"
        case .regions(let word)?: "regions(\(word.text))"
        case .kill(let word)?: "kill(\(word.text))"
        case .fault(let kind)?: "fault(\(kind))"
        case .revoke(let word, let device)?: "revoke(\(word.text), \(device.text))"
        case let command?: "\(command)"
        }
      #expect(text == meaning)
    } catch {
      var message = TextBuffer<128>()
      error.write(to: &message)
      #expect(message.text == meaning)
    }
  }

  @Test("help names every command, each on its line, in columns")
  func help() {
    var terminal = Terminal()
    Command.writeHelp(to: &terminal)
    #expect(terminal.rows.count == 12)
    #expect(terminal.rows[0] == "  help                                       this list")
    #expect(terminal.rows[4].hasPrefix("  regions  TASK "))
    #expect(terminal.rows.allSatisfy { $0.utf8.count <= 100 })
  }
}
