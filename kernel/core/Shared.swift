internal import AArch64
internal import ABI
internal import Machine

// Memory that tasks share. A region of private pages is its home: the pages stay that task's, in the ledger and in its
// account, and the Memory is a name for them that can travel. Who holds it shows them in regions of its own.
extension Kernel where M: ~Copyable {
  /// `create` of a Memory by the authority over RAM: names the region in slot x5 of the account's task. A region that
  /// has a name already gets no second one.
  mutating func createShared(_ caller: UInt64, of account: UInt64, target: UInt64) throws(Refusal) {
    let address = try slot(word(caller, 5), of: account)
    let home = handle(address).pointee
    guard home.word.kind == .region, home.region.isPrivate else {
      throw Refusal(.wrongKind, home.word.kindNumber, limit: ObjectKind.region.rawValue)
    }
    var taken: UInt64 = 0
    var object = home.word.object
    if object == 0 {
      (object, taken) = try objectSlot(caller, account: account)
      memoryObject(object).pointee = Memory(kind: MemoryUse.shared, frame: 0, frames: home.region.pages)
      memoryObject(object).pointee.home = address
      handle(address).pointee.word.raw |= object & HandleWord.objectMask
      link(address)
    }
    install(target, HandleWord(.memory, rights: home.word.rights, object: object), value: 0)
    succeed(caller, taken)
  }

  /// Whether a slot holds a Memory of this use; what it holds instead is the business of who uses it.
  func isAuthority(_ number: UInt64, over use: UInt64, of owner: UInt64) throws(Refusal) -> Bool {
    let found = handle(try slot(number, of: owner)).pointee
    return found.word.kind == .memory && memoryObject(found.word.object).pointee.kind == use
  }

  /// The frames behind pages of a shared Memory from `index` on: as many as lie together, at most `count`, which
  /// becomes their number.
  func sharedFrames(_ object: UInt64, _ index: UInt64, _ count: inout UInt64) throws(Refusal) -> UInt64 {
    let slot = memoryObject(object).pointee.home
    guard slot != 0 else { throw Refusal(.peerGone) }
    let owner = owner(ofSlot: slot)
    let first = handle(slot).pointee.region.page + index
    var walk = walk(owner, page: first)
    guard walk.entry.isLeaf(level: walk.level) else { throw Refusal(.notMapped, index) }
    let frame = walk.entry.frame + (walk.level == 2 ? first & 511 : 0)
    var page = first
    repeat {
      page = walk.level == 2 ? page | 511 + 1 : page + 1
      if page >= first + count { break }
      if page & 511 == 0 {
        walk = self.walk(owner, page: page)
      } else {
        walk.entry = entry(of: walk.leaf, page: page, level: 3)
      }
    } while walk.entry.isLeaf(level: walk.level) && walk.entry.frame == frame + page - first
    count = min(page - first, count)
    return frame
  }

  /// Refuses a region over a Memory whose home is gone, that would write what is sealed, or copy what is not.
  func checkShared(
    _ shown: Memory, _ number: UInt64, _ rights: Rights.Memory, _ flags: RegionFlags
  ) throws(Refusal) {
    guard shown.home != 0 else { throw Refusal(.peerGone, number) }
    let isSealed = handle(shown.home).pointee.region.flags.isSealed
    let most: UInt64 = flags.copiesOnWrite ? isSealed ? 3 : 0 : isSealed ? 5 : 7
    guard rights.rawValue & ~most == 0 else { throw Refusal(.invalidRights, rights.rawValue, limit: most) }
  }

  /// Counts the pages of a shared Memory that a region shows; other regions are not counted.
  func noteShown(_ region: Handle, more: UInt64 = 0, less: UInt64 = 0) {
    guard !region.region.isPrivate, memoryObject(region.word.object).pointee.kind == MemoryUse.shared else { return }
    memoryObject(region.word.object).pointee.shown += more
    memoryObject(region.word.object).pointee.shown -= less
  }

  /// Refuses to take pages of a range, counted from its first, from a home while another region reaches into it and shows
  /// some, or `isAny`, whether it does or not: names the task and the slot of one.
  func checkUnshown(_ region: Handle, _ taken: FrameRange, isAny: Bool = false) throws(Refusal) {
    guard region.isHome, isAny || memoryObject(region.word.object).pointee.shown > 0 else { return }
    var next = listHead(region.word.object).pointee
    while next != 0 {
      let found = handle(next).pointee
      let reached = FrameRange(found.offset, found.offset + found.region.pages)
      if found.word.kind == .region, !found.region.isPrivate, isAny || found.mapped > 0,
        reached.intersection(taken).count > 0
      {
        let owner = owner(ofSlot: next)
        throw Refusal(.regionMapped, DirectMap.frame(owner), limit: number(ofSlot: next, of: owner))
      }
      next = found.next
    }
  }
}
