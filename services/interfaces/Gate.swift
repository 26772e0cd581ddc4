public import ABI

/// The way into the kernel. On the machine it is `svc`; in the host tests the same services run against the
/// kernel's core itself, in one process.
public protocol Gate: ~Copyable {
  /// Makes one kernel call: registers in, registers out.
  mutating func invoke(_ operation: Operation, _ message: inout Message)
}
