package import Registers

/// A PL011 that is only polled: for the lines of boot before a console service lives, and for a panic.
package struct EmergencyConsole: Sendable {
  /// Address of its registers: physical before the MMU is on, virtual after. 0: there is none.
  package var base: UInt64

  /// A console whose registers lie at `base`.
  package init(base: UInt64) { self.base = base }

  /// Writes up to eight bytes, the first in bits 7:0.
  @inline(__always) package func write(_ bytes: UInt64, count: UInt64) {
    guard base != 0 else { return }
    PolledPL011(KernelRegisters(at: base)).write(bytes, count: count)
  }
}

/// The two registers of a PL011 by which bytes leave it without interrupts. PL011 TRM, 3.3.1 and 3.3.3.
package struct PolledPL011<Registers: WordAccess> {
  private let registers: Registers
  /// Loads of the flag register before a byte is written to a UART that stays full.
  package static var patience: Int { 1_000_000 }

  /// The UART behind `registers`; touches nothing.
  package init(_ registers: Registers) { self.registers = registers }

  /// Writes up to eight bytes, the first in bits 7:0.
  @inline(__always) package func write(_ bytes: UInt64, count: UInt64) {
    if count == 8 { write(word: bytes) } else { write(part: bytes, count: count) }
  }

  @inline(never) private func write(part bytes: UInt64, count: UInt64) {
    var rest = bytes
    var left = count
    while left > 0 {
      write(rest)
      rest &>>= 8
      left &-= 1
    }
  }

  /// Writes eight bytes, as most of a line is: without a count, four instructions each.
  @inline(never) private func write(word: UInt64) {
    write(word)
    write(word &>> 8)
    write(word &>> 16)
    write(word &>> 24)
    write(word &>> 32)
    write(word &>> 40)
    write(word &>> 48)
    write(word &>> 56)
  }

  @inline(__always) private func write(_ byte: UInt64) {
    if isFull { waitForRoom() }
    registers.store(UInt32(truncatingIfNeeded: byte & 0xff), to: Self.data)
  }

  /// UARTFR.TXFF, bit 5.
  private var isFull: Bool { registers.load(Self.flag) & 1 << 5 != 0 }

  /// Waits for room, but not for ever: a UART that is stuck must not keep a panic from its end.
  @inline(__always) private func waitForRoom() {
    var patience = Self.patience
    while patience > 0, isFull { patience &-= 1 }
  }

  /// UARTDR.
  private static var data: Register<ReadWrite> { .init(0x00) }
  /// UARTFR.
  private static var flag: Register<ReadOnly> { .init(0x18) }
}
