#if !hasFeature(Embedded)

  /// A device of tests: a script of the accesses that a driver must make, in order, with the answers to its loads.
  ///
  /// An access that is not the next of the script, and one that the script has beyond the driver's last, is a
  /// mismatch. A test ends with `#expect(registers.mismatches.isEmpty)`; a recording that nobody looked at traps, so
  /// a test cannot forget.
  public final class RecordingRegisters: RegisterAccess {
    /// One access of a script.
    public enum Access: Equatable, Sendable {
      /// A load of `width` bytes, answered with the value.
      case load(Int, UInt64, width: Int)
      /// A store of `width` bytes of the value.
      case store(Int, UInt64, width: Int)

      /// A 32-bit load at `offset` that reads `value`.
      public static func load(_ offset: Int, _ value: UInt64) -> Access { .load(offset, value, width: 4) }
      /// A 32-bit store of `value` at `offset`.
      public static func store(_ offset: Int, _ value: UInt64) -> Access { .store(offset, value, width: 4) }
    }

    /// The length of the device in bytes.
    public let length: Int
    private var script: [Access]
    private var position = 0
    private var failures: [String] = []
    private var isChecked = false

    /// A device of `length` bytes that expects `script`.
    public init(length: Int = 0x1000, expecting script: [Access]) {
      self.length = length
      self.script = script
    }

    deinit { precondition(isChecked, "a recording whose mismatches nobody read") }

    /// Expects `more` after what is expected already.
    public func expect(_ more: [Access]) { script += more }

    /// What differed from the script so far, the accesses still missing included; empty where all is as expected.
    public var mismatches: [String] {
      isChecked = true
      return failures + script[position...].map { "missing \($0.text)" }
    }

    private func next(_ made: Access) -> UInt64 {
      guard failures.isEmpty else { return 0 }
      guard position < script.count else {
        failures.append("\(made.text) after the end of the script")
        return 0
      }
      let expected = script[position]
      switch (expected, made) {
      case (.load(let offset, let answer, let width), .load(let madeOffset, _, let madeWidth))
      where offset == madeOffset && width == madeWidth:
        position += 1
        return answer
      case (.store, .store) where expected == made:
        position += 1
        return 0
      default:
        failures.append("access \(position): expected \(expected.text), made \(made.text)")
        return 0
      }
    }

    /// Records one load of 8 bits.
    public func load8(at offset: Int) -> UInt8 { UInt8(next(.load(offset, 0, width: 1))) }
    /// Records one load of 32 bits.
    public func load32(at offset: Int) -> UInt32 { UInt32(next(.load(offset, 0, width: 4))) }
    /// Records one load of 64 bits.
    public func load64(at offset: Int) -> UInt64 { next(.load(offset, 0, width: 8)) }
    /// Records one store of 8 bits.
    public func store8(_ value: UInt8, at offset: Int) { _ = next(.store(offset, UInt64(value), width: 1)) }
    /// Records one store of 32 bits.
    public func store32(_ value: UInt32, at offset: Int) { _ = next(.store(offset, UInt64(value), width: 4)) }
    /// Records one store of 64 bits.
    public func store64(_ value: UInt64, at offset: Int) { _ = next(.store(offset, value, width: 8)) }
  }

  extension RecordingRegisters.Access {
    var text: String {
      switch self {
      case .load(let offset, _, let width): "load\(width * 8) of 0x\(String(offset, radix: 16))"
      case .store(let offset, let value, let width):
        "store\(width * 8) of 0x\(String(value, radix: 16)) to 0x\(String(offset, radix: 16))"
      }
    }
  }

#endif
