/// What the client asks of the echo, besides its echo.
enum EchoLabel {
  /// To answer, and then to give its turn away so many times.
  static var yield: UInt64 { 1 }
  /// To answer, and then to wait for the notification that came along.
  static var wait: UInt64 { 2 }
  /// The count at which that wait ended.
  static var count: UInt64 { 3 }
  /// Turns that are given away.
  static var turns: UInt64 { 8 }
}
