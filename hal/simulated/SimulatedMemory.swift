import Machine

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// RAM of the simulated machine, as much as a task's tables can reach: the host brings the frames that are touched.
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
    // Safety: addresses alone, reserved by nobody else and given back by deinit; the host promises no memory for them
    // before they are touched, so that a machine may have more of it than the host.
    let mapped = unsafe mmap(
      nil, Int(bytes), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else { fatalError("no addresses for \(bytes) bytes") }
    unsafe storage = mapped
    // RAM is not zero when a machine starts: filled with a pattern, but for more than 256 MiB.
    // Safety: the whole of what was just mapped.
    if frames <= 1 << 16 + 1 { unsafe _ = memset(storage, 0xa5, Int(bytes)) }
  }

  deinit {
    // Safety: mapped by init, and every Reference has ended with the machine that lent it.
    unsafe _ = munmap(storage, Int(bytes))
  }

  func reference<Value: BitwiseCopyable>(_ address: UInt64, as type: Value.Type) -> Reference<Value> {
    let size = UInt64(MemoryLayout<Value>.size)
    precondition(
      address >= DirectMap.base + base && address - DirectMap.base - base <= bytes - size,
      "address \(String(address, radix: 16)) outside RAM \(String(base, radix: 16))–\(String(base + bytes, radix: 16))")
    precondition(address % UInt64(MemoryLayout<Value>.alignment) == 0, "address \(address) is not aligned")
    // Safety: bounds and alignment were just checked; any bit pattern is a BitwiseCopyable of the kernel's.
    return unsafe Reference((storage + Int(address - DirectMap.base - base)).assumingMemoryBound(to: Value.self))
  }

  /// The first byte of a frame of RAM.
  @unsafe private func page(_ frame: UInt64) -> UnsafeMutableRawPointer {
    _ = reference(DirectMap.address(frame) | 4088, as: UInt64.self)
    // Safety: the line above has checked that the frame lies in RAM.
    return unsafe storage + Int(frame << 12 - base)
  }

  // Safety: of all three, these are whole frames of RAM, which `page` has checked.
  func clear(_ frame: UInt64) { unsafe _ = memset(page(frame), 0, 4096) }
  func copy(_ source: UInt64, to destination: UInt64) { unsafe _ = memmove(page(destination), page(source), 4096) }
  func isZero(_ frame: UInt64) -> Bool {
    unsafe memcmp(page(frame), page(frame) + 8, 4088) == 0
      && reference(DirectMap.address(frame), as: UInt64.self).pointee == 0
  }
}

extension SimulatedMemory {
  /// Adds all of RAM to a digest.
  func hash(into hasher: inout Hasher) {
    // Safety: the whole allocation, which init has filled.
    unsafe hasher.combine(bytes: UnsafeRawBufferPointer(start: storage, count: Int(bytes)))
  }
}
