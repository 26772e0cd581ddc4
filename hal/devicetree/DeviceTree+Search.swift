extension DeviceTree {
  /// The first enabled node behind `previous`, or of all, that is compatible with `compatible`.
  public func node(
    compatibleWith compatible: StaticString, after previous: DeviceTreeNode? = nil
  ) -> DeviceTreeNode? {
    search(after: previous) { node in isCompatible(node, with: compatible) }
  }

  /// The first enabled node behind `previous`, or of all, that is compatible with one of `list`: texts that
  /// each end at a zero byte, as a grant of the bundle spells them.
  public func node(
    compatibleWithAny list: Span<UInt8>, after previous: DeviceTreeNode? = nil
  ) -> DeviceTreeNode? {
    var next = previous == nil ? root : node(after: previous ?? root)
    while let node = next {
      if isCompatible(node, withAny: list), isEnabled(node) { return node }
      next = self.node(after: node)
    }
    return nil
  }

  /// Whether the node's `compatible` list holds `compatible`.
  public func isCompatible(_ node: DeviceTreeNode, with compatible: StaticString) -> Bool {
    guard let list = property("compatible", of: node) else { return false }
    var start = 0
    while start < list.byteCount {
      let text = text(list, from: start)
      if isText(at: text.start, end: text.end, compatible) { return true }
      start = text.end - list.offset + 1
    }
    return false
  }

  /// Whether the node's `compatible` list holds one of `wanted`, texts that each end at a zero byte.
  public func isCompatible(_ node: DeviceTreeNode, withAny wanted: Span<UInt8>) -> Bool {
    guard let list = property("compatible", of: node) else { return false }
    var start = 0
    while start < list.byteCount {
      let text = text(list, from: start)
      if contains(wanted, text) { return true }
      start = text.end - list.offset + 1
    }
    return false
  }

  /// The GIC that a node describes, by its `compatible`.
  func gicVersion(of node: DeviceTreeNode) -> GIC.Version? {
    if isCompatible(node, with: "arm,gic-v3") { return .v3 }
    let isV2 =
      isCompatible(node, with: "arm,cortex-a15-gic") || isCompatible(node, with: "arm,gic-400")
      || isCompatible(node, with: "arm,cortex-a7-gic")
    return isV2 ? .v2 : nil
  }

  /// The first enabled node behind `previous`, or of all, for which `matches` holds.
  func search(after previous: DeviceTreeNode?, _ matches: (DeviceTreeNode) -> Bool) -> DeviceTreeNode? {
    var next = previous == nil ? root : node(after: previous ?? root)
    while let node = next {
      if matches(node), isEnabled(node) { return node }
      next = self.node(after: node)
    }
    return nil
  }

  private func contains(_ list: Span<UInt8>, _ text: Text) -> Bool {
    var start = 0
    while start < list.count {
      var end = start
      while end < list.count, list[end] != 0 { end += 1 }
      if end - start == text.end - text.start, end > start, isSame(text, list, from: start) { return true }
      start = end + 1
    }
    return false
  }

  private func isSame(_ text: Text, _ list: Span<UInt8>, from start: Int) -> Bool {
    for index in 0..<(text.end - text.start) where byte(at: text.start + index) != list[start + index] {
      return false
    }
    return true
  }
}

extension DeviceTree {
  /// The node that /chosen names as `stdout-path`, directly or by an alias, options behind ':' left off.
  public var standardOutput: DeviceTreeNode? {
    guard let chosen = child(of: root, named: "chosen"), let property = property("stdout-path", of: chosen)
    else { return nil }
    let path = prefix(of: text(property), before: UInt8(ascii: ":"))
    guard path.start < path.end else { return nil }
    if byte(at: path.start) == UInt8(ascii: "/") { return node(at: path) }
    return alias(path).flatMap { node(at: $0) }
  }

  /// The PL011 that /chosen names, else the first there is; none that the tree disables.
  public var console: DeviceTreeNode? {
    if let chosen = standardOutput, isCompatible(chosen, with: "arm,pl011"), isEnabled(chosen) { return chosen }
    return node(compatibleWith: "arm,pl011")
  }

  /// The path that /aliases gives for `name`.
  private func alias(_ name: Text) -> Text? {
    guard let aliases = child(of: root, named: "aliases") else { return nil }
    var offset = firstProperty(of: aliases.offset)
    while let property = property(at: offset) {
      if isSame(Text(start: property.name, end: property.name + name.end - name.start), name),
        byte(at: property.name + name.end - name.start) == 0
      {
        return text(property)
      }
      offset = property.next
    }
    return nil
  }

  /// The node at an absolute path; unit addresses may be left off.
  private func node(at path: Text) -> DeviceTreeNode? {
    var node = root
    var rest = path
    while rest.start < rest.end {
      rest.start += 1  // the slash
      let component = prefix(of: rest, before: UInt8(ascii: "/"))
      if component.start < component.end {
        guard let next = child(of: node, named: component) else { return nil }
        node = next
      }
      rest.start = component.end
    }
    return node
  }

  private func child(of parent: DeviceTreeNode, named name: Text) -> DeviceTreeNode? {
    var next = child(of: parent)
    while let candidate = next {
      let whole = self.name(of: candidate)
      if isSame(whole, name) || isSame(base(of: whole), name) { return candidate }
      next = child(of: parent, after: candidate)
    }
    return nil
  }
}
