public import ABI
internal import Machine

// RAM that was not there at boot, or that boot does not use: frames become RAM at the word of who holds device space,
// from which they go. Nothing is claimed by that: sections of it are, like all others, when they are needed.
extension Kernel where M: ~Copyable {
  /// Ranges that can be added.
  package static var mostAdded: Int { 8 }
  /// Frames of the GiB that the kernel's half can show: 1 to 510.
  private var reachable: FrameRange { FrameRange(1 << 18, 511 << 18) }

  /// `claim` by the authority over device space: the x1 frames from x0 on are RAM from now on.
  mutating func addRAM(_ caller: UInt64) throws(Refusal) {
    _ = try deviceAuthority(caller)
    try addRange(first: word(caller, 0), count: word(caller, 1))
    let server = store.pointee.server.task
    memoryObject(ram.memory).pointee.frames = lastRAM.end - ram.used.first
    task(server).pointee.quota += word(caller, 1)
    succeed(caller, task(server).pointee.quota)
  }

  /// Takes a range in, or refuses it. Boot does so with ranges of the device tree that it does not use itself.
  public mutating func addRange(first: UInt64, count: UInt64) throws(Refusal) {
    // The ledger of a GiB lies at its start, and RAM is used in whole blocks.
    guard first & (1 << 18 - 1) == 0 else { throw Refusal(.unaligned, first, limit: 1 << 18) }
    guard count > 0, count & (Geometry.blockFrames - 1) == 0 else {
      throw Refusal(.unaligned, count, limit: Geometry.blockFrames)
    }
    guard reachable.contains(first), count <= reachable.end - first else {
      throw Refusal(.outOfRange, first, limit: reachable.end)
    }
    guard first >= lastRAM.end else { throw Refusal(.notPermitted, first, limit: lastRAM.end) }
    let range = FrameRange(first, first + count)
    if let device = deviceGigabyte(in: range) { throw Refusal(.notPermitted, first, limit: device << 18) }
    guard ram.addedCount < Self.mostAdded else {
      throw Refusal(.busy, UInt64(ram.addedCount), limit: UInt64(Self.mostAdded))
    }
    store.pointee.added[ram.addedCount] = range
    ram.addedCount += 1
  }

  /// Frames that were added.
  public var addedFrames: UInt64 {
    var count: UInt64 = 0
    for index in 0..<ram.addedCount { count += store.pointee.added[index].count }
    return count
  }

  /// `inspect` 10: range x1 of RAM, 0 the one that boot uses, for who has the authority over RAM.
  func inspectRAM(_ caller: UInt64) throws(Refusal) -> FrameRange {
    _ = try authority(handleWord(caller), of: thread(caller).pointee.task)
    let index = word(caller, 1)
    if index == 0 { return ram.used }
    return index <= UInt64(ram.addedCount)
      ? store.pointee.added[Int(truncatingIfNeeded: index) - 1] : FrameRange(0, 0)
  }

  /// Whether a frame is RAM that is used; whether it has a ledger word is asked besides.
  @inline(__always) package func isRAM(_ frame: UInt64) -> Bool {
    ram.used.contains(frame) || isAdded(FrameRange(frame, frame + 1))
  }

  /// Whether all of a range lies in one that was added.
  @inline(never) func isAdded(_ range: FrameRange) -> Bool {
    for index in 0..<ram.addedCount where store.pointee.added[index].intersection(range) == range { return true }
    return false
  }

  /// Whether a part of a range was added.
  @inline(never) func holdsAdded(_ range: FrameRange) -> Bool {
    for index in 0..<ram.addedCount where store.pointee.added[index].intersection(range).count > 0 { return true }
    return false
  }

  /// The RAM in a part of one GiB: of one range, for each starts a GiB of its own.
  @inline(never) package func held(_ part: FrameRange) -> FrameRange {
    let first = part.intersection(ram.used)
    if first.count > 0 { return first }
    for index in 0..<ram.addedCount {
      let shared = part.intersection(store.pointee.added[index])
      if shared.count > 0 { return shared }
    }
    return FrameRange(0, 0)
  }

  /// The range of RAM that lies highest.
  package var lastRAM: FrameRange { ram.addedCount == 0 ? ram.whole : store.pointee.added[ram.addedCount - 1] }

  /// A device range was made: its GiBs never become RAM, for who has it may keep it mapped.
  @inline(never) func noteDevice(_ range: FrameRange) {
    let last = min(range.end - 1, reachable.end - 1) >> 18
    var gigabyte = range.first >> 18
    while gigabyte <= last {
      store.pointee.deviceGigabytes[Int(truncatingIfNeeded: gigabyte >> 6)] |= 1 &<< (gigabyte & 63)
      gigabyte += 1
    }
  }

  /// The first GiB of a range in which a device range was made, or the kernel has a device.
  @inline(never) private func deviceGigabyte(in range: FrameRange) -> UInt64? {
    for gigabyte in range.first >> 18...(range.end - 1) >> 18 {
      let whole = FrameRange(gigabyte << 18, (gigabyte + 1) << 18)
      let word = store.pointee.deviceGigabytes[Int(truncatingIfNeeded: gigabyte >> 6)]
      let isKernels = whole.contains(devices.uartFrame) || whole.contains(devices.cpuInterfaceFrame)
      if word >> (gigabyte & 63) & 1 != 0 || isKernels { return gigabyte }
    }
    return nil
  }
}
