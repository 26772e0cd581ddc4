public import Registers

/// Arm's PL011 UART, interrupt-driven both ways. PL011 TRM (DDI 0183).
///
/// Received bytes go into a ring, bytes to send come from one; both belong to the caller. Nothing received is thrown
/// away for want of room: with the ring full the receive interrupts are masked, the FIFO fills, and the sender is
/// held back, until `resumeReceive`.
public struct PL011<Registers: RegisterAccess & ~Copyable>: ~Copyable {
  /// Bytes that the transmit FIFO holds, and the most that one call moves into it. TRM 2.3.4.
  @inlinable
  public static var fifoDepth: Int { 16 }
  /// The most bytes that one call takes from the receive FIFO, so that a call is bounded however fast they come.
  @inlinable
  public static var receiveBatch: Int { 64 }

  /// How often what happened.
  public struct Counts: Sendable, Equatable {
    /// Interrupts that found the receive level or timeout.
    public var receiveInterrupts: UInt64 = 0
    /// Interrupts that found room in the transmit FIFO.
    public var transmitInterrupts: UInt64 = 0
    /// Bytes received.
    public var received: UInt64 = 0
    /// Bytes sent.
    public var sent: UInt64 = 0
    /// Overruns: bytes lost before the driver read them.
    public var overruns: UInt64 = 0
    /// Bytes without a valid stop bit, dropped.
    public var framingErrors: UInt64 = 0
    /// Bytes of wrong parity, dropped.
    public var parityErrors: UInt64 = 0
    /// Breaks on the line.
    public var breaks: UInt64 = 0

    /// Nothing counted.
    public init() {}
  }

  /// What one call of `handleInterrupt` did.
  public struct Service: Sendable, Equatable {
    /// Bytes moved from the device into the input ring.
    public var received = 0
    /// Bytes moved from the output ring to the device.
    public var sent = 0
    /// Whether reception now waits for `resumeReceive`.
    public var isReceiveHeld = false

    /// Nothing done.
    public init() {}
  }

  private let registers: Registers
  /// What UARTIMSC holds.
  private var mask: UInt32 = 0
  /// How often what happened since the driver took the device.
  public private(set) var counts = Counts()

  /// Takes the device: 8 data bits, no parity, one stop bit, FIFOs on, receive interrupts on at a quarter full or after
  /// a pause, transmit interrupts on only while something is queued.
  ///
  /// A line that is set up already is left as it stands: setting FEN anew would throw away what the FIFO holds, and
  /// a restarted console shall not lose what was typed meanwhile.
  ///
  /// - Parameters:
  ///   - clock: UARTCLK in Hz, from the device tree.
  ///   - baud: bits per second.
  public init(_ registers: consuming Registers, clock: UInt32 = 24_000_000, baud: UInt32 = 115_200) {
    self.registers = registers
    self.registers.store(0, to: PL011Registers.interruptMask)
    if self.registers.load(PL011Registers.lineControl) != PL011Settings.line {
      setLine(divisor: Self.divisor(clock: clock, baud: baud))
    }
    self.registers.store(PL011Settings.levels, to: PL011Registers.fifoLevels)
    self.registers.store(PL011Interrupts.errors, to: PL011Registers.interruptClear)
    self.registers.store(PL011Settings.enabled, to: PL011Registers.control)
    setMask(PL011Interrupts.receive | PL011Interrupts.receiveTimeout)
  }

  /// UARTIBRD:UARTFBRD for `baud`: the clock by sixteen times the baud rate in 64ths, rounded. TRM 3.3.6.
  static func divisor(clock: UInt32, baud: UInt32) -> UInt32 {
    UInt32(truncatingIfNeeded: (UInt64(clock) * 4 + UInt64(baud) / 2) / UInt64(baud))
  }

  /// TRM 3.3.8: disabled, then divisor and line control in this order.
  private func setLine(divisor: UInt32) {
    registers.store(0, to: PL011Registers.control)
    registers.store(divisor >> 6, to: PL011Registers.integerDivisor)
    registers.store(divisor & 0x3f, to: PL011Registers.fractionalDivisor)
    registers.store(PL011Settings.line, to: PL011Registers.lineControl)
  }

