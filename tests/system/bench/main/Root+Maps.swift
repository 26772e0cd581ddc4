internal import ABI
internal import Interfaces
internal import Runtime

/// Slots and pages of the child's regions.
private enum Place {
  /// A page that keeps its leaf table there, and beside it those that come and go.
  static var keeper: (slot: UInt64, page: UInt64) { (30, 0x8100) }
  static var private1: (slot: UInt64, page: UInt64) { (31, 0x8000) }
  static var shown: (slot: UInt64, page: UInt64) { (32, 0x8020) }
  static var private512: (slot: UInt64, page: UInt64) { (33, 0x8400) }
  /// Device pages: frames that lie one behind an aligned one, 16 behind, and aligned.
  static var plain: (slot: UInt64, page: UInt64) { (34, 0x8800) }
  static var runs: (slot: UInt64, page: UInt64) { (35, 0x8c00) }
  static var blocks: (slot: UInt64, page: UInt64) { (36, 0x9000) }
}

/// Single calls of `map` and `unmap`, as a memory server makes them.
extension Root {
  mutating func measureMaps() throws(Refusal) {
    let write: Rights.Memory = [.read, .write]
    try gate.makeRegion(
      task: Slot.child, slot: Place.keeper.slot, page: Place.keeper.page, pages: 1, rights: write)
    try map(region: Place.keeper.slot, page: Place.keeper.page, count: 1, frame: takeFrame())
    try gate.makeRegion(
      task: Slot.child, slot: Place.private1.slot, page: Place.private1.page, pages: 16, rights: write)
    try gate.makeRegion(
      task: Slot.child, slot: Place.private512.slot, page: Place.private512.page, pages: 512, rights: write)
    try gate.makeRegion(
      task: Slot.child, slot: Place.shown.slot, page: Place.shown.page, pages: 1, rights: .read,
      memory: HandOver.Slot.bundle, offset: 0)
    // The first flash bank, which nobody uses.
    _ = try gate.createMemory(
      frame: 0, pages: 2048, account: 0, spare: takeFrame(), slot: Slot.flash, authority: HandOver.Slot.devices)
    try device(Place.plain, offset: 1)
    try device(Place.runs, offset: 16)
    try device(Place.blocks, offset: 512)
    try pair("mapPage", "unmapPage", Place.shown, 1)
    try pair("mapZeroedPage", "unmapPrivatePage", Place.private1, 1, frame: block)
    try pair("mapZeroed16", "unmapPrivate16", Place.private1, 16, frame: block)
    try pair("mapZeroed512", "unmapPrivate512", Place.private512, 512, frame: block)
    try pair("map512Pages", "unmap512Pages", Place.plain, 512, perPage: "mapPagePerPage512")
    try pair("map512In64KiB", "unmap512In64KiB", Place.runs, 512)
    try pair("map512AsBlock", "unmap512AsBlock", Place.blocks, 512)
  }

  private mutating func device(_ place: (slot: UInt64, page: UInt64), offset: UInt64) throws(Refusal) {
    try gate.makeRegion(
      task: Slot.child, slot: place.slot, page: place.page, pages: 512, rights: [.read, .write], memory: Slot.flash,
      offset: offset)
  }

  /// Maps and unmaps three times, the first to be warm.
  private mutating func pair(
    _ mapName: StaticString, _ unmapName: StaticString, _ place: (slot: UInt64, page: UInt64), _ pages: UInt64,
    frame: UInt64 = 0, perPage: StaticString? = nil
  ) throws(Refusal) {
    var maps: (UInt64, UInt64) = (0, 0)
    var unmaps: (UInt64, UInt64) = (0, 0)
    for _ in 0..<3 {
      let map = try map(region: place.slot, page: place.page, count: pages, frame: frame)
      maps = (maps.1, map.kernel)
      let unmap = try unmap(region: place.slot, page: place.page, count: pages)
      unmaps = (unmaps.1, unmap.kernel)
    }
    log(mapName, maps.0, maps.1, &gate)
    if let perPage { log(perPage, (maps.0 + pages - 1) / pages, (maps.1 + pages - 1) / pages, &gate) }
    log(unmapName, unmaps.0, unmaps.1, &gate)
  }
}
