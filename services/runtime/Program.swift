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

  extension DMAMemory {
    /// The memory, each access as it is written: the device reads and writes it too. The value must not outlive the region.
    public var bytes: MappedRegisters {
      // Safety: the memory server mapped this range, writable, for this task alone; Swift stores nothing there.
      unsafe MappedRegisters(unsafeAddress: UInt(address), length: Int(length))
    }
  }

  /// The bundle, mapped read-only at `TaskLayout.bundle`.
  public struct MappedBundle {
    private let byteCount: Int

    /// A bundle of this many bytes; nothing where its tables break a rule. The checksum is the business of whoever
    /// took the bundle from the image.
    public init?(byteCount: UInt64) {
      self.byteCount = Int(byteCount)
      do throws(BundleError) { _ = try Bundle(bytes, verifyingChecksum: false) } catch { return nil }
    }

    private var bytes: Span<UInt8> {
      @_lifetime(borrow self)
      get {
        // Safety: the memory server mapped that many bytes there, read-only, for as long as the task lives.
        let start = unsafe UnsafePointer<UInt8>(bitPattern: UInt(TaskLayout.bundle << 12))
        let span = unsafe Span(_unsafeStart: start!, count: byteCount)
        return unsafe _overrideLifetime(span, borrowing: self)
      }
    }

    /// Entries.
    public var count: Int { Bundle(checked: bytes).count }

    /// An entry.
    public func entry(_ index: Int) -> Bundle.Entry { Bundle(checked: bytes)[index] }
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

/// Where things lie in a service's address space: image, leases and stack within the 2 MiB that one leaf table maps.
/// The image starts at 2 MiB (tools/service.ld), the stack ends at 4 MiB (the packer).
public enum TaskLayout {
  /// First page of device leases, 64 pages.
  @inlinable public static var devices: UInt64 { 0x380 }
  /// First page of the log ring.
  @inlinable public static var log: UInt64 { 0x3c0 }
  /// First page of the bundle, in `init`: behind the guard page above the stack.
  @inlinable public static var bundle: UInt64 { 0x410 }
}
