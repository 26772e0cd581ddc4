public import Registers

/// A GICv2 distributor, programmed from EL0. IHI 0048B 4.3.
///
/// Every interrupt is left in group 0 (IGROUPR as reset), which the kernel's CPU interface signals; with group 1
/// nothing would arrive.
public struct GICv2Distributor<Registers: RegisterAccess & ~Copyable>: ~Copyable {
  private let registers: Registers
  /// INTIDs from 0 to this, exclusive, exist.
  public let limit: UInt32

  /// Takes the distributor, and writes nothing; `initialise` comes next.
  public init(_ registers: consuming Registers) {
    limit = GIC.limit(type: registers.load(GICDRegisters.type))
    self.registers = registers
  }

  /// Starts the controller: every interrupt disabled, by level, at the usual priority, the shared ones sent to the CPU
  /// that runs this.
  public func initialise() {
    registers.store(0, to: GICDRegisters.control)
    let target = ownTarget()
    registers.resetInterrupts(from: 0, base: 0)
    registers.store(0, to: GICDRegisters.configuration[1])
    var first = GIC.firstShared
    while first < limit {
      registers.resetInterrupts(from: first, base: 0)
      registers.makeLevel(from: first, base: 0)
      setTargets(target, from: first)
      first += 32
    }
    registers.store(GICDControl.enableGroup0, to: GICDRegisters.control)
  }

  /// This CPU's bit in a target byte, in all four bytes: the banked ITARGETSR of SGIs and PPIs read as the reader's own.
  /// Reads 0 where there is but one CPU, and then targets are not implemented (IHI 0048B 4.3.12).
  private func ownTarget() -> UInt32 {
    let word = registers.load(GICDRegisters.targets[0])
    return (word & 0xff) * 0x0101_0101
  }

  private func setTargets(_ fourTargets: UInt32, from first: UInt32) {
    guard fourTargets != 0 else { return }
    for index in 0..<8 {
      registers.store(fourTargets, to: GICDRegisters.targets[Int(first / 4) + index])
    }
  }

  private func check(_ intid: UInt32) throws(GICRefusal) {
    guard intid < limit else { throw .outOfRange(intid: intid, limit: limit) }
  }

  /// Lets `intid` through.
  public func enable(_ intid: UInt32) throws(GICRefusal) {
    try check(intid)
    registers.enableInterrupt(intid, base: 0)
  }

  /// Holds `intid` back; one that is active stays so until it is deactivated.
  public func disable(_ intid: UInt32) throws(GICRefusal) {
    try check(intid)
    registers.disableInterrupt(intid, base: 0)
  }

  /// Sets the priority of `intid`, 0 the highest.
  public func setPriority(_ priority: UInt8, of intid: UInt32) throws(GICRefusal) {
    try check(intid)
    registers.setInterruptPriority(priority, of: intid, base: 0)
  }

  /// Sets the trigger of `intid`, which must be disabled.
  public func setTrigger(_ trigger: Trigger, of intid: UInt32) throws(GICRefusal) {
    try check(intid)
    guard intid >= 16 else { throw .fixedTrigger(intid: intid) }
    registers.setInterruptTrigger(trigger, of: intid, base: 0)
  }

  /// Sends the shared interrupt `intid` to the CPUs of `mask`.
  public func setTarget(_ mask: UInt8, of intid: UInt32) throws(GICRefusal) {
    try check(intid)
    guard intid >= GIC.firstShared else { throw .notShared(intid: intid) }
    registers.store8(mask, at: GICDRegisters.targets.offset + Int(intid))
  }
}
