import Machine

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// RAM of the simulated machine, as much as a task's tables can reach: the host brings the frames that are touched.
@safe final class SimulatedMemory {
  fileprivate let base: UInt64
  fileprivate let bytes: UInt64
  fileprivate let storage: UnsafeMutableRawPointer
  /// Frames made visible to instruction fetch.
  let synchronized = FrameSet()
  /// The frames that were reached since these are kept; nil while none are.
  var kept: KeptFrames?

  /// A set that a read-only machine may add to.
  final class FrameSet {
    var frames: Set<UInt64> = []
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
    kept?.keep(address, size, of: self)
    // Safety: bounds and alignment were just checked; any bit pattern is a BitwiseCopyable of the kernel's.
    return unsafe Reference((storage + Int(address - DirectMap.base - base)).assumingMemoryBound(to: Value.self))
  }

  /// The first byte of a frame of RAM.
  @unsafe fileprivate func page(_ frame: UInt64) -> UnsafeMutableRawPointer {
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
  /// The words of a frame; they are read, so that nobody can change them by it.
  func words(_ frame: UInt64) -> [UInt64] {
    precondition(frame << 12 >= base && frame << 12 - base <= bytes - 4096, "frame \(frame) outside RAM")
    // Safety: a whole frame of RAM, which has just been checked.
    return unsafe [UInt64](unsafeUninitializedCapacity: 512) { buffer, count in
      unsafe _ = memcpy(buffer.baseAddress!, storage + Int(frame << 12 - base), 4096)
      count = 512
    }
  }

  /// Lays down the words of a frame.
  func setWords(_ words: [UInt64], _ frame: UInt64) {
    precondition(words.count == 512)
    // Safety: `page` has checked the frame, the line above that there are as many words as it has.
    unsafe words.withUnsafeBytes { unsafe _ = memcpy(page(frame), $0.baseAddress!, 4096) }
  }

  /// Whether a frame has these words.
  func has(_ words: [UInt64], _ frame: UInt64) -> Bool {
    precondition(words.count == 512)
    // Safety: as above.
    return unsafe words.withUnsafeBytes { unsafe memcmp(page(frame), $0.baseAddress!, 4096) == 0 }
  }

  /// Adds all of RAM to a digest.
  func hash(into hasher: inout Hasher) {
    // Safety: the whole allocation, which init has filled.
    unsafe hasher.combine(bytes: UnsafeRawBufferPointer(start: storage, count: Int(bytes)))
  }
}
