/// Little-endian fields of a file and the tables made of them.
struct Reader {
  let bytes: [UInt8]

  func word16(_ offset: Int) -> UInt16 { UInt16(truncatingIfNeeded: number(offset, 2)) }
  func word32(_ offset: Int) -> UInt32 { UInt32(truncatingIfNeeded: number(offset, 4)) }
  func word64(_ offset: Int) -> UInt64 { number(offset, 8) }

  private func number(_ offset: Int, _ count: Int) -> UInt64 {
    bytes[offset..<(offset + count)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Checks that this is an executable ELF64 for little-endian AArch64.
  func checkIdentity() throws(ELFError) {
    guard bytes.count >= 64 else { throw ELFError(.truncated, bytes.count, 64) }
    guard word32(0) == 0x464c_457f else { throw ELFError(.notELF, word32(0), 0x464c_457f) }
    guard bytes[4] == 2 else { throw ELFError(.wrongClass, bytes[4], 2) }
    guard bytes[5] == 1 else { throw ELFError(.wrongEncoding, bytes[5], 1) }
    guard word16(16) == 2 else { throw ELFError(.wrongType, word16(16), 2) }
    guard word16(18) == 183 else { throw ELFError(.wrongMachine, word16(18), 183) }
  }

  func programHeaders() throws(ELFError) -> [ELFFile.ProgramHeader] {
    let table = try table(offset: word64(32), count: word16(56), size: word16(54), expected: 56)
    return table.map { base in
      ELFFile.ProgramHeader(
        type: word32(base), flags: word32(base + 4), offset: word64(base + 8), address: word64(base + 16),
        physicalAddress: word64(base + 24), fileSize: word64(base + 32), memorySize: word64(base + 40))
    }
  }

  func sections() throws(ELFError) -> [ELFFile.Section] {
    let table = try table(offset: word64(40), count: word16(60), size: word16(58), expected: 64)
    let names = Int(word16(62))
    guard !table.isEmpty else { return [] }
    guard names < table.count else { throw ELFError(.truncated, table.count, names + 1) }
    let strings = try extent(offset: word64(table[names] + 24), size: word64(table[names] + 32))
    var sections: [ELFFile.Section] = []
    for base in table {
      let name = strings.lowerBound + Int(word32(base))
      guard name < strings.upperBound else { throw ELFError(.truncated, strings.upperBound, name + 1) }
      let text = bytes[name..<strings.upperBound].prefix { $0 != 0 }
      sections.append(
        ELFFile.Section(
          name: String(decoding: text, as: UTF8.self), type: word32(base + 4), flags: word64(base + 8),
          address: word64(base + 16), size: word64(base + 32)))
    }
    return sections
  }

  /// Offsets of the records of a table that lies inside the file; none where it is empty.
  private func table(offset: UInt64, count: UInt16, size: UInt16, expected: Int) throws(ELFError) -> [Int] {
    guard count > 0 else { return [] }
    guard Int(size) == expected else { throw ELFError(.wrongRecordSize, size, expected) }
    let extent = try extent(offset: offset, size: UInt64(count) * UInt64(size))
    return Array(stride(from: extent.lowerBound, to: extent.upperBound, by: expected))
  }

  private func extent(offset: UInt64, size: UInt64) throws(ELFError) -> Range<Int> {
    let end = offset.addingReportingOverflow(size)
    guard !end.overflow, end.partialValue <= bytes.count else {
      throw ELFError(.truncated, bytes.count, end.overflow ? .max : end.partialValue)
    }
    return Int(offset)..<Int(end.partialValue)
  }
}
