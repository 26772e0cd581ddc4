internal import ABI
internal import Machine

/// Exception classes, ESR_EL1.EC, bits 31:26. Arm ARM D17.2.37.
package enum ExceptionClass {
  /// Use of FP/SIMD while CPACR_EL1 forbids it.
  package static var floatingPoint: UInt64 { 0x07 }
}

extension Kernel where M: ~Copyable {
  /// A fault of the current thread, all of whose registers have been saved.
  public mutating func fault(syndrome: UInt64, address: UInt64) {
    let faulted = cpu.current
    if syndrome >> 26 & 63 == ExceptionClass.floatingPoint {
      takeFloatingPoint(faulted)
    } else {
      let t = thread(faulted)
      t.pointee.faultSyndrome = syndrome
      t.pointee.faultAddress = address
      task(t.pointee.task).pointee.faults += 1
      report(faulted)
    }
    reschedule()
  }

  /// A fault is a call to the pager, the endpoint in slot 1, made on the thread's behalf. A thread without a
  /// pager stops; if it is the memory server's it begins anew, and where that is hopeless the machine stops.
  private mutating func report(_ faulted: UInt64) {
    let owner = thread(faulted).pointee.task
    guard let pager = try? find(WellKnownSlot.memory, of: owner, .endpoint, rights: Rights.Endpoint.call.rawValue)
    else {
      if task(owner).pointee.parent == 0 {
        if reviveServer() { return }
        let t = thread(faulted)
        machine.halt(
          task: task(owner).pointee.name, syndrome: t.pointee.faultSyndrome, address: t.pointee.faultAddress,
          instruction: t.pointee.registers.instruction)
      }
      return block(faulted, ThreadState.idle)
    }
    thread(faulted).pointee.isFault = 1
    send(faulted, to: pager.word.object, badge: pager.value)
  }

  /// The FP/SIMD registers pass from their last owner to the thread that uses them now. Where there is an owner the entry
  /// does the same by itself.
  private mutating func takeFloatingPoint(_ address: UInt64) {
    machine.setFloatingPointAccess(FloatingPointAccess.allowed)
    let owner = machine.floatingPointOwner
    if owner != 0 {
      machine.saveFloatingPoint(to: owner + Thread.floatingPointOffset)
      thread(owner).pointee.floatingPointAccess = FloatingPointAccess.trapped
    }
    machine.loadFloatingPoint(from: address + Thread.floatingPointOffset)
    let t = thread(address)
    t.pointee.floatingPointAccess = FloatingPointAccess.allowed
    machine.floatingPointOwner = address
  }
}
