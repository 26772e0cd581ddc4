public import Registers
internal import Synchronization

/// The registers of a virtio transport. Virtio 1.2, 4.2.2; those of version 1, the legacy one, 4.2.4.
public enum VirtioRegisters {
  /// MagicValue, "virt".
  public static var magic: Register<ReadOnly> { .init(0x000) }
  /// Version: 1 legacy, 2.
  public static var version: Register<ReadOnly> { .init(0x004) }
  /// DeviceID; 0: nothing is behind this transport.
  public static var device: Register<ReadOnly> { .init(0x008) }
  /// DriverFeatures, 32 bits of them.
  public static var features: Register<WriteOnly> { .init(0x020) }
  /// DriverFeaturesSel, which 32.
  public static var featuresSelect: Register<WriteOnly> { .init(0x024) }
  /// GuestPageSize, legacy.
  public static var pageSize: Register<WriteOnly> { .init(0x028) }
  /// QueueSel.
  public static var queueSelect: Register<WriteOnly> { .init(0x030) }
  /// QueueNumMax; 0: no such queue.
  public static var queueMost: Register<ReadOnly> { .init(0x034) }
  /// QueueNum.
  public static var queueSize: Register<WriteOnly> { .init(0x038) }
  /// QueueAlign, legacy.
  public static var queueAlign: Register<WriteOnly> { .init(0x03c) }
  /// QueuePFN, legacy.
  public static var queuePage: Register<ReadWrite> { .init(0x040) }
  /// QueueReady.
  public static var queueReady: Register<ReadWrite> { .init(0x044) }
  /// QueueNotify.
  public static var notify: Register<WriteOnly> { .init(0x050) }
  /// InterruptStatus, bit 0: buffers were used.
  public static var interruptStatus: Register<ReadOnly> { .init(0x060) }
  /// InterruptACK.
  public static var interruptAcknowledge: Register<WriteOnly> { .init(0x064) }
  /// Status; 0 resets the device.
  public static var status: Register<ReadWrite> { .init(0x070) }
  /// QueueDesc, QueueDriver and QueueDevice: bus addresses of the queue's parts, each a low word and a high one.
  public static var queueParts: (Register<WriteOnly>, Register<WriteOnly>, Register<WriteOnly>) {
    (.init(0x080), .init(0x090), .init(0x0a0))
  }
}

/// A virtio entropy source: asked for bytes, it writes them to memory by itself, and interrupts. Virtio 1.2, 5.4.
///
/// Driver and device share three pages that lie together: descriptors and the ring of what is offered, the ring of what
/// was used, and the bytes.
public struct VirtioEntropy<Registers: RegisterAccess & ~Copyable, Memory: RegisterAccess & ~Copyable>: ~Copyable {
  private let registers: Registers
  private let memory: Memory
  private let bus: UInt64
  private var requests: UInt32 = 0
  /// Whether the device took what the driver offered.
  public private(set) var isReady = false

  /// Pages of memory that it takes.
  public static var pages: UInt64 { 3 }
  /// Bytes at most that one request brings.
  public static var most: UInt32 { 4096 }
  /// Descriptors of the queue: one is in use at a time, but a legacy device lays out the rings by their number.
  static var size: UInt32 { 8 }
  static var offered: Int { 128 }
  static var used: Int { 0x1000 }
  static var bytes: Int { 0x2000 }

  /// Whether an entropy source is behind a transport.
  public static func isPresent(_ registers: borrowing Registers) -> Bool {
    registers.load(VirtioRegisters.magic) == 0x7472_6976 && registers.load(VirtioRegisters.device) == 4
  }

  /// Resets the device and gives it its queue in `memory`: three zeroed pages, which it finds at `bus`.
  /// Virtio 1.2, 3.1.1 and 4.2.3.
  public init(_ registers: consuming Registers, memory: consuming Memory, bus: UInt64) {
    self.registers = registers
    self.memory = memory
    self.bus = bus
    let isLegacy = self.registers.load(VirtioRegisters.version) == 1
    self.registers.store(0, to: VirtioRegisters.status)
    // Acknowledge, driver.
    self.registers.store(1, to: VirtioRegisters.status)
    self.registers.store(3, to: VirtioRegisters.status)
    self.registers.store(0, to: VirtioRegisters.featuresSelect)
    self.registers.store(0, to: VirtioRegisters.features)
    if isLegacy {
      self.registers.store(4096, to: VirtioRegisters.pageSize)
    } else {
      // VIRTIO_F_VERSION_1, bit 32; then features ok.
      self.registers.store(1, to: VirtioRegisters.featuresSelect)
      self.registers.store(1, to: VirtioRegisters.features)
      self.registers.store(11, to: VirtioRegisters.status)
      guard self.registers.load(VirtioRegisters.status) & 8 != 0 else { return }
    }
    self.registers.store(0, to: VirtioRegisters.queueSelect)
    guard self.registers.load(VirtioRegisters.queueMost) >= Self.size else { return }
    self.registers.store(Self.size, to: VirtioRegisters.queueSize)
    if isLegacy {
      self.registers.store(4096, to: VirtioRegisters.queueAlign)
      self.registers.store(UInt32(truncatingIfNeeded: bus >> 12), to: VirtioRegisters.queuePage)
      self.registers.store(7, to: VirtioRegisters.status)
    } else {
      let parts = VirtioRegisters.queueParts
      place(0, at: parts.0)
      place(Self.offered, at: parts.1)
      place(Self.used, at: parts.2)
      self.registers.store(1, to: VirtioRegisters.queueReady)
      self.registers.store(15, to: VirtioRegisters.status)
    }
    isReady = true
  }

  /// Tells the device where a part of the queue is.
  private func place(_ offset: Int, at register: Register<WriteOnly>) {
    let address = bus + UInt64(offset)
    registers.store(UInt32(truncatingIfNeeded: address), to: register)
    registers.store(UInt32(truncatingIfNeeded: address >> 32), to: Register<WriteOnly>(register.offset + 4))
  }

  /// Asks for bytes, at most a page of them. They are there when `handleInterrupt` says so.
  public mutating func ask(_ count: UInt32) {
    memory.store64(bus + UInt64(Self.bytes), at: 0)
    memory.store32(min(count, Self.most), at: 8)
    // The device writes (bit 1), and no further descriptor follows.
    memory.store32(2, at: 12)
    requests &+= 1
    // What is offered is always descriptor 0, which the zeroed ring says; only the index moves. The device must see the
    // descriptor before the index, and the index before the notification.
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    memory.store32((requests & 0xffff) << 16, at: Self.offered)
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    registers.store(0, to: VirtioRegisters.notify)
  }

  /// Serves the interrupt: how many bytes came; nil where it was about something else.
  public mutating func handleInterrupt() -> UInt32? {
    let status = registers.load(VirtioRegisters.interruptStatus)
    guard status != 0 else { return nil }
    registers.store(status, to: VirtioRegisters.interruptAcknowledge)
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    guard memory.load32(at: Self.used) >> 16 == requests & 0xffff else { return nil }
    let entry = Int((requests &- 1) % Self.size)
    return memory.load32(at: Self.used + 8 + 8 * entry)
  }

  /// Eight of the bytes that came.
  public func word(_ index: Int) -> UInt64 { memory.load64(at: Self.bytes + 8 * index) }

  /// Stops the device: it writes to memory no more.
  public func reset() { registers.store(0, to: VirtioRegisters.status) }
}
