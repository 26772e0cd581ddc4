public import ABI

// What the memory server answers: each a record of up to eight words, with its encoding beside it.

/// A lease in a driver's hands.
@frozen public struct Lease: Equatable, Sendable {
  /// Virtual address of the device's first register.
  public var address: UInt64
  /// Bytes of the range.
  public var length: UInt64
  /// Interrupts that the device has.
  public var interrupts: UInt64
  /// The first of them, as `interrupt` counts them: not 0 only where the grant means several nodes.
  public var firstInterrupt: UInt64

  /// A lease.
  @inlinable public init(address: UInt64, length: UInt64, interrupts: UInt64, firstInterrupt: UInt64 = 0) {
    self.address = address
    self.length = length
    self.interrupts = interrupts
    self.firstInterrupt = firstInterrupt
  }
  /// Reads the reply.
  @inlinable public init(_ w: borrowing Message) {
    self.init(address: w[0], length: w[1], interrupts: w[2], firstInterrupt: w[3])
  }
  /// The reply.
  @inlinable public var reply: Message { Message(address, length, interrupts, firstInterrupt) }
}

/// Memory that a driver and its device both use.
@frozen public struct DMAMemory: Equatable, Sendable {
  /// Where the driver finds it.
  public var address: UInt64
  /// Where the device finds it.
  public var bus: UInt64
  /// Its bytes.
  public var length: UInt64

  /// Memory of a device.
  @inlinable public init(address: UInt64, bus: UInt64, length: UInt64) {
    (self.address, self.bus, self.length) = (address, bus, length)
  }
}

/// Something that happened to a task, for its supervisor.
@frozen public struct TaskEvent: Equatable, Sendable {
  /// What happened.
  @frozen public enum Kind: UInt64, Sendable {
    /// It asked to end; `detail` is its status.
    case exited = 1
    /// It faulted; `detail` is the exception class, `address` and `instruction` say where.
    case faulted = 2
  }
  /// What happened.
  public var kind: Kind
  /// The session of the task.
  public var session: UInt64
  /// Its name.
  public var name: Name
  /// Status or exception class (ESR_EL1.EC).
  public var detail: UInt64
  /// FAR_EL1 of a fault.
  public var address: UInt64
  /// ELR_EL1 of a fault.
  public var instruction: UInt64

  /// An event.
  @inlinable public init(
    _ kind: Kind, session: UInt64, name: Name, detail: UInt64, address: UInt64 = 0, instruction: UInt64 = 0
  ) {
    self.kind = kind
    self.session = session
    self.name = name
    self.detail = detail
    self.address = address
    self.instruction = instruction
  }
  /// Reads the reply.
  @inlinable public init(_ w: borrowing Message) {
    self.init(
      w[0] == Kind.exited.rawValue ? .exited : .faulted, session: w[1], name: Name(word: w[2]), detail: w[3],
      address: w[4], instruction: w[5])
  }
  /// The reply.
  @inlinable public var reply: Message { Message(kind.rawValue, session, name.word, detail, address, instruction) }
}
