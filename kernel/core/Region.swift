internal import ABI
internal import Machine

extension Kernel where M: ~Copyable {
  /// `region`: a slot of a task that says which pages show what, with which rights. Nothing is mapped yet; told is how many
  /// tables the first page lacks.
  mutating func region(_ caller: UInt64) throws(Refusal) {
    let own = thread(caller).pointee.task
    let owner = try addressSpace(handleWord(caller), of: own)
    let target = try emptySlot(word(caller, 0), of: owner)
    let (page, pages) = (word(caller, 1), word(caller, 2))
    guard pages > 0, pages <= Geometry.taskPages, page > 0, page <= Geometry.taskPages - pages else {
      throw Refusal(.outOfRange, page, limit: Geometry.taskPages)
    }
    let rights = try regionRights(word(caller, 3))
    let flags = RegionFlags(raw: word(caller, 6))
    let shown = try shownMemory(caller, own, rights: rights, pages: pages, flags)
    // What the kernel or a device shows is there already: nothing of it comes lazily.
    let isShared = shown != 0 && memoryObject(shown).pointee.kind == MemoryUse.shared
    let allowed = shown == 0 ? RegionFlags.ofPrivate : isShared ? RegionFlags.ofShared : 0
    guard flags.isValid, flags.raw & ~allowed == 0 else { throw Refusal(.outOfRange, flags.raw, limit: allowed) }
    // What is a device's memory says by its offset for which lease.
    let lease = flags.isDMA ? word(caller, 5) : 0
    guard lease <= Handle.maximumOffset else { throw Refusal(.outOfRange, lease, limit: Handle.maximumOffset) }
    let area = RegionWord(page: page, pages: pages, isPrivate: shown == 0, flags: flags)
    try checkOverlap(of: owner, area)
    let new = HandleWord(.region, rights: rights.rawValue, object: shown)
    if shown == 0 {
      handle(target).pointee = Handle(word: new, value: area.raw)
      handle(target).pointee.offset = lease
    } else {
      install(target, new, value: area.raw)
      handle(target).pointee.offset = word(caller, 5)
    }
    enterRegion(target, of: owner)
    succeed(caller, missingTables(task(owner), page: page))
  }

  /// Rights that a region may have: never written and executed.
  func regionRights(_ raw: UInt64) throws(Refusal) -> Rights.Memory {
    let rights = Rights.Memory(rawValue: raw)
    guard rights.contains(.read), raw <= 7, !rights.isSuperset(of: Rights.Memory(rawValue: 6)) else {
      throw Refusal(.invalidRights, raw)
    }
    return rights
  }

  /// The Memory in slot x4 that a region may show with these rights; 0 for private pages.
  private func shownMemory(
    _ caller: UInt64, _ own: UInt64, rights: Rights.Memory, pages: UInt64, _ flags: RegionFlags
  ) throws(Refusal) -> UInt64 {
    let number = word(caller, 4)
    guard number != 0 else { return 0 }
    // Who copies on write writes nothing of the Memory's.
    let needed = flags.copiesOnWrite ? rights.subtracting(.write) : rights
    let object = try find(number, of: own, .memory, rights: needed.rawValue).word.object
    let shown = memoryObject(object).pointee
    guard shown.kind == MemoryUse.fixed || shown.kind == MemoryUse.device || shown.kind == MemoryUse.shared else {
      throw Refusal(.wrongKind, shown.kind, limit: MemoryUse.fixed)
    }
    if shown.kind == MemoryUse.shared { try checkShared(shown, number, rights, flags) }
    guard shown.kind != MemoryUse.device || !rights.contains(.execute) else {
      throw Refusal(.invalidRights, rights.rawValue)
    }
    let offset = word(caller, 5)
    guard offset <= shown.frames, pages <= shown.frames - offset, offset <= Handle.maximumOffset else {
      throw Refusal(.outOfRange, offset, limit: shown.frames)
    }
    return object
  }

