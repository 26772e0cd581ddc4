import Machine

/// All of a simulated machine but RAM.
package struct MachineState: Equatable {
  var events: [Event]
  var violations: [String]
  var remembered: TranslationMemory
  var kernelRoot: [UInt64]
  var now: UInt64
  var timer: UInt64?
  var pending: [UInt32]
  var active: Set<UInt32>
  var controllerBase: UInt64?
  var translation: UInt64
  var floatingPointIsAllowed: Bool
  var floatingPoint: [UInt64]
  var floatingPointOwner: UInt64
  var printed: [UInt8]
  var isOff: Bool?
  var halted: String?
  var synchronized: Set<UInt64>

  /// What in two states differs, in words.
  package func differences(from other: MachineState) -> [String] {
    zip(Mirror(reflecting: self).children, Mirror(reflecting: other).children).compactMap {
      let (one, two) = ("\($0.value)", "\($1.value)")
      return one == two ? nil : "the machine's \($0.label ?? ""): \(one) and \(two)"
    }
  }
}

extension Simulated {
  /// All of the machine but RAM, as it is now.
  package var state: MachineState {
    get {
      MachineState(
        events: events, violations: violations, remembered: remembered, kernelRoot: kernelRoot, now: now, timer: timer,
        pending: pending, active: active, controllerBase: controllerBase, translation: translation,
        floatingPointIsAllowed: floatingPointIsAllowed, floatingPoint: floatingPoint,
        floatingPointOwner: floatingPointOwner, printed: printed, isOff: isOff,
        halted: halted, synchronized: memory.synchronized.frames)
    }
    set {
      (events, violations, remembered) = (newValue.events, newValue.violations, newValue.remembered)
      (kernelRoot, translation) = (newValue.kernelRoot, newValue.translation)
      (now, timer) = (newValue.now, newValue.timer)
      (pending, active, controllerBase) = (newValue.pending, newValue.active, newValue.controllerBase)
      (floatingPointIsAllowed, floatingPoint) = (newValue.floatingPointIsAllowed, newValue.floatingPoint)
      floatingPointOwner = newValue.floatingPointOwner
      (printed, isOff, halted) = (newValue.printed, newValue.isOff, newValue.halted)
      memory.synchronized.frames = newValue.synchronized
    }
  }

  /// From here on frames are kept as they are before somebody can change them.
  package func startKeeping() { memory.kept = SimulatedMemory.KeptFrames() }

  /// The words of the frames that somebody could change since `startKeeping`, as they were before.
  package func stopKeeping() -> [UInt64: [UInt64]] {
    defer { memory.kept = nil }
    return memory.kept?.frames ?? [:]
  }

  /// The 512 words of a frame.
  package func words(frame: UInt64) -> [UInt64] { memory.words(frame) }

  /// Lays down the 512 words of a frame.
  package func setWords(_ words: [UInt64], frame: UInt64) { memory.setWords(words, frame) }

  /// Whether a frame has these 512 words.
  package func has(_ words: [UInt64], frame: UInt64) -> Bool { memory.has(words, frame) }
}

extension SimulatedMemory {
  /// Frames as they were.
  final class KeptFrames {
    var frames: [UInt64: [UInt64]] = [:]
    /// The frame that was reached last.
    private var last = UInt64.max

    /// Keeps the frames of some bytes.
    func keep(_ address: UInt64, _ size: UInt64, of memory: SimulatedMemory) {
      let (first, end) = (DirectMap.frame(address), DirectMap.frame(address + size - 1))
      if end == last, first == last { return }
      for frame in first...end where frames[frame] == nil { frames[frame] = memory.words(frame) }
      last = end
    }
  }
}
