public import Registers

/// A PL011 written to by polling: the kernel's voice before the console service lives, and in a panic.
///
/// It sends, and touches nothing else: interrupts, line and reception stay as firmware or the console left them.
public struct PL011Emergency<Registers: RegisterAccess & ~Copyable>: ~Copyable {
  /// Flag reads before a full FIFO is given up: at 115200 baud a byte leaves in 87 µs.
  @inlinable
  public static var attempts: Int { 100_000 }

  private let registers: Registers
  private let attempts: Int

  /// Sends through the device behind `registers`, waiting at most `attempts` flag reads for each byte.
  public init(_ registers: consuming Registers, attempts: Int = Self.attempts) {
    self.registers = registers
    self.attempts = attempts
  }

  /// Sends `byte`.
  ///
  /// - Returns: whether the device took it; a device that stays full costs the byte, never a hang.
  @discardableResult
  public func put(_ byte: UInt8) -> Bool {
    guard registers.wait(for: PL011Registers.flags, mask: PL011Flags.transmitFull, value: 0, attempts: attempts)
    else { return false }
    registers.store(UInt32(byte), to: PL011Registers.data)
    return true
  }
}
