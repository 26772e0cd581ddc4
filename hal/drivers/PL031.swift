public import Registers

/// The registers of Arm's PL031 real-time clock. PL031 TRM (DDI 0224), table 3-1.
public enum PL031Registers {
  /// RTCDR, seconds now.
  public static var data: Register<ReadOnly> { .init(0x000) }
  /// RTCMR, seconds at which the alarm is raised.
  public static var match: Register<ReadWrite> { .init(0x004) }
  /// RTCLR, sets the seconds.
  public static var load: Register<ReadWrite> { .init(0x008) }
  /// RTCCR, bit 0 starts the clock.
  public static var control: Register<ReadWrite> { .init(0x00c) }
  /// RTCIMSC, bit 0 lets the alarm through.
  public static var interruptMask: Register<ReadWrite> { .init(0x010) }
  /// RTCMIS, bit 0: alarm raised and let through.
  public static var maskedInterrupt: Register<ReadOnly> { .init(0x018) }
  /// RTCICR, a one in bit 0 clears the alarm.
  public static var interruptClear: Register<WriteOnly> { .init(0x01c) }
}

/// Arm's PL031 real-time clock: the time of day in seconds since 1970, UTC by QEMU's and Linux's convention, and one
/// alarm.
public struct PL031<Registers: RegisterAccess & ~Copyable>: ~Copyable {
  private let registers: Registers

  /// Takes the device, with no alarm set, and starts it where firmware did not.
  public init(_ registers: consuming Registers) {
    self.registers = registers
    self.registers.store(0, to: PL031Registers.interruptMask)
    self.registers.store(1, to: PL031Registers.interruptClear)
    if self.registers.load(PL031Registers.control) & 1 == 0 {
      self.registers.store(1, to: PL031Registers.control)
    }
  }

  /// Seconds since 1970-01-01 00:00:00 UTC; 32 bits, so up to 2106.
  public var seconds: UInt32 { registers.load(PL031Registers.data) }

  /// Raises the interrupt when `seconds` reaches `deadline`.
  ///
  /// The hardware compares for equality, so a deadline that is not ahead would never be raised.
  ///
  /// - Returns: whether it was still ahead once the alarm was set; the caller serves one that was not at once.
  public func setAlarm(at deadline: UInt32) -> Bool {
    registers.store(1, to: PL031Registers.interruptClear)
    registers.store(deadline, to: PL031Registers.match)
    registers.store(1, to: PL031Registers.interruptMask)
    return seconds < deadline
  }

  /// Masks and clears the alarm.
  public func clearAlarm() {
    registers.store(0, to: PL031Registers.interruptMask)
    registers.store(1, to: PL031Registers.interruptClear)
  }

  /// Serves the interrupt: whether the alarm was raised. It is cleared and masked then.
  public func handleInterrupt() -> Bool {
    guard registers.load(PL031Registers.maskedInterrupt) & 1 != 0 else { return false }
    clearAlarm()
    return true
  }
}
