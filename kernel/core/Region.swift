internal import ABI
internal import Machine

extension Kernel where M: ~Copyable {
  /// `region`: a slot of a task that says which pages show what, with which rights. Nothing is mapped yet.
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
    noteRegion(in: target, of: owner)
    let new = HandleWord(.region, rights: rights.rawValue, object: shown)
    if shown == 0 {
      handle(target).pointee = Handle(word: new, value: area.raw)
      handle(target).pointee.offset = lease
    } else {
      install(target, new, value: area.raw)
      handle(target).pointee.offset = word(caller, 5)
    }
    succeed(caller)
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
    let first = owner &+ Task.handlesOffset
    let end = first &+ task(owner).pointee.regionsEnd &* Task.handleBytes
    let (page, behind) = (area.page, area.page &+ area.pages)
    var address = first &+ Task.handleBytes
    while address < end {
      let found = handle(address)
      // Few slots hold a region, and few of these even touch.
      if found.pointee.word.kindNumber == ObjectKind.region.rawValue, case let other = found.pointee.region,
        page <= other.page &+ other.pages, other.page <= behind, address != own
      {
        let gap: UInt64 = area.flags.isGuarded || other.flags.isGuarded ? 1 : 0
        if page < other.page &+ other.pages &+ gap, other.page < behind &+ gap {
          throw Refusal(.regionOverlap, page, limit: (address - first) / Task.handleBytes)
        }
      }
      address &+= Task.handleBytes
    }
  }

  /// From here on the slot of a region is looked at.
  func noteRegion(in target: UInt64, of owner: UInt64) {
    let number = (target - owner - Task.handlesOffset) / Task.handleBytes
    let t = task(owner)
    t.pointee.regionsEnd = max(t.pointee.regionsEnd, number + 1)
  }

  /// The slot of the region that a page of a task belongs to, or belonged to before it was gone; 0: none. The slots found
  /// last are tried first, for faults come in runs.
  func regionSlot(of owner: UInt64, page: UInt64) -> UInt64 {
    let first = owner &+ Task.handlesOffset
    if let hinted = hintedRegion(task(owner), first, page: page) { return hinted }
    let end = first &+ task(owner).pointee.regionsEnd &* Task.handleBytes
    var address = first &+ Task.handleBytes
    var gone: UInt64 = 0
    while address < end {
      let found = handle(address)
      if found.pointee.region.holds(page) {
        let number = (address - first) / Task.handleBytes
        if found.pointee.word.kindNumber == ObjectKind.region.rawValue {
          task(owner).pointee.formerRegion = task(owner).pointee.lastRegion
          task(owner).pointee.lastRegion = number
          return number
        }
        if found.pointee.word.kind == .gone { gone = number }
      }
      address &+= Task.handleBytes
    }
    return gone
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
