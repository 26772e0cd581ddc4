public import Drivers
public import Registers

/// The distributor of either version: what the device tree says, decided once.
public enum Distributor<Registers: RegisterAccess & ~Copyable>: ~Copyable {
  /// GICv2.
  case v2(GICv2Distributor<Registers>)
  /// GICv3, with the redistributor of the CPU that is served.
  case v3(GICv3Distributor<Registers>)

  /// INTIDs from 0 to this, exclusive, exist.
  public var limit: UInt32 {
    switch self {
    case .v2(let gic): gic.limit
    case .v3(let gic): gic.limit
    }
  }

  func enable(_ intid: UInt32) throws(GICRefusal) {
    switch self {
    case .v2(let gic): try gic.enable(intid)
    case .v3(let gic): try gic.enable(intid)
    }
  }

  func disable(_ intid: UInt32) throws(GICRefusal) {
    switch self {
    case .v2(let gic): try gic.disable(intid)
    case .v3(let gic): try gic.disable(intid)
    }
  }

  func setPriority(_ priority: UInt8, of intid: UInt32) throws(GICRefusal) {
    switch self {
    case .v2(let gic): try gic.setPriority(priority, of: intid)
    case .v3(let gic): try gic.setPriority(priority, of: intid)
    }
  }

  func setTrigger(_ trigger: Trigger, of intid: UInt32) throws(GICRefusal) {
    switch self {
    case .v2(let gic): try gic.setTrigger(trigger, of: intid)
    case .v3(let gic): try gic.setTrigger(trigger, of: intid)
    }
  }
}
