internal import AArch64
internal import ABI
internal import Machine

// Pages of a sealed Memory that a task writes as its own. Its region maps them without `write`; what it writes first
// becomes a private page with a copy. Each page has an entry of its own, so that one can be replaced without the others.
extension Kernel where M: ~Copyable {
  /// `privatize`: a copy on a free frame in place of a page of a Memory.
  mutating func privatize(_ caller: UInt64) throws(Refusal) {
    let own = thread(caller).pointee.task
    let owner = try addressSpace(handleWord(caller), of: own)
    let page = word(caller, 1)
    let (_, region) = try findRegion(word(caller, 0), of: owner, page: page, count: 1)
    guard region.region.flags.copiesOnWrite else {
      throw Refusal(.wrongKind, region.word.kindNumber, limit: ObjectKind.region.rawValue)
    }
    let walk = walk(owner, page: page)
    guard walk.leaf != 0, walk.entry.isValid else { throw Refusal(.notMapped, page) }
    guard !freesFrame(walk.entry.frame, page: page, owner, region) else {
      throw Refusal(.alreadyMapped, page, limit: walk.level)
    }
    let frame = word(caller, 3)
    try checkFree(frame, by: try authority(word(caller, 6), of: own))
    try checkQuota(owner, 1)
    machine.copy(frame: walk.entry.frame, to: frame)
    machine.setDescriptor(table: walk.leaf, index: page & 511, to: Descriptor.empty.raw)
    forget(owner, FrameRange(page, page + 1))
    ledger(frame).pointee = .privatePage(task: DirectMap.frame(owner), page: page)
    let copy = Descriptor.page(frame: frame, rights: region.memoryRights, kind: .normal)
    machine.setDescriptor(table: walk.leaf, index: page & 511, to: copy.raw)
    machine.publishTables()
    task(owner).pointee.used += 1
    noteShown(region, less: 1)
    succeed(caller)
  }

  /// Refuses to seal what is no home, would still be written by its task, or is written by another: names the task and
  /// the slot of one who does.
  func checkSeal(_ region: Handle, _ rights: Rights.Memory) throws(Refusal) {
    guard region.isHome else { throw Refusal(.wrongKind, region.word.kindNumber, limit: ObjectKind.memory.rawValue) }
    guard !rights.contains(.write) else { throw Refusal(.invalidRights, rights.rawValue, limit: 5) }
    var next = listHead(region.word.object).pointee
    while next != 0 {
      let found = handle(next).pointee
      let area = found.region
      if found.word.kind == .region, !area.isPrivate, !area.flags.copiesOnWrite, found.memoryRights.contains(.write) {
        let owner = owner(ofSlot: next)
        throw Refusal(.busy, DirectMap.frame(owner), limit: number(ofSlot: next, of: owner))
      }
      next = found.next
    }
  }
}
