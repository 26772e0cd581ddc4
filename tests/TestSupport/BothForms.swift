import ABI
import KernelCore
import Machine
import Simulated
import Testing

// Whatever has a quick form runs in both: the quick one, then from the same state the general one, and what they leave is
// compared word by word. No test can forget it, for all enter the kernel by `SimulatedSystem`.

/// All that an entry of the kernel can change beside RAM.
private struct Moment {
  var words: KernelWords
  var machine: MachineState

  init(_ kernel: borrowing Kernel<Simulated>) {
    words = KernelWords(kernel)
    machine = kernel.machine.state
  }

  func restore(_ kernel: inout Kernel<Simulated>) {
    words.restore(&kernel)
    kernel.machine.state = machine
  }

  func differences(from other: Moment) -> [String] {
    let found = words.differences(from: other.words)
    return machine == other.machine ? found : found + machine.differences(from: other.machine)
  }
}

extension SimulatedSystem {
  /// Enters the kernel.
  /// - Parameters:
  ///   - what: the call, fault or interrupt.
  ///   - quick: tries the quick form, with all that the entry does around it; whether it carried it out.
  ///   - general: the general form.
  package func enter(_ what: @autoclosure () -> String, quick: () -> Bool, general: () -> Void) {
    // An interrupt between the steps of a general form is a part of it.
    guard usesQuickPaths, !isComparing else { return general() }
    isComparing = true
    defer { isComparing = false }
    let before = Moment(kernel)
    kernel.machine.startKeeping()
    let isTaken = quick()
    let first = kernel.machine.stopKeeping()
    let end = Moment(kernel)
    guard isTaken else {
      expect(
        first, end.differences(from: before), "\(what()): its quick form bails out after it wrote; before and after")
      isComparing = false
      return general()
    }
    var left = first
    for (frame, words) in first {
      left[frame] = kernel.machine.words(frame: frame)
      kernel.machine.setWords(words, frame: frame)
    }
    before.restore(&kernel)
    kernel.machine.startKeeping()
    general()
    left.merge(kernel.machine.stopKeeping()) { left, _ in left }
    expect(
      left, end.differences(from: Moment(kernel)),
      "\(what()): its quick form leaves another state; quick and general")
  }

  /// Fails the test that runs where frames have other words now, or something else differs: the first time.
  private func expect(_ frames: [UInt64: [UInt64]], _ further: [String], _ finding: @autoclosure () -> String) {
    let different = frames.filter { !kernel.machine.has($0.value, frame: $0.key) }
    guard !isDifferent, !different.isEmpty || !further.isEmpty else { return }
    isDifferent = true
    var lines = further
    for (frame, words) in different.sorted(by: { $0.key < $1.key }) {
      for (index, pair) in zip(words, kernel.machine.words(frame: frame)).enumerated() where pair.0 != pair.1 {
        lines.append("\(place(DirectMap.address(frame) + UInt64(index) * 8)): \(hex(pair.0)) and \(hex(pair.1))")
      }
    }
    Issue.record("\(finding()):\n\(lines.prefix(24).joined(separator: "\n"))")
  }
}

func hex(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }

/// x0 to x10.
func hex(_ message: Message) -> String {
  let words = (0..<8).map { message[$0] } + [message.label, message.handle, message.transfer]
  return words.map(hex).joined(separator: " ")
}
