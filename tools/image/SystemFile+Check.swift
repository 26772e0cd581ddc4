internal import ABI

extension SystemFile {
  /// Holds every field against the limits of the bundle's format.
  func check() throws(SystemFileError) {
    try within(2...BundleLayout.mostEntries, tasks.count, "tasks", "tasks")
    for (index, name) in ["memory", "init"].enumerated() where tasks[index].name != name {
      throw SystemFileError(field: "tasks[\(index)].name", problem: "“\(tasks[index].name)”, expected “\(name)”")
    }
    for (index, task) in tasks.enumerated() {
      let field = "tasks[\(index)]"
      try checkName(task.name, "\(field).name")
      if let first = tasks[..<index].firstIndex(where: { $0.name == task.name }) {
        throw SystemFileError(field: "\(field).name", problem: "“\(task.name)”, also the name of tasks[\(first)]")
      }
      try checkNumbers(task, field)
      try checkDevices(task, field)
      try checkPeers(task, field)
    }
    try checkQuotas(tasks.map(\.leastFrames))
  }

  private func checkNumbers(_ task: TaskDescription, _ field: String) throws(SystemFileError) {
    try within(0...Int(BundleLayout.mostPriority), task.priority, "\(field).priority")
    try within(1...Int(UInt32.max), task.quota, "\(field).quota", "frames")
    try within(1...BundleLayout.mostStackPages, task.stackPages, "\(field).stackPages", "pages")
    try within(0...BundleLayout.mostHandleFrames, task.handleFrames, "\(field).handleFrames", "frames")
    try within(0...255, task.restart.limit, "\(field).restart.limit", "restarts")
    try within(0...Int(UInt32.max), task.restart.backOff, "\(field).restart.backOff", "ms")
  }

  private func checkDevices(_ task: TaskDescription, _ field: String) throws(SystemFileError) {
    try within(0...BundleLayout.mostGrants, task.devices.count, "\(field).devices", "devices")
    for (index, device) in task.devices.enumerated() {
      let field = "\(field).devices[\(index)]"
      try checkName(device.name, "\(field).name")
      if let first = task.devices[..<index].firstIndex(where: { $0.name == device.name }) {
        throw SystemFileError(field: "\(field).name", problem: "“\(device.name)”, also the name of devices[\(first)]")
      }
      guard device.selected != nil else {
        throw SystemFileError(
          field: "\(field).unit",
          problem: "“\(device.unit)”, expected first, all or a unit address of 1 to 12 hexadecimal digits")
      }
      for (position, text) in device.compatible.enumerated() {
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
          throw SystemFileError(
            field: "\(field).compatible[\(position)]", problem: "“\(text)”, expected printable ASCII")
        }
      }
      try within(
        2...BundleLayout.mostCompatibleBytes, device.compatible.reduce(0) { $0 + $1.utf8.count + 1 },
        "\(field).compatible", "bytes with terminators")
    }
  }

  private func checkPeers(_ task: TaskDescription, _ field: String) throws(SystemFileError) {
    try within(0...BundleLayout.mostPeers, task.peers.count, "\(field).peers", "peers")
    for (index, peer) in task.peers.enumerated() {
      let field = "\(field).peers[\(index)]"
      guard tasks.contains(where: { $0.name == peer }) else {
        throw SystemFileError(
          field: field, problem: "“\(peer)”, expected one of \(tasks.map(\.name).joined(separator: ", "))")
      }
      guard peer != task.name, !task.peers[..<index].contains(peer) else {
        throw SystemFileError(field: field, problem: "“\(peer)”, expected another task, once")
      }
    }
  }

  private func checkName(_ name: String, _ field: String) throws(SystemFileError) {
    guard Bundle.name(name.utf8) != nil else {
      throw SystemFileError(field: field, problem: "“\(name)”, expected 1 to 8 printable ASCII letters")
    }
  }

  private func within(
    _ range: ClosedRange<Int>, _ value: Int, _ field: String, _ unit: String = ""
  ) throws(SystemFileError) {
    guard range.contains(value) else {
      let unit = unit.isEmpty ? "" : " \(unit)"
      throw SystemFileError(
        field: field, problem: "\(value)\(unit), expected \(range.lowerBound) to \(range.upperBound)")
    }
  }
}
