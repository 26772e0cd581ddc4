import ABI

// Quotas against what it takes to start.
extension SystemFile {
  /// Holds the quotas against the frames that each task takes at least: its own entry's, and of `init` those of all that
  /// it starts. Any entry may be, services at boot and programs when somebody asks, and all run at the same time. What
  /// another task starts besides is for that one to pay, and for it to know: no field says what it will start. The memory
  /// server has all RAM, whatever its entry says.
  func checkQuotas(_ least: [Int]) throws(SystemFileError) {
    for (index, task) in tasks.enumerated().dropFirst() where task.quota < least[index] {
      throw SystemFileError(
        field: "tasks[\(index)].quota",
        problem: "\(task.quota) frames, expected at least \(least[index]) for “\(task.name)” itself")
    }
    let started = tasks[2...].reduce(0) { $0 + $1.quota }
    guard tasks[1].quota >= least[1] + started else {
      throw SystemFileError(
        field: "tasks[1].quota",
        problem: "\(tasks[1].quota) frames, expected at least \(least[1] + started): \(least[1]) for “init” itself, "
          + "\(started) for the tasks that it starts")
    }
  }
}

extension TaskDescription {
  /// Pages of the stack that are there from the start, as the loader makes it.
  private var presentStackPages: Int { min(stackPages, 16) }

  /// Frames without which the task cannot start, whatever its program: its own, its handles', its root table and the
  /// pages of its stack that are there from the start.
  var leastFrames: Int { 2 + handleFrames + presentStackPages }

  /// Frames without which it cannot start with its program: those, its copies of the pages that it writes, a frame for its
  /// endpoint and its notification, and the tables under which all of it lies.
  func leastFrames(_ image: ServiceImage) -> Int {
    let page = UInt64(BundleLayout.pageSize)
    let stackEnd = stackTop(image) / page
    var mapped = image.segments.map { $0.address / page..<roundedUp($0.end, to: page) / page }
    let written = zip(image.segments, mapped).filter(\.0.isWritable).reduce(0) { $0 + $1.1.count }
    mapped.append(stackEnd - UInt64(presentStackPages)..<stackEnd)
    // A table of level 3 spans 2 MiB, which one segment may fill, and need none; one of level 2 a GiB.
    let areas = Set(mapped.flatMap { pages in (pages.lowerBound >> 9...(pages.upperBound - 1) >> 9) })
    let leaves = areas.filter { area in !mapped.contains { $0.contains(area << 9) && $0.contains(area << 9 + 511) } }
    return leastFrames + written + 1 + leaves.count + Set(areas.map { $0 >> 9 }).count
  }

  /// Where its stack ends: behind its image and the guard page.
  func stackTop(_ image: ServiceImage) -> UInt64 {
    roundedUp(image.end + UInt64((stackPages + 1) * BundleLayout.pageSize), to: 2 << 20)
  }
}
