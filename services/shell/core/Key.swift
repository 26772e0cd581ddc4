/// What a terminal sends for one press of a key, once its escape sequence is complete.
enum Key: Equatable {
  case character(UInt8)
  case enter
  case backspace, delete, deleteWord, deleteToStart, deleteToEnd
  case left, right, start, end
  case earlier, later
  case interrupt, redraw
}

/// Turns bytes into keys: control bytes, and the sequences of ECMA-48 that terminals send for arrows and Home/End.
struct KeyDecoder {
  private enum State: Equatable { case ground, afterReturn, escape, sequence(parameter: UInt8) }
  private var state = State.ground

  init() {}

  /// Takes the next byte; a key where it completes one.
  mutating func decode(_ byte: UInt8) -> Key? {
    switch state {
    case .escape:
      state = byte == UInt8(ascii: "[") || byte == UInt8(ascii: "O") ? .sequence(parameter: 0) : .ground
      return nil
    case .sequence(let parameter): return sequence(byte, parameter: parameter)
    case .afterReturn where byte == 0x0a:
      state = .ground
      return nil
    case .ground, .afterReturn:
      state = byte == 0x1b ? .escape : byte == 0x0d ? .afterReturn : .ground
      return Self.plain(byte)
    }
  }

  private mutating func sequence(_ byte: UInt8, parameter: UInt8) -> Key? {
    if (0x20...0x3f).contains(byte) {
      state = .sequence(parameter: byte)
      return nil
    }
    state = .ground
    switch byte {
    case UInt8(ascii: "A"): return .earlier
    case UInt8(ascii: "B"): return .later
    case UInt8(ascii: "C"): return .right
    case UInt8(ascii: "D"): return .left
    case UInt8(ascii: "H"): return .start
    case UInt8(ascii: "F"): return .end
    case UInt8(ascii: "~") where parameter == UInt8(ascii: "3"): return .delete
    default: return nil
    }
  }

  private static func plain(_ byte: UInt8) -> Key? {
    switch byte {
    case 0x20...0x7e: .character(byte)
    case 0x0a, 0x0d: .enter
    case 0x08, 0x7f: .backspace
    case 0x01: .start  // ^A
    case 0x02: .left  // ^B
    case 0x03: .interrupt  // ^C
    case 0x04: .delete  // ^D
    case 0x05: .end  // ^E
    case 0x06: .right  // ^F
    case 0x0b: .deleteToEnd  // ^K
    case 0x0c: .redraw  // ^L
    case 0x0e: .later  // ^N
    case 0x10: .earlier  // ^P
    case 0x15: .deleteToStart  // ^U
    case 0x17: .deleteWord  // ^W
    default: nil
    }
  }
}