  private mutating func setMask(_ new: UInt32) {
    guard new != mask else { return }
    mask = new
    registers.store(new, to: PL011Registers.interruptMask)
  }
}

extension PL011 where Registers: ~Copyable {
  /// Whether reception waits for `resumeReceive` because a ring was full.
  public var isReceiveHeld: Bool { mask & PL011Interrupts.receive == 0 }

  /// Serves what the device raised: takes what was received into `input`, refills the transmit FIFO from `output`.
  ///
  /// The receive and transmit interrupts follow the FIFOs' levels and are never cleared by hand: a clear between two
  /// bytes could lose the second.
  public mutating func handleInterrupt<let inputSize: Int, let outputSize: Int>(
    input: inout ByteRing<inputSize>, output: inout ByteRing<outputSize>
  ) -> Service {
    let raised = registers.load(PL011Registers.maskedInterrupts)
    var service = Service()
    if raised & (PL011Interrupts.receive | PL011Interrupts.receiveTimeout) != 0 {
      counts.receiveInterrupts += 1
      service.received = receive(into: &input)
    }
    if raised & PL011Interrupts.transmit != 0 {
      counts.transmitInterrupts += 1
      service.sent = refill(from: &output)
    }
    service.isReceiveHeld = isReceiveHeld
    return service
  }

  /// Takes up reception again after `input` was drained. Does nothing while it is not held or `input` is full.
  ///
  /// - Returns: how many bytes the FIFO had kept. They are taken before the interrupts are let through, for their
  ///   level may have been reached while they were masked.
  public mutating func resumeReceive<let size: Int>(into input: inout ByteRing<size>) -> Int {
    guard isReceiveHeld, !input.isFull else { return 0 }
    let kept = receive(into: &input)
    if !input.isFull { setMask(mask | PL011Interrupts.receive | PL011Interrupts.receiveTimeout) }
    return kept
  }

  /// Starts sending what `output` holds, after bytes were queued. Does nothing while sending is under way.
  ///
  /// The transmit interrupt comes when the FIFO *falls* to its level, so an idle FIFO is filled by hand first.
  ///
  /// - Returns: how many bytes went into the FIFO.
  public mutating func startTransmit<let size: Int>(from output: inout ByteRing<size>) -> Int {
    guard mask & PL011Interrupts.transmit == 0, !output.isEmpty else { return 0 }
    return refill(from: &output)
  }

  private mutating func receive<let size: Int>(into ring: inout ByteRing<size>) -> Int {
    let before = counts.received
    for _ in 0..<Self.receiveBatch {
      guard !ring.isFull else {
        setMask(mask & ~(PL011Interrupts.receive | PL011Interrupts.receiveTimeout))
        break
      }
      guard registers.load(PL011Registers.flags) & PL011Flags.receiveEmpty == 0 else { break }
      accept(registers.load(PL011Registers.data), into: &ring)
    }
    return Int(counts.received - before)
  }

  /// Queues a received byte unless its errors say that it is none.
  private mutating func accept<let size: Int>(_ data: UInt32, into ring: inout ByteRing<size>) {
    if data & PL011DataErrors.overrun != 0 {
      counts.overruns += 1
      registers.store(0, to: PL011Registers.errorClear)
    }
    if data & PL011DataErrors.lineBreak != 0 {
      counts.breaks += 1
    } else if data & PL011DataErrors.framing != 0 {
      counts.framingErrors += 1
    } else if data & PL011DataErrors.parity != 0 {
      counts.parityErrors += 1
    } else if ring.push(UInt8(truncatingIfNeeded: data)) {
      counts.received += 1
    }
  }

  private mutating func refill<let size: Int>(from ring: inout ByteRing<size>) -> Int {
    var moved = 0
    while moved < Self.fifoDepth, !ring.isEmpty,
      registers.load(PL011Registers.flags) & PL011Flags.transmitFull == 0, let byte = ring.pop()
    {
      registers.store(UInt32(byte), to: PL011Registers.data)
      moved += 1
    }
    counts.sent += UInt64(moved)
    let others = mask & ~PL011Interrupts.transmit
    setMask(ring.isEmpty ? others : others | PL011Interrupts.transmit)
    return moved
  }
}
