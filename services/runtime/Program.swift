#if hasFeature(Embedded)
  public import ABI
  public import Interfaces
  public import Registers

  /// Ends the task: its supervisor gets the status.
  public func exit(_ status: UInt64) -> Never {
    var gate = SystemGate()
    // The reply never comes. Where the memory server refuses all the same, the trap reports the task to its pager.
    do throws(MemoryRefusal) { try Client<MemoryInterface>.own.exit(status: status, &gate) } catch {}
    fatalError()
  }

  /// Ends the task because it cannot go on: logs what was refused, then exits with status 1.
  public func fail<Reason>(_ subject: StaticString, _ refusal: ServiceRefusal<Reason>) -> Never {
    var gate = SystemGate()
    gate.log(subject, refusal)
    exit(1)
  }

  /// Ends the task because it cannot go on: logs what was refused, then exits with status 1.
  public func fail(_ subject: StaticString, _ refusal: Refusal) -> Never {
    var gate = SystemGate()
    gate.log(subject, refusal)
    exit(1)
  }

  extension Lease {
    /// The leased registers. The value must not outlive the lease.
    public var registers: MappedRegisters {
      // Safety: the memory server mapped this range as device memory, writable, for this task alone; Swift stores
      // nothing there.
      unsafe MappedRegisters(unsafeAddress: UInt(address), length: Int(length))
    }
  }

  extension LogReader where Ring == MappedRegisters {
    /// The ring that the memory server mapped at `TaskLayout.log`.
    public init(mappedFrom position: UInt64) {
      // Safety: the ring's pages are mapped there read-only, and a reader only loads.
      let ring = unsafe MappedRegisters(unsafeAddress: UInt(TaskLayout.log << 12), length: LogRing.pages * 4096)
      self.init(ring, from: position)
    }
  }
#endif

/// Where things lie in a service's address space. The image starts at 64 KiB and the stack ends at 2 MiB, so that one
/// leaf table holds an ordinary service whole.
public enum TaskLayout {
  /// First page of small device leases, 64 pages.
  @inlinable public static var devices: UInt64 { 0x180 }
  /// First page of the log ring.
  @inlinable public static var log: UInt64 { 0x1c0 }
  /// One past the last page of the stack.
  @inlinable public static var stackTop: UInt64 { 0x200 }
  /// First page of large leases.
  @inlinable public static var largeDevices: UInt64 { 0x400 }
  /// First page of the bundle, in `init`.
  @inlinable public static var bundle: UInt64 { 0x400 }
}
