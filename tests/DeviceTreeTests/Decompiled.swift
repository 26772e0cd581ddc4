import DeviceTree

/// A tree as dtc prints it, read back by a parser that shares nothing with ours: it reads text, not tokens.
struct Decompiled {
  struct Node {
    var path: String
    var properties: [String: String] = [:]
    var parent: Int?
  }

  private(set) var nodes: [Node] = []

  init(_ source: String) {
    var open: [Int] = []
    for line in source.split(separator: "\n").map({ $0.drop { $0 == "\t" || $0 == " " } }) {
      if line.hasSuffix("{") {
        let name = line.dropLast().split(separator: " ").last.map(String.init) ?? ""
        let above = open.last.map { nodes[$0].path } ?? ""
        let path = name == "/" ? "" : above + "/" + name
        nodes.append(Node(path: path, parent: open.last))
        open.append(nodes.count - 1)
      } else if line == "};" {
        open.removeLast()
      } else if let node = open.last, line.hasSuffix(";") {
        let parts = line.dropLast().split(separator: "=", maxSplits: 1)
        let name = parts[0].trimmed
        if nodes[node].properties[name] == nil {
          nodes[node].properties[name] = parts.count > 1 ? parts[1].trimmed : ""
        }
      }
    }
  }

  func node(_ path: String) -> Node? { nodes.first { $0.path == path } }

  /// The cells of a property, empty where it is absent.
  func cells(_ node: Node, _ name: String) -> [UInt64] {
    (node.properties[name] ?? "").split { "<> ".contains($0) }.compactMap { text in
      text.hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) : UInt64(text)
    }
  }

  /// The texts of a property.
  func texts(_ node: Node, _ name: String) -> [String] {
    guard let value = node.properties[name], value.hasPrefix("\"") else { return [] }
    return value.replacing("\", \"", with: "\\0").dropFirst().dropLast().replacing("\\0", with: "\n")
      .split(separator: "\n").map(String.init)
  }

  /// The pairs of a node's `reg`, by the cells of the node above.
  func reg(_ node: Node) -> [[UInt64]] {
    guard let parent = node.parent.map({ nodes[$0] }) else { return [] }
    let address = Int(cells(parent, "#address-cells").first ?? 2)
    let size = Int(cells(parent, "#size-cells").first ?? 1)
    let words = cells(node, "reg")
    return stride(from: 0, to: words.count, by: address + size).map { start in
      [words[start..<(start + address)], words[(start + address)..<(start + address + size)]]
        .map { $0.reduce(0) { $0 << 32 | $1 } }
    }
  }

  /// The INTIDs and triggers of a node's `interrupts`, three cells each.
  func interrupts(_ node: Node) -> [InterruptLine] {
    let words = cells(node, "interrupts")
    return stride(from: 0, to: words.count, by: 3).map { start in
      InterruptLine(
        number: UInt32(words[start + 1]) + (words[start] == 0 ? 32 : 16),
        trigger: [1, 2].contains(words[start + 2]) ? .edge : .level)
    }
  }

  /// Whether no `status` from here up says otherwise.
  func isEnabled(_ node: Node) -> Bool {
    let own = texts(node, "status").first.map { $0 == "okay" || $0 == "ok" } ?? true
    return own && (node.parent.map { isEnabled(nodes[$0]) } ?? true)
  }

  /// Enabled nodes with one of these in their `compatible`.
  func compatible(_ names: String...) -> [Node] {
    nodes.filter { node in texts(node, "compatible").contains { names.contains($0) } && isEnabled(node) }
  }

  /// Enabled nodes of this `device_type`.
  func typed(_ type: String) -> [Node] {
    nodes.filter { texts($0, "device_type") == [type] && isEnabled($0) }
  }
}

extension Substring {
  /// Without blanks at either end.
  fileprivate var trimmed: String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
