public import Registers

/// A GICv3 distributor with one CPU's redistributor, programmed from EL0. IHI 0069 12.8 and 12.10.
///
/// Every interrupt is of group 1, which the kernel's CPU interface signals, and affinity routing is on. The ITS is
/// another device and not part of the lease.
public struct GICv3Distributor<Registers: RegisterAccess & ~Copyable>: ~Copyable {
  private let distributor: Registers
  private let redistributors: Registers
  /// The control frame of the CPU's redistributor in the lease of all of them.
  private var frame = 0
  /// INTIDs from 0 to this, exclusive, exist.
  public let limit: UInt32

  /// Takes the distributor and the range of all redistributors, and writes nothing; `initialise` comes next.
  public init(distributor: consuming Registers, redistributors: consuming Registers) {
    limit = GIC.limit(type: distributor.load(GICDRegisters.type))
    self.distributor = distributor
    self.redistributors = redistributors
  }

  /// Starts the controller for the CPU with `affinity` (Aff3.Aff2.Aff1.Aff0, a byte each): every interrupt disabled, by
  /// level, at the usual priority, the shared ones sent to that CPU.
  ///
  /// - Throws: `noRedistributor` before anything was written; `notReady` where the hardware does not follow.
  public mutating func initialise(affinity: UInt32) throws(GICRefusal) {
    frame = try Self.frame(of: affinity, in: redistributors)
    try initialiseDistributor(affinity: affinity)
    try initialiseRedistributor()
  }

  /// Finds the redistributor of `affinity`; the walk ends at the one marked last, or where the lease does.
  private static func frame(of affinity: UInt32, in redistributors: borrowing Registers) throws(GICRefusal) -> Int {
    var frame = 0
    while frame <= redistributors.length - GICRRegisters.stride {
      let type = redistributors.load64(at: frame + GICRRegisters.type)
      if BitField<32, 32>.extract(type) == UInt64(affinity) { return frame }
      guard type & 1 << 4 == 0 else { break }
      frame += type & 1 << 1 == 0 ? GICRRegisters.stride : 2 * GICRRegisters.stride
    }
    throw .noRedistributor(affinity: affinity)
  }

  /// Affinity routing comes on first, alone: IROUTER is reserved without it.
  private func initialiseDistributor(affinity: UInt32) throws(GICRefusal) {
    distributor.store(0, to: GICDRegisters.control)
    try settle()
    distributor.store(GICDControl.affinityRouting, to: GICDRegisters.control)
    try settle()
    var first = GIC.firstShared
    while first < limit {
      distributor.store(.max, to: GICDRegisters.group[Int(first / 32)])
      distributor.resetInterrupts(from: first, base: 0)
      distributor.makeLevel(from: first, base: 0)
      for intid in first..<min(first + 32, limit) { route(intid, to: affinity) }
      first += 32
    }
    try settle()
    distributor.store(GICDControl.affinityRouting | GICDControl.enableGroup1, to: GICDRegisters.control)
    try settle()
  }

  /// Wakes the redistributor, then sets up its SGIs and PPIs.
  private func initialiseRedistributor() throws(GICRefusal) {
    let waker = Register<ReadWrite>(frame + GICRRegisters.waker.offset)
    redistributors.store(redistributors.load(waker) & ~(1 << 1), to: waker)
    guard redistributors.wait(for: waker, mask: 1 << 2, value: 0, attempts: GIC.attempts) else { throw .notReady }
    let base = frame + GICRRegisters.interruptFrame
    redistributors.store32(.max, at: base + GICDRegisters.group.offset)
    redistributors.resetInterrupts(from: 0, base: base)
    redistributors.store32(0, at: base + GICDRegisters.configuration[1].offset)
    try settleRedistributor()
  }

  /// Waits until the distributor's last write to CTLR or ICENABLER has reached everywhere (RWP).
  private func settle() throws(GICRefusal) {
    guard
      distributor.wait(
        for: GICDRegisters.control, mask: GICDControl.writePending, value: 0, attempts: GIC.attempts)
    else { throw .notReady }
  }

  /// The same for the redistributor, whose RWP is bit 3.
  private func settleRedistributor() throws(GICRefusal) {
    let control = Register<ReadOnly>(frame + GICRRegisters.control.offset)
    guard redistributors.wait(for: control, mask: 1 << 3, value: 0, attempts: GIC.attempts) else {
      throw .notReady
    }
  }

  /// IROUTER holds Aff3 in bits 39:32 and Aff2.Aff1.Aff0 in bits 23:0; Interrupt_Routing_Mode, bit 31, stays 0.
  private func route(_ intid: UInt32, to affinity: UInt32) {
    let value = UInt64(affinity >> 24) << 32 | UInt64(affinity & 0xff_ffff)
    distributor.store64(value, at: GICDRegisters.router + 8 * Int(intid))
  }
}

extension GICv3Distributor where Registers: ~Copyable {
  private func check(_ intid: UInt32) throws(GICRefusal) {
    guard intid < limit else { throw .outOfRange(intid: intid, limit: limit) }
  }

  /// Where SGIs and PPIs have their registers.
  private var banked: Int { frame + GICRRegisters.interruptFrame }

  /// Lets `intid` through.
  public func enable(_ intid: UInt32) throws(GICRefusal) {
    try check(intid)
    if intid < GIC.firstShared {
      redistributors.enableInterrupt(intid, base: banked)
    } else {
      distributor.enableInterrupt(intid, base: 0)
    }
  }

  /// Holds `intid` back, and returns once that has taken effect; one that is active stays so until it is deactivated.
  public func disable(_ intid: UInt32) throws(GICRefusal) {
    try check(intid)
    if intid < GIC.firstShared {
      redistributors.disableInterrupt(intid, base: banked)
      try settleRedistributor()
    } else {
      distributor.disableInterrupt(intid, base: 0)
      try settle()
    }
  }

  /// Sets the priority of `intid`, 0 the highest.
  public func setPriority(_ priority: UInt8, of intid: UInt32) throws(GICRefusal) {
    try check(intid)
    if intid < GIC.firstShared {
      redistributors.setInterruptPriority(priority, of: intid, base: banked)
    } else {
      distributor.setInterruptPriority(priority, of: intid, base: 0)
    }
  }

  /// Sets the trigger of `intid`, which must be disabled.
  public func setTrigger(_ trigger: Trigger, of intid: UInt32) throws(GICRefusal) {
    try check(intid)
    guard intid >= 16 else { throw .fixedTrigger(intid: intid) }
    if intid < GIC.firstShared {
      redistributors.setInterruptTrigger(trigger, of: intid, base: banked)
    } else {
      distributor.setInterruptTrigger(trigger, of: intid, base: 0)
    }
  }

  /// Sends the shared interrupt `intid` to the CPU with `affinity`.
  public func setTarget(_ affinity: UInt32, of intid: UInt32) throws(GICRefusal) {
    try check(intid)
    guard intid >= GIC.firstShared else { throw .notShared(intid: intid) }
    route(intid, to: affinity)
  }
}
