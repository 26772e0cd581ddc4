extension DeviceTree {
  /// The unit address of `node`: the hexadecimal number behind the `@` of its name, up to the first byte that is no
  /// digit. Nil where it has none, or one of more than 64 bits. Devicetree Specification 2.2.1.
  public func unitAddress(of node: DeviceTreeNode) -> UInt64? {
    let name = name(of: node)
    var offset = base(of: name).end + 1
    var address: UInt64 = 0
    var digits = 0
    while offset < name.end, let digit = hexadecimalDigit(byte(at: offset)) {
      guard address >> 60 == 0 else { return nil }
      address = address << 4 | digit
      digits += 1
      offset += 1
    }
    return digits > 0 ? address : nil
  }

  /// The last eight bytes of a node's name, or all of a shorter one, as a little-endian word.
  public func nameEnd(of node: DeviceTreeNode) -> UInt64 {
    let name = name(of: node)
    var word: UInt64 = 0
    for offset in (max(name.start, name.end - 8)..<name.end).reversed() { word = word << 8 | UInt64(byte(at: offset)) }
    return word
  }

  private func hexadecimalDigit(_ byte: UInt8) -> UInt64? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A") + 10)
    default: nil
    }
  }
}
