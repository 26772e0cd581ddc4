extension DeviceTree {
  /// The first enabled node behind `previous`, or of all, that is compatible with `compatible`.
  public func node(
    compatibleWith compatible: StaticString, after previous: DeviceTreeNode? = nil
  ) -> DeviceTreeNode? {
    search(after: previous) { list in isText(at: list.start, end: list.end, compatible) }
  }

  /// The first enabled node behind `previous`, or of all, that is compatible with one of `list`: texts that
  /// each end at a zero byte, as a grant of the bundle spells them.
  public func node(
    compatibleWithAny list: Span<UInt8>, after previous: DeviceTreeNode? = nil
  ) -> DeviceTreeNode? {
    search(after: previous) { text in contains(list, text) }
  }

  /// Whether the node's `compatible` list holds `compatible`.
  public func isCompatible(_ node: DeviceTreeNode, with compatible: StaticString) -> Bool {
    isCompatible(node) { text in isText(at: text.start, end: text.end, compatible) }
  }

  /// Whether the node's `compatible` list holds one of `list`: texts that each end at a zero byte.
  public func isCompatible(_ node: DeviceTreeNode, withAny list: Span<UInt8>) -> Bool {
    isCompatible(node) { text in contains(list, text) }
  }

  /// Whether the value at `offset` of a `compatible` holds one of `list`.
  func isCompatible(_ offset: Int, _ byteCount: Int, withAny list: Span<UInt8>) -> Bool {
    holds(DeviceTreeProperty(name: 0, offset: offset, byteCount: byteCount)) { text in contains(list, text) }
  }

  /// Whether one of the texts of the node's `compatible` list is `wanted`.
  @inline(__always)
  private func isCompatible(_ node: borrowing DeviceTreeNode, _ wanted: (Text) -> Bool) -> Bool {
    guard let list = property("compatible", ofNodeAt: node.offset) else { return false }
    return holds(list, wanted)
  }

  @inline(__always)
  private func holds(_ list: DeviceTreeProperty, _ wanted: (Text) -> Bool) -> Bool {
    var start = 0
    while start < list.byteCount {
      let text = text(list, from: start)
      if wanted(text) { return true }
      start = text.end - list.offset + 1
    }
    return false
  }

  @inline(__always)
  private func search(after previous: DeviceTreeNode?, _ wanted: (Text) -> Bool) -> DeviceTreeNode? {
    var node = previous ?? root
    if previous != nil, !advance(&node) { return nil }
    repeat {
      if isCompatible(node, wanted), isEnabled(node) { return node }
    } while advance(&node)
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
    while let property = nextProperty(from: offset) {
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
