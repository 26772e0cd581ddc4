internal import CAArch64

/// A PL011 that is only polled: for the lines of boot before a console service lives, and for a panic.
package struct EmergencyConsole: Sendable {
  /// Address of its registers: physical before the MMU is on, virtual after. 0: there is none.
  package var base: UInt64

  /// A console whose registers lie at `base`.
  package init(base: UInt64) { self.base = base }

  /// Writes up to eight bytes, the first in bits 7:0.
  package func write(_ bytes: UInt64, count: UInt64) {
    guard base != 0 else { return }
    var rest = bytes
    var left = count
    while left > 0 {
      if isFull { waitForRoom() }
      mmio_write(base &+ Register.data, UInt32(truncatingIfNeeded: rest & 0xff))
      rest &>>= 8
      left &-= 1
    }
  }

  private var isFull: Bool { mmio_read(base &+ Register.flag) & Register.transmitFull != 0 }

  /// Waits for room, but not for ever: a UART that is stuck must not keep a panic from its end.
  private func waitForRoom() {
    var patience = 1_000_000
    while isFull, patience > 0 { patience &-= 1 }
  }

  /// Offsets and bits. PL011 TRM, 3.3.1 and 3.3.3.
  private enum Register {
    static var data: UInt64 { 0x00 }
    static var flag: UInt64 { 0x18 }
    /// UARTFR.TXFF.
    static var transmitFull: UInt32 { 1 << 5 }
  }
}
