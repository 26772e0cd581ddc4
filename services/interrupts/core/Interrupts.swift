public import Drivers
public import Registers

/// Why an interrupt was not enabled or disabled. Nothing was changed.
public enum InterruptsRefusal: Error, Equatable, Sendable {
  /// The controller refused, or cannot.
  case controller(GICRefusal)
  /// The interrupt is enabled already, for somebody else.
  case alreadyEnabled(intid: UInt32)
  /// The interrupt is not enabled.
  case notEnabled(intid: UInt32)
}

/// The interrupt service: a started distributor, and which interrupts it lets through.
///
/// An interrupt that nobody asked for stays disabled; one that is let through belongs to one asker until it is disabled.
public struct Interrupts<Registers: RegisterAccess & ~Copyable>: ~Copyable {
  private let distributor: Distributor<Registers>
  /// One bit an interrupt.
  private var enabled = InlineArray<32, UInt32>(repeating: 0)
  /// The number of interrupts let through.
  public private(set) var enabledCount = 0

  /// The service over a distributor that `initialise` has started.
  public init(_ distributor: consuming Distributor<Registers>) { self.distributor = distributor }

  /// INTIDs from 0 to this, exclusive, exist.
  public var limit: UInt32 { distributor.limit }

  /// Whether `intid` is let through; false for one that does not exist.
  public mutating func isEnabled(_ intid: UInt32) -> Bool {
    intid < limit && enabled[Int(intid / 32)] & bit(intid) != 0
  }

  /// Sets up `intid` and lets it through.
  ///
  /// - Parameters:
  ///   - trigger: as the device tree says; SGIs (0 to 15) are always edge and take no other.
  ///   - priority: 0 the highest; the kernel's mask lets pass what is below 0xf0.
  public mutating func enable(
    _ intid: UInt32, trigger: Trigger, priority: UInt8 = 0xa0
  ) throws(InterruptsRefusal) {
    guard !isEnabled(intid) else { throw .alreadyEnabled(intid: intid) }
    do throws(GICRefusal) {
      if intid >= 16 || trigger == .level { try distributor.setTrigger(trigger, of: intid) }
      try distributor.setPriority(priority, of: intid)
      try distributor.enable(intid)
    } catch { throw .controller(error) }
    enabled[Int(intid / 32)] |= bit(intid)
    enabledCount += 1
  }

  /// Holds `intid` back.
  public mutating func disable(_ intid: UInt32) throws(InterruptsRefusal) {
    guard intid < limit else { throw .controller(.outOfRange(intid: intid, limit: limit)) }
    guard isEnabled(intid) else { throw .notEnabled(intid: intid) }
    do throws(GICRefusal) { try distributor.disable(intid) } catch { throw .controller(error) }
    enabled[Int(intid / 32)] &= ~bit(intid)
    enabledCount -= 1
  }

  private func bit(_ intid: UInt32) -> UInt32 { 1 &<< (intid & 31) }
}