  /// Refuses a region where the task has one already, or a guard page: a page belongs to one region. Two regions may
  /// share a guard page. The region in the slot `own` is the one that is asked about.
  func checkOverlap(of owner: UInt64, _ area: RegionWord, except own: UInt64 = 0) throws(Refusal) {
    let (before, behind) = regions(around: area.page, of: owner)
    if before != 0, before != own { try checkApart(before, area, of: owner) }
    if behind != 0 { try checkApart(behind, area, of: owner) }
  }

  private func checkApart(_ slot: UInt64, _ area: RegionWord, of owner: UInt64) throws(Refusal) {
    guard isApart(slot, area) else {
      throw Refusal(.regionOverlap, area.page, limit: number(ofSlot: slot, of: owner))
    }
  }

  /// Whether the region in a slot leaves room for another one.
  @inline(__always) func isApart(_ slot: UInt64, _ area: RegionWord) -> Bool {
    let other = handle(slot).pointee.region
    let gap = (area.raw | other.raw) &>> RegionFlags.guardedShift & 1
    return other.page &+ other.pages &+ gap <= area.page || area.page &+ area.pages &+ gap <= other.page
  }

  /// The number of a slot of a task's table.
  func number(ofSlot address: UInt64, of owner: UInt64) -> UInt64 {
    (address &- owner &- Task.handlesOffset) / Task.handleBytes
  }

  /// The slot of the region that a page of a task belongs to, or belonged to before it was gone; 0: none. The slots found
  /// last are tried first, for faults come in runs.
  package func regionSlot(of owner: UInt64, page: UInt64) -> UInt64 {
    let t = task(owner)
    if let hinted = hintedRegion(t, owner &+ Task.handlesOffset, page: page) { return hinted }
    let before = regions(around: page, of: owner).before
    guard before != 0, handle(before).pointee.region.holds(page) else { return goneRegion(of: owner, page: page) }
    t.pointee.formerRegion = t.pointee.lastRegion
    t.pointee.lastRegion = number(ofSlot: before, of: owner)
    return t.pointee.lastRegion
  }

  /// The slot whose region held a page and is gone; 0: none.
  private func goneRegion(of owner: UInt64, page: UInt64) -> UInt64 {
    for number in 1..<task(owner).pointee.slots {
      let found = handle(owner &+ Task.handlesOffset &+ number &* Task.handleBytes)
      if found.pointee.word.kindNumber == ObjectKind.gone.rawValue, found.pointee.region.holds(page) { return number }
    }
    return 0
  }

  /// The one of the two slots found last whose region holds a page.
  @inline(__always) func hintedRegion(_ owner: Reference<Task>, _ handles: UInt64, page: UInt64) -> UInt64? {
    let last = owner.pointee.lastRegion
    if isRegion(handles &+ last &* Task.handleBytes, holding: page) { return last }
    let former = owner.pointee.formerRegion
    return isRegion(handles &+ former &* Task.handleBytes, holding: page) ? former : nil
  }

  @inline(__always) private func isRegion(_ slot: UInt64, holding page: UInt64) -> Bool {
    let found = handle(slot)
    return found.pointee.word.kindNumber == ObjectKind.region.rawValue
      && page &- found.pointee.region.page < found.pointee.region.pages
  }

  /// The region that a call names in a task, checked to hold the pages that the call is about.
  func findRegion(
    _ number: UInt64, of owner: UInt64, page: UInt64, count: UInt64
  ) throws(Refusal) -> (slot: UInt64, handle: Handle) {
    let found = try find(number, of: owner, .region, rights: 0)
    let area = found.region
    guard count > 0, page >= area.page, page - area.page < area.pages, count <= area.pages - (page - area.page) else {
      throw Refusal(.outsideRegion, page, limit: area.pages)
    }
    return (try slot(number, of: owner), found)
  }
}
