/// A queue of at most `capacity` bytes in place: no heap, nothing lost, refusal when full.
public struct ByteRing<let capacity: Int>: ~Copyable {
  private var bytes: InlineArray<capacity, UInt8>
  private var head = 0
  /// The number of bytes queued.
  public private(set) var count = 0

  /// An empty ring.
  public init() { bytes = InlineArray(repeating: 0) }

  /// The number of bytes that still fit.
  public var free: Int { capacity - count }
  /// Whether no byte is queued.
  public var isEmpty: Bool { count == 0 }
  /// Whether no byte fits.
  public var isFull: Bool { count == capacity }

  /// Queues `byte`, and says whether it fitted.
  public mutating func push(_ byte: UInt8) -> Bool {
    guard count < capacity else { return false }
    var tail = head + count
    if tail >= capacity { tail -= capacity }
    bytes[tail] = byte
    count += 1
    return true
  }

  /// Takes the oldest byte, or nothing from an empty ring.
  public mutating func pop() -> UInt8? {
    guard count > 0 else { return nil }
    let byte = bytes[head]
    head = head + 1 == capacity ? 0 : head + 1
    count -= 1
    return byte
  }
}
