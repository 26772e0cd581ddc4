internal import Interfaces
internal import Runtime

/// What an operation cost, in instructions.
struct Cost {
  /// Those at EL1, from the vector to the eret.
  var kernel: UInt64
  /// Those at EL0 too: the client's, the server's.
  var whole: UInt64
}

/// The counters when an operation began.
struct Stopwatch {
  private let kernel: UInt64
  private let whole: UInt64

  /// Starts to count.
  @inline(__always) init() {
    kernel = Counter.kernelInstructions
    whole = Counter.instructions
  }

  /// What was executed since; the read itself is taken off.
  @inline(__always) var cost: Cost {
    let end = Counter.instructions
    return Cost(kernel: Counter.kernelInstructions &- kernel, whole: end &- whole &- 1)
  }
}

/// One operation: returns what it cost. What must come before it and after it is not counted.
typealias Operation = (_ gate: inout SystemGate) -> Cost

/// Runs an operation until it is warm, then twice, and logs the kernel's part; with `whole` also all of it, under that
/// name.
func measure(_ name: StaticString, whole: StaticString? = nil, _ gate: inout SystemGate, _ body: Operation) {
  _ = body(&gate)
  let first = body(&gate)
  let second = body(&gate)
  log(name, first.kernel, second.kernel, &gate)
  if let whole { log(whole, first.whole, second.whole, &gate) }
}

/// Logs a line of the result.
func log(_ name: StaticString, _ first: UInt64, _ second: UInt64, _ gate: inout SystemGate) {
  var line = LogLine()
  line.write(name, width: 28)
  line.write(decimal: first)
  line.write(" ")
  line.write(decimal: second)
  gate.log(line)
}

/// A request to the memory server, which must not be refused.
@inline(__always)
func memory<Result>(
  _ body: (Client<MemoryInterface>, inout SystemGate) throws(MemoryRefusal) -> Result
) -> Result {
  var gate = SystemGate()
  do throws(MemoryRefusal) { return try body(.own, &gate) } catch { fail("memory", error) }
}

/// The cost of a request to the memory server, which must not be refused.
@inline(__always)
func cost(_ body: (Client<MemoryInterface>, inout SystemGate) throws(MemoryRefusal) -> Void) -> Cost {
  let watch = Stopwatch()
  memory(body)
  return watch.cost
}
