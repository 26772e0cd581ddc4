/// Where the instructions of one operation went.
struct Profile {
  /// An executed instruction with its place.
  struct Entry {
    var sample: Trace.Sample
    var image: String
    /// Innermost first.
    var frames: [Frame]
    /// Whether it was executed at EL1.
    var isKernel: Bool { Symbols.kernelAddress(sample.address) != nil }
    /// The function as it was emitted, with all that was inlined into it.
    var emitted: String { "\(frames.last?.function ?? "?")" }
    /// The lines, innermost first, without those the compiler made up.
    var lines: String {
      let told = frames.filter { $0.line != 0 && !$0.file.hasPrefix("<") }
      return (told.isEmpty ? frames : told).map(\.place).joined(separator: " < ")
    }
  }

  private let title: String
  private let entries: [Entry]

  init(_ title: String, _ entries: [Entry]) {
    self.title = title
    self.entries = entries
  }

  /// The sums, the functions with their lines, and with `listing` each instruction in the order of its address.
  func text(listing: Bool) -> String {
    var lines = [title, summary, ""]
    for (name, members) in grouped(entries, by: { "\($0.emitted)  (\($0.image))" }) {
      lines.append(row(members) + name)
      for (place, samples) in grouped(members, by: \.lines) { lines.append("      " + row(samples) + place) }
    }
    lines += ["", "by the function that the source line is in, wherever it was inlined:", ""]
    for (name, members) in grouped(entries, by: { "\($0.frames.first?.function ?? "?")  (\($0.image))" }) {
      lines.append(row(members) + name)
    }
    if listing { lines += ["", "each instruction:", ""] + self.listing }
    return lines.joined(separator: "\n")
  }

  private var summary: String {
    let kernel = entries.filter(\.isKernel)
    let sum = total(kernel)
    var words = "\(sum) at EL1"
    if kernel.count < entries.count { words += ", \(total(entries) - sum) at EL0" }
    let special = Opcode.Kind.allCases.map { kind in
      "\(total(kernel.filter { Opcode.kind($0.sample.opcode) == kind })) \(kind.rawValue)"
    }
    return words + "; at EL1 " + special.joined(separator: ", ")
  }

  private var listing: [String] {
    let sorted = entries.sorted { ($0.image, $0.sample.address) < ($1.image, $1.sample.address) }
    var emitted = ""
    return sorted.flatMap { entry -> [String] in
      var lines = entry.emitted == emitted ? [] : ["", "\(entry.emitted)  (\(entry.image))"]
      emitted = entry.emitted
      let address = String(entry.sample.address, radix: 16)
      let text = entry.sample.text.padding(toLength: max(44, entry.sample.text.count), withPad: " ", startingAt: 0)
      lines.append(row([entry]) + "\(address)  \(text)  \(entry.lines)")
      return lines
    }
  }

  private func row(_ entries: [Entry]) -> String {
    let number = String(total(entries))
    return String(repeating: " ", count: max(0, 9 - number.count)) + number + "  "
  }

  private func total(_ entries: [Entry]) -> UInt64 { entries.reduce(0) { $0 + $1.sample.count } }

  /// By a key, most instructions first.
  private func grouped(_ entries: [Entry], by key: (Entry) -> String) -> [(String, [Entry])] {
    Dictionary(grouping: entries, by: key).sorted { (total($1.value), $0.key) < (total($0.value), $1.key) }
  }
}

/// What an instruction's code says by itself. Arm ARM C4.1.
enum Opcode {
  enum Kind: String, CaseIterable {
    case dsb, dmb, isb, tlbi, mrs, msr
  }

  static func kind(_ opcode: UInt32) -> Kind? {
    if opcode & 0xffff_f01f == 0xd503_301f {
      return switch opcode >> 5 & 7 {
      case 4: .dsb
      case 5: .dmb
      case 6: .isb
      default: nil
      }
    }
    if opcode & 0xfff8_f000 == 0xd508_8000 { return .tlbi }
    if opcode & 0xfff0_0000 == 0xd530_0000 { return .mrs }
    if opcode & 0xfff0_0000 == 0xd510_0000 || opcode & 0xfff8_f01f == 0xd500_401f { return .msr }
    return nil
  }
}
