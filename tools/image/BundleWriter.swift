internal import ABI

/// Makes a bundle: header, table of entries, then each service's pages.
public struct BundleWriter {
  private var bytes: [UInt8]
  private let system: SystemFile

  /// The bundle of `system`, whose programs `elf` gives by the name of their image. The bundle has been read back before it is
  /// returned, so what the kernel checks has held at least once.
  public static func bundle(
    _ system: SystemFile, elf: (String) throws -> ServiceImage
  ) throws -> [UInt8] {
    var writer = BundleWriter(system)
    let images = try system.tasks.map { try elf($0.image) }
    try system.checkQuotas(zip(system.tasks, images).map { $0.leastFrames($1) })
    for (index, task) in system.tasks.enumerated() { writer.write(task, images[index], at: index) }
    writer.seal()
    _ = try Bundle(writer.bytes.span)
    return writer.bytes
  }

  private init(_ system: SystemFile) {
    self.system = system
    let table = BundleLayout.headerSize + system.tasks.count * BundleLayout.entrySize
    bytes = Array(repeating: 0, count: roundedUp(table, to: BundleLayout.pageSize))
  }

  private mutating func write(_ task: TaskDescription, _ image: ServiceImage, at index: Int) {
    typealias Field = BundleLayout.Entry
    let base = BundleLayout.headerSize + index * BundleLayout.entrySize
    put(Bundle.name(task.name.utf8) ?? 0, at: base + Field.name)
    put(image.start, at: base + Field.start)
    put(UInt8(image.segments.count), at: base + Field.segmentCount)
    put(UInt8(task.devices.count), at: base + Field.grantCount)
    put(UInt8(task.peers.count), at: base + Field.peerCount)
    put(UInt8(task.priority), at: base + Field.priority)
    put(UInt8(task.handleFrames), at: base + Field.handleFrames)
    put(UInt8(task.restart.limit), at: base + Field.restartLimit)
    put(flags(task.needs).rawValue, at: base + Field.flags)
    put(UInt32(task.quota), at: base + Field.quota)
    put(UInt32(task.stackPages), at: base + Field.stackPages)
    put(task.stackTop(image), at: base + Field.stackTop)
    put(UInt32(task.restart.backOff), at: base + Field.restartBackOff)
    for (slot, peer) in task.peers.enumerated() {
      put(UInt8(system.tasks.firstIndex { $0.name == peer } ?? 0), at: base + Field.peers + slot)
    }
    for (slot, device) in task.devices.enumerated() {
      write(device, at: base + Field.grants + slot * BundleLayout.grantSize)
    }
    for (slot, segment) in image.segments.enumerated() {
      write(segment, of: image, at: base + Field.segments + slot * BundleLayout.segmentSize)
    }
  }

  private mutating func write(_ device: DeviceGrant, at base: Int) {
    typealias Field = BundleLayout.Grant
    let list: [UInt8] = device.compatible.flatMap { Array($0.utf8) + [0] }
    put(Bundle.name(device.name.utf8) ?? 0, at: base + Field.name)
    put(UInt8(list.count), at: base + Field.byteCount)
    put(device.selection.unit.rawValue, at: base + Field.selection)
    let address = device.selection.address
    put(UInt16(truncatingIfNeeded: address), at: base + Field.unitAddress)
    put(UInt32(truncatingIfNeeded: address >> 16), at: base + Field.unitAddress + 2)
    bytes.replaceSubrange((base + Field.compatibles)..<(base + Field.compatibles + list.count), with: list)
  }

  /// Adds a segment's pages. What is writable is stored as far as the file goes; what is not is mapped where it
  /// lies, so all of it is stored.
  private mutating func write(_ segment: ELFFile.ProgramHeader, of image: ServiceImage, at base: Int) {
    typealias Field = BundleLayout.Segment
    let page = UInt64(BundleLayout.pageSize)
    let memoryPages = roundedUp(segment.memorySize, to: page) / page
    let filePages = segment.isWritable ? roundedUp(segment.fileSize, to: page) / page : memoryPages
    var rights: Bundle.SegmentRights = .readable
    if segment.isWritable { rights.insert(.writable) }
    if segment.isExecutable { rights.insert(.executable) }
    put(filePages == 0 ? 0 : UInt64(bytes.count), at: base + Field.offset)
    put(segment.address, at: base + Field.address)
    put(UInt32(filePages), at: base + Field.filePages)
    put(UInt32(memoryPages), at: base + Field.memoryPages)
    put(rights.rawValue, at: base + Field.rights)
    guard filePages > 0 else { return }
    bytes += image.file.contents(segment)
    bytes += Array(repeating: 0, count: Int(filePages * page - segment.fileSize))
  }

  /// The top of the 2 MiB block that image, guard page and stack fit into: one leaf table maps them all.
  private func flags(_ needs: [Need]) -> Bundle.Flags {
    needs.reduce(into: []) { flags, need in
      switch need {
      case .power: flags.insert(.power)
      case .deadline: flags.insert(.deadline)
      case .log: flags.insert(.log)
      case .supervise: flags.insert(.supervise)
      }
    }
  }

  private mutating func seal() {
    typealias Field = BundleLayout.Header
    put(BundleLayout.magic, at: Field.magic)
    put(BundleLayout.version, at: Field.version)
    put(UInt64(bytes.count), at: Field.byteCount)
    put(UInt32(system.tasks.count), at: Field.entryCount)
    put(UInt32(BundleLayout.entrySize), at: Field.entrySize)
    put(CRC32.checksum(of: bytes.span, from: Field.byteCount), at: Field.checksum)
  }

  private mutating func put(_ value: some FixedWidthInteger & UnsignedInteger, at offset: Int) {
    for index in 0..<(value.bitWidth / 8) {
      bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index))
    }
  }
}
