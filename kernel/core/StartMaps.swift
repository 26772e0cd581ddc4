internal import AArch64
internal import ABI
internal import Machine

// The memory server's first mappings, made once by boot: its image and stack, the bundle, the device tree,
// the facts and the part of the ledger that the first section has.
extension Kernel where M: ~Copyable {
  mutating func mapImage(_ plan: StartPlan, _ server: UInt64, _ boot: inout BootFrames) {
    for index in 0..<4 where plan.segments[index].pages > 0 {
      let segment = plan.segments[index]
      if segment.rights.contains(.write) {
        mapOwn(server, segment, &boot)
      } else {
        mapFixed(server, page: segment.page, FrameRange(segment.frame, segment.frame + segment.pages), segment.rights,
          bundleOffset: segment.frame - plan.bundle.first, &boot)
      }
    }
    var stack = StartSegment()
    stack.pages = plan.stackPages
    stack.page = plan.stackTop >> 12 - plan.stackPages
    stack.rights = Rights.Memory(rawValue: 3)
    mapOwn(server, stack, &boot)
  }

  mutating func mapTables(_ plan: StartPlan, _ server: UInt64, _ boot: inout BootFrames) {
    typealias Place = HandOver.Address
    mapFixed(server, page: Place.bundle >> 12, plan.bundle, .read, bundleOffset: 0, &boot)
    mapFixed(server, page: Place.deviceTree >> 12, plan.deviceTree, .read, bundleOffset: nil, &boot)
    let section = plan.facts.claimedSection
    let firstLedgerFrame = (section >> 5) << 18 + (section & 31) << 4
    let held = FrameRange(section << 13, (section + 1) << 13).intersection(ram.used)
    let pages = (held.count * 8 + 4095) >> 12
    let view = Place.ledger >> 12 + section << 4
    mapFixed(
      server, page: view, FrameRange(firstLedgerFrame, firstLedgerFrame + pages), .read, bundleOffset: nil, &boot)
    var page = StartSegment()
    page.pages = 1
    page.page = Place.facts >> 12
    page.rights = .read
    let frame = boot.next
    mapOwn(server, page, &boot)
    machine.memory(frame << 12, as: HandOver.Facts.self).pointee = plan.facts
  }

  /// Private pages on fresh frames, filled from the image.
  private mutating func mapOwn(_ server: UInt64, _ segment: StartSegment, _ boot: inout BootFrames) {
    let slot = regionSlot(server, &boot)
    let area = RegionWord(page: segment.page, pages: segment.pages, isPrivate: true)
    handle(slot).pointee = Handle(word: HandleWord(.region, rights: segment.rights.rawValue, object: 0), value: area.raw)
    for offset in 0..<segment.pages {
      let frame = boot.take(1)
      machine.clear(frame: frame)
      if offset < segment.filledPages { machine.copy(frame: segment.frame + offset, to: frame) }
      ledger(frame).pointee = .privatePage(task: server >> 12, page: segment.page + offset)
      enter(server, page: segment.page + offset, frame: frame, segment.rights, &boot)
    }
    handle(slot).pointee.mapped = segment.pages
    task(server).pointee.used += segment.pages
  }

  /// Frames of the image, mapped where they lie. A part of the bundle is a region of the bundle's Memory.
  private mutating func mapFixed(
    _ server: UInt64, page: UInt64, _ frames: FrameRange, _ rights: Rights.Memory, bundleOffset: UInt64?,
    _ boot: inout BootFrames
  ) {
    let slot = regionSlot(server, &boot)
    let area = RegionWord(page: page, pages: frames.count, isPrivate: false)
    let bundle = handle(server + Task.handlesOffset + HandOver.Slot.bundle * Task.handleBytes).pointee.word.object
    if let bundleOffset {
      install(slot, HandleWord(.region, rights: rights.rawValue, object: bundle), value: area.raw)
      handle(slot).pointee.offset = bundleOffset
    } else {
      handle(slot).pointee = Handle(word: HandleWord(.region, rights: rights.rawValue, object: 0), value: area.raw)
    }
    for offset in 0..<frames.count {
      let frame = frames.first + offset
      if rights.contains(.execute) { machine.synchronizeInstructions(frame: frame) }
      enter(server, page: page + offset, frame: frame, rights, &boot)
    }
    handle(slot).pointee.mapped = frames.count
  }

  private func regionSlot(_ server: UInt64, _ boot: inout BootFrames) -> UInt64 {
    defer { boot.slot += 1 }
    return server + Task.handlesOffset + boot.slot * Task.handleBytes
  }

  /// One page, on tables that come from boot's frames.
  private mutating func enter(
    _ server: UInt64, page: UInt64, frame: UInt64, _ rights: Rights.Memory, _ boot: inout BootFrames
  ) {
    var found = walk(server, page: page)
    if found.middle == 0 { grow(server, boot.take(1), level: 2, parent: root(of: server), page: page) }
    found = walk(server, page: page)
    if found.leaf == 0 { grow(server, boot.take(1), level: 3, parent: found.middle, page: page) }
    found = walk(server, page: page)
    let descriptor = Descriptor.page(frame: frame, rights: rights, kind: .normal)
    machine.setDescriptor(table: found.leaf, index: page & 511, to: descriptor.raw)
    ledger(found.leaf).pointee = ledger(found.leaf).pointee.using(1)
    task(server).pointee.mappedPages += 1
    machine.publishTables()
  }
}
