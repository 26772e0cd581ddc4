package import ABI
package import Machine

// Objects by their address in the direct map. An address comes from a handle, from a thread's link or from the ledger:
// all three are the kernel's own words, so it is always an object of that kind.
extension Kernel where M: ~Copyable {
  @inline(__always) package func thread(_ address: UInt64) -> Reference<Thread> {
    machine.memory(address, as: Thread.self)
  }
  @inline(__always) package func task(_ address: UInt64) -> Reference<Task> {
    machine.memory(address, as: Task.self)
  }
  @inline(__always) package func endpoint(_ address: UInt64) -> Reference<Endpoint> {
    machine.memory(address, as: Endpoint.self)
  }
  @inline(__always) package func notification(_ address: UInt64) -> Reference<Notification> {
    machine.memory(address, as: Notification.self)
  }
  @inline(__always) package func interruptObject(_ address: UInt64) -> Reference<Interrupt> {
    machine.memory(address, as: Interrupt.self)
  }
  @inline(__always) package func memoryObject(_ address: UInt64) -> Reference<Memory> {
    machine.memory(address, as: Memory.self)
  }
  @inline(__always) package func handle(_ address: UInt64) -> Reference<Handle> {
    machine.memory(address, as: Handle.self)
  }

  /// The ledger's word of a claimed frame.
  @inline(__always) package func ledger(_ frame: UInt64) -> Reference<LedgerWord> {
    machine.memory(ledgerAddress(frame), as: LedgerWord.self)
  }

  /// Where the ledger's word of a frame lies. The ledger of each GiB lies at its start.
  @inline(__always) func ledgerAddress(_ frame: UInt64) -> UInt64 {
    let gigabyte = frame & ~(Geometry.gigabyteFrames - 1)
    return DirectMap.address(gigabyte) | (frame & (Geometry.gigabyteFrames - 1)) << 3
  }
}
