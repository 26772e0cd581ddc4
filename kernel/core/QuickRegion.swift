internal import AArch64
internal import ABI
internal import Machine

// A region of private pages in the table of a task: what comes before nearly every page.
extension Kernel where M: ~Copyable {
  /// `region` of private pages that are no device's: the tables that its first page lacks.
  @inline(__always) public mutating func quickRegion(
    _ caller: QuickCaller, _ place: QuickPage, pages: UInt64, rights: UInt64, flags: UInt64
  ) -> UInt64? {
    guard let owner = quickSpace(caller, place.task) else { return nil }
    let t = machine.pinned(owner, as: Task.self)
    guard place.region != 0, place.region < t.pointee.slots else { return nil }
    let slot = owner &+ Task.handlesOffset &+ place.region &* Task.handleBytes
    guard handle(slot).pointee.word == .empty else { return nil }
    let most = Geometry.taskPages
    guard place.page &- 1 < most &- 1, pages &- 1 < most &- place.page else { return nil }
    // Read, read and write, read and execute.
    guard rights < 6, 0b10_1010 &>> rights & 1 != 0 else { return nil }
    let flags = RegionFlags(raw: flags)
    guard flags.raw & ~RegionFlags.ofPrivate == 0, flags.isValid, !flags.isDMA else { return nil }
    let area = RegionWord(page: place.page, pages: pages, isPrivate: true, flags: flags)
    let (before, behind) = regions(around: place.page, of: owner)
    guard before == 0 || isApart(before, area), behind == 0 || isApart(behind, area) else { return nil }
    handle(slot).pointee.word = HandleWord(raw: ObjectKind.region.rawValue | rights << 4)
    handle(slot).pointee.value = area.raw
    handle(slot).pointee.nextWord = 0
    handle(slot).pointee.previousWord = 0
    enterRegion(slot, of: owner)
    return missingTables(t, page: place.page)
  }

  /// How many tables a page lacks under the root.
  @inline(__always) func missingTables(_ t: Reference<Task>, page: UInt64) -> UInt64 {
    let first = entry(of: t.pointee.translation >> 12 & 0x7ff_ffff, page: page, level: 1)
    guard first.isTable(level: 1) else { return 2 }
    return entry(of: first.frame, page: page, level: 2).isTable(level: 2) ? 0 : 1
  }
}
