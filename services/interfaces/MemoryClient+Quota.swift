public import ABI

// Parts of one's own quota.
extension Client where Service == MemoryInterface {
  /// Gives a task that the caller started another quota: more out of the caller's own, or less, down to what the task
  /// uses. Its Task handle is in slot `task`, with the rights `memory` and `control`.
  /// Refused `quotaExceeded` where the caller cannot pay (needed; left), `busy` of the kernel where the task uses more
  /// (used; the quota asked for), `notPermitted` of the kernel for a task that somebody else started.
  @inlinable @discardableResult public func setQuota(
    _ quota: UInt64, task: UInt64, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> QuotaFacts {
    QuotaFacts(try call(.setQuota(quota: quota), pass: task, &gate))
  }
}

/// What there is after a part of a quota went from one task to another.
@frozen public struct QuotaFacts: Equatable, Sendable {
  /// Frames that the caller's account has left.
  public var left: UInt64
  /// Frames that the task uses.
  public var used: UInt64

  /// Reads the reply.
  @inlinable public init(_ w: borrowing Message) { (left, used) = (w[0], w[1]) }
}
