import AArch64

/// Tables in a dictionary; counts what was taken.
struct DictionaryStore: TableStore {
  var tables: [UInt64: [UInt64: UInt64]] = [:]
  var limit: Int

  init(limit: Int = .max) { self.limit = limit }

  func entry(table frame: UInt64, index: UInt64) -> Descriptor {
    Descriptor(raw: tables[frame]?[index] ?? 0)
  }
  mutating func setEntry(table frame: UInt64, index: UInt64, to entry: Descriptor) {
    precondition(tables[frame] != nil && index < 512, "a store outside the tables")
    tables[frame]?[index] = entry.raw
  }
  mutating func take() -> UInt64? {
    guard tables.count < limit else { return nil }
    let frame = 0x8_0000 + UInt64(tables.count)
    tables[frame] = [:]
    return frame
  }
}

/// What the walk of an address finds.
struct Translation: Equatable {
  var address: UInt64
  var attributes: UInt64
}

/// A walk as the Arm ARM's pseudocode makes it (D8.2.7), from the raw words, with nothing of ours.
func walk(_ tables: [UInt64: [UInt64: UInt64]], root: UInt64, level: Int, address: UInt64) -> Translation? {
  var table = root
  for at in level...3 {
    let shift = UInt64(12 + 9 * (3 - at))
    let word = tables[table]?[address >> shift & 0x1ff] ?? 0
    guard word & 1 == 1 else { return nil }
    let isTable = at < 3 && word & 2 == 2
    if isTable {
      table = (word & 0x0000_ffff_ffff_f000) >> 12
      continue
    }
    if at == 0 || (at == 3) != (word & 2 == 2) { return nil }
    let offset = address & (1 << shift - 1)
    let base = word & 0x0000_ffff_ffff_f000
    return base & (1 << shift - 1) == 0
      ? Translation(address: base | offset, attributes: word & 0xfff0_0000_0000_0ffc) : nil
  }
  return nil
}
