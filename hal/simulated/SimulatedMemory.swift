import Machine

/// RAM of the simulated machine.
@safe final class SimulatedMemory {
  private let base: UInt64
  fileprivate let bytes: UInt64
  fileprivate let storage: UnsafeMutableRawPointer
  /// Frames made visible to instruction fetch.
  let synchronized = FrameSet()

  /// A set that a read-only machine may add to.
  final class FrameSet {
    private(set) var frames: Set<UInt64> = []
    func insert(_ frame: UInt64) { frames.insert(frame) }
    func removeAll() { frames = [] }
  }

  init(base: UInt64, frames: UInt64) {
    self.base = base
    bytes = frames << 12
    // Safety: freed by deinit alone; filled with a pattern, because RAM is not zero when a machine starts. More
    // than 256 MiB are left to the host, which brings the frames that are touched, zeroed.
    unsafe storage = UnsafeMutableRawPointer.allocate(byteCount: Int(frames << 12), alignment: 4096)
    if frames <= 1 << 16 + 1 {
      unsafe storage.initializeMemory(as: UInt8.self, repeating: 0xa5, count: Int(frames << 12))
    }
  }

  deinit {
    // Safety: allocated by init, and every Reference has ended with the machine that lent it.
    unsafe storage.deallocate()
  }

  func reference<Value: BitwiseCopyable>(_ address: UInt64, as type: Value.Type) -> Reference<Value> {
    let size = UInt64(MemoryLayout<Value>.size)
    precondition(
      address >= base && address - base <= bytes - size,
      "address \(String(address, radix: 16)) outside RAM \(String(base, radix: 16))–\(String(base + bytes, radix: 16))")
    precondition(address % UInt64(MemoryLayout<Value>.alignment) == 0, "address \(address) is not aligned")
    // Safety: bounds and alignment were just checked; any bit pattern is a BitwiseCopyable of the kernel's.
    return unsafe Reference((storage + Int(address - base)).assumingMemoryBound(to: Value.self))
  }

  func clear(_ frame: UInt64) {
    for word in 0..<512 { reference(frame << 12 + UInt64(word) * 8, as: UInt64.self).pointee = 0 }
  }

  func copy(_ source: UInt64, to destination: UInt64) {
    for word in 0..<512 {
      let offset = UInt64(word) * 8
      reference(destination << 12 + offset, as: UInt64.self).pointee =
        reference(source << 12 + offset, as: UInt64.self).pointee
    }
  }
}

extension SimulatedMemory {
  /// Adds all of RAM to a digest.
  func hash(into hasher: inout Hasher) {
    // Safety: the whole allocation, which init has filled.
    unsafe hasher.combine(bytes: UnsafeRawBufferPointer(start: storage, count: Int(bytes)))
  }
}
