public import Registers

/// The registers of Arm's PL011 UART. PL011 TRM (DDI 0183), table 3-1.
public enum PL011Registers {
  /// UARTDR, data: write to send; a read takes the oldest byte and its errors. TRM 3.3.1.
  public static var data: Register<ReadWrite> { .init(0x000) }
  /// UARTECR, error clear: any write clears the overrun. TRM 3.3.2.
  public static var errorClear: Register<WriteOnly> { .init(0x004) }
  /// UARTFR, flags. TRM 3.3.3.
  public static var flags: Register<ReadOnly> { .init(0x018) }
  /// UARTIBRD, integer part of the baud rate's divisor. TRM 3.3.5.
  public static var integerDivisor: Register<ReadWrite> { .init(0x024) }
  /// UARTFBRD, fraction of the divisor in 64ths. TRM 3.3.6.
  public static var fractionalDivisor: Register<ReadWrite> { .init(0x028) }
  /// UARTLCR_H, line control; a write also latches the divisor. TRM 3.3.7.
  public static var lineControl: Register<ReadWrite> { .init(0x02c) }
  /// UARTCR, control. TRM 3.3.8.
  public static var control: Register<ReadWrite> { .init(0x030) }
  /// UARTIFLS, FIFO levels that raise an interrupt. TRM 3.3.9.
  public static var fifoLevels: Register<ReadWrite> { .init(0x034) }
  /// UARTIMSC, interrupt mask: a one lets the interrupt through. TRM 3.3.10.
  public static var interruptMask: Register<ReadWrite> { .init(0x038) }
  /// UARTMIS, interrupts raised and let through. TRM 3.3.12.
  public static var maskedInterrupts: Register<ReadOnly> { .init(0x040) }
  /// UARTICR, interrupt clear. TRM 3.3.13.
  public static var interruptClear: Register<WriteOnly> { .init(0x044) }
}

/// UARTFR bits.
public enum PL011Flags {
  /// Set while a byte is being shifted out.
  public static var busy: UInt32 { 1 << 3 }
  /// Receive FIFO empty.
  public static var receiveEmpty: UInt32 { 1 << 4 }
  /// Transmit FIFO full.
  public static var transmitFull: UInt32 { 1 << 5 }
}

/// Bits of UARTIMSC, UARTMIS and UARTICR.
public enum PL011Interrupts {
  /// Receive FIFO at its level or above.
  public static var receive: UInt32 { 1 << 4 }
  /// Transmit FIFO fell to its level.
  public static var transmit: UInt32 { 1 << 5 }
  /// Bytes below the level, and 32 bit times without another.
  public static var receiveTimeout: UInt32 { 1 << 6 }
  /// Framing, parity, break and overrun errors.
  public static var errors: UInt32 { 0b1111 << 7 }
  /// All eleven, the modem's lines included.
  public static var all: UInt32 { 0x7ff }
}

/// UARTDR bits that come with a received byte.
public enum PL011DataErrors {
  /// No valid stop bit.
  public static var framing: UInt32 { 1 << 8 }
  /// Wrong parity.
  public static var parity: UInt32 { 1 << 9 }
  /// The line was held low for longer than a byte.
  public static var lineBreak: UInt32 { 1 << 10 }
  /// Bytes were lost before this one, which is itself valid.
  public static var overrun: UInt32 { 1 << 11 }
}

/// Values of UARTLCR_H, UARTCR and UARTIFLS.
enum PL011Settings {
  /// Eight bits, no parity, one stop bit (WLEN, bits 6:5), FIFOs on (FEN, bit 4).
  static var line: UInt32 { BitField<5, 2>.insert(0b11, into: 1 << 4) }
  /// UARTEN, TXE and RXE.
  static var enabled: UInt32 { 1 << 0 | 1 << 8 | 1 << 9 }
  /// RXIFLSEL, bits 5:3: a quarter full. TXIFLSEL, bits 2:0: an eighth full, which 16 bytes exceed in a FIFO of 16 as
  /// of 32 (r1p5), so that it always falls *to* its level.
  static var levels: UInt32 { BitField<3, 3>.insert(0b001, into: BitField<0, 3>.insert(0b000, into: 0)) }
}
