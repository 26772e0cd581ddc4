internal import AArch64
internal import ABI
internal import Machine

// The memory server's first mappings, made once by boot: its image and stack, the bundle, the device tree,
// the facts and the part of the ledger that the first section has.
extension Kernel where M: ~Copyable {
  mutating func mapImage(_ plan: StartPlan, _ server: UInt64, _ boot: inout BootFrames) {
    let bundle = bundleMemory(server)
    for index in 0..<4 where plan.segments[index].pages > 0 {
      let segment = plan.segments[index]
      if segment.rights.contains(.write) {
        mapOwn(server, segment, &boot)
      } else {
        mapFixed(
          server, page: segment.page, FrameRange(segment.frame, segment.frame + segment.pages), segment.rights,
          of: bundle, offset: segment.frame - plan.bundle.first, &boot)
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
    mapFixed(server, page: Place.bundle >> 12, plan.bundle, .read, of: bundleMemory(server), &boot)
    mapFixed(server, page: Place.deviceTree >> 12, plan.deviceTree, .read, of: boot.tree, &boot)
    mapLedger(plan, server, &boot)
    var page = StartSegment()
    page.pages = 1
    page.page = Place.facts >> 12
    page.rights = .read
    let frame = boot.next
    mapOwn(server, page, &boot)
    machine.memory(DirectMap.address(frame), as: HandOver.Facts.self).pointee = plan.facts
  }

  /// The view of the ledger: a region for all the RAM that there may ever be, of which the section that boot claimed is mapped.
  private mutating func mapLedger(_ plan: StartPlan, _ server: UInt64, _ boot: inout BootFrames) {
    let section = plan.facts.claimedSection
    let first = (section >> 5) << 18 + (section & 31) << 4
    let held = FrameRange(section << 13, (section + 1) << 13).intersection(ram.used)
    let view = section << 4
    mapFixed(
      server, page: HandOver.Address.ledger >> 12 + view, FrameRange(first, first + held.count >> 9), .read,
      of: boot.ledger, offset: view, pages: Geometry.taskPages >> 9 - view, &boot)
  }

  private func bundleMemory(_ server: UInt64) -> UInt64 {
    handle(server + Task.handlesOffset + HandOver.Slot.bundle * Task.handleBytes).pointee.word.object
  }

  /// Private pages on fresh frames, filled from the image.
  private mutating func mapOwn(_ server: UInt64, _ segment: StartSegment, _ boot: inout BootFrames) {
    let slot = regionSlot(server, &boot)
    let area = RegionWord(page: segment.page, pages: segment.pages, isPrivate: true)
    handle(slot).pointee = Handle(
      word: HandleWord(.region, rights: segment.rights.rawValue, object: 0), value: area.raw)
    enterRegion(slot, of: server)
    for offset in 0..<segment.pages {
      let frame = boot.take(1)
      machine.clear(frame: frame)
      if offset < segment.filledPages { machine.copy(frame: segment.frame + offset, to: frame) }
      ledger(frame).pointee = .privatePage(task: DirectMap.frame(server), page: segment.page + offset)
      enter(server, page: segment.page + offset, frame: frame, segment.rights, &boot)
    }
    handle(slot).pointee.mapped = segment.pages
    task(server).pointee.used += segment.pages
    task(server).pointee.mappedPages += segment.pages
  }

  /// Frames that are never given out, mapped where they lie: the first of a region of `pages` (0: just these)
  /// that shows a Memory from `offset` on.
  private mutating func mapFixed(
    _ server: UInt64, page: UInt64, _ frames: FrameRange, _ rights: Rights.Memory, of memory: UInt64,
    offset: UInt64 = 0, pages: UInt64 = 0, _ boot: inout BootFrames
  ) {
    let slot = regionSlot(server, &boot)
    let area = RegionWord(page: page, pages: max(pages, frames.count), isPrivate: false)
    install(slot, HandleWord(.region, rights: rights.rawValue, object: memory), value: area.raw)
    handle(slot).pointee.offset = offset
    enterRegion(slot, of: server)
    for offset in 0..<frames.count {
      let frame = frames.first + offset
      if rights.contains(.execute), !boot.codeIsPublished { machine.synchronizeInstructions(frame: frame) }
      enter(server, page: page + offset, frame: frame, rights, &boot)
    }
    handle(slot).pointee.mapped = frames.count
    task(server).pointee.mappedPages += frames.count
  }

  private func regionSlot(_ server: UInt64, _ boot: inout BootFrames) -> UInt64 {
    let slot = server + Task.handlesOffset + boot.slot * Task.handleBytes
    boot.slot += 1
    return slot
  }

  /// One page, on tables that come from boot's frames.
  private mutating func enter(
    _ server: UInt64, page: UInt64, frame: UInt64, _ rights: Rights.Memory, _ boot: inout BootFrames
  ) {
    if page >> 9 != boot.leafPage >> 9 || boot.leaf == 0 {
      boot.leaf = leaf(server, page: page, &boot)
      boot.leafPage = page
    }
    let descriptor = Descriptor.page(frame: frame, rights: rights, kind: .normal)
    machine.setDescriptor(table: boot.leaf, index: page & 511, to: descriptor.raw)
    ledger(boot.leaf).pointee = ledger(boot.leaf).pointee.using(1)
  }

  /// The table of level 3 for a page, grown where it is missing.
  private mutating func leaf(_ server: UInt64, page: UInt64, _ boot: inout BootFrames) -> UInt64 {
    var found = walk(server, page: page)
    if found.middle == 0 {
      found.middle = boot.take(1)
      grow(server, found.middle, level: 2, parent: root(of: server), page: page)
    }
    if found.leaf == 0 {
      found.leaf = boot.take(1)
      grow(server, found.leaf, level: 3, parent: found.middle, page: page)
    }
    return found.leaf
  }
}
