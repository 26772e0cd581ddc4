import ABI
import Foundation
import Image
import Testing

/// The project's own system file.
let systemText = Task { Array(try Data(contentsOf: URL(fileURLWithPath: "\(root)/services/system.json"))) }

/// A system file for the tables below, which must not change with the project's.
private let fixture = """
  { "tasks": [
    { "name": "memory", "priority": 60, "quota": 9 },
    { "name": "init", "priority": 40, "quota": 4294967295, "peers": ["c", "d"], "needs": ["power", "supervise"] },
    { "name": "c", "priority": 1, "quota": 40, "devices": [{ "name": "gic", "compatible": ["a,b", "c,d"] },
      { "name": "all", "compatible": ["e"], "unit": "all" }, { "name": "one", "compatible": ["f"], "unit": "8A003E00" }] },
    { "name": "d", "priority": 0, "quota": 40, "stackPages": 8, "handleFrames": 8, "needs": ["deadline", "log"] },
    { "name": "e", "priority": 63, "quota": 40, "restart": { "limit": 255, "backOff": 20 } },
    { "name": "f", "priority": 2, "quota": 4294967000, "peers": ["e", "d", "c"] }
  ] }
  """

/// The bundle of a system file, every service being the same small one.
private func pack(_ system: SystemFile) async throws -> [UInt8] {
  let image = try ServiceImage(ELFFile(try await service.value))
  return try BundleWriter.bundle(system) { _ in image }
}

/// The bundle of the fixture, made once.
private let bundle = Task { try await pack(SystemFile(json: Array(fixture.utf8))) }

/// The reader's refusal of `bytes`; nil where it accepts them.
private func refusal(_ bytes: [UInt8], verifying: Bool = true) -> BundleError? {
  do throws(BundleError) {
    _ = try ABI.Bundle(bytes.span, verifyingChecksum: verifying)
    return nil
  } catch {
    return error
  }
}

@Suite(.enabled(if: assemblerExpected, "aarch64-linux-gnu-gcc or readelf is not installed"))
struct BundleTests {
  @Test("a quota with which a program cannot start is refused by the frames that it needs")
  func quotas() async throws {
    func system(_ quota: Int, _ initial: Int) throws -> SystemFile {
      let text = """
        { "tasks": [{ "name": "memory", "priority": 60, "quota": 9 }, { "name": "init", "priority": 40, "quota": \(initial) },
          { "name": "x", "priority": 1, "quota": \(quota), "stackPages": 20, "handleFrames": 3 }] }
        """
      return try SystemFile(json: Array(text.utf8))
    }
    let packed = try await pack(try system(1000, 5000))
    let entry = try ABI.Bundle(packed.span)[2]
    var pages = Set((entry.stackTop >> 12 - 16)..<entry.stackTop >> 12)
    var written = 16
    for index in 0..<entry.segmentCount {
      let segment = entry.segments[index]
      pages.formUnion((0..<UInt64(segment.memoryPages)).map { segment.address >> 12 + $0 })
      if segment.rights.contains(.writable) { written += Int(segment.memoryPages) }
    }
    let tables = 1 + Set(pages.map { $0 >> 18 }).count + Set(pages.map { $0 >> 9 }).count
    // Its own frame, those of its handles, and one of objects.
    let least = 1 + 3 + 1 + tables + written
    _ = try await pack(try system(least, 5000))
    let refused = await #expect(throws: SystemFileError.self) { _ = try await pack(try system(least - 1, 5000)) }
    #expect(refused?.field == "tasks[2].quota")
    #expect(refused?.problem == "\(least - 1) frames, expected at least \(least) for “x” itself")
    // init has a stack of four pages and no further frame of handles.
    let own = least - 3 - 16 + 4
    _ = try await pack(try system(least, own + least))
    let starter = await #expect(throws: SystemFileError.self) { _ = try await pack(try system(least, own + least - 1)) }
    #expect(starter?.field == "tasks[1].quota" && starter?.problem.contains("at least \(own + least)") == true)
  }

  @Test("what the packer writes, the kernel's reader reads", arguments: [true, false])
  func roundTrip(own: Bool) async throws {
    let system = try SystemFile(json: own ? try await systemText.value : Array(fixture.utf8))
    let bytes = try await pack(system)
    let image = try ServiceImage(ELFFile(try await service.value))
    let reader = try ABI.Bundle(bytes.span)
    #expect(reader.count == system.tasks.count)
    #expect(bytes.count % 4096 == 0)
    for (index, task) in system.tasks.enumerated() {
      let entry = reader[index]
      let name = try #require(ABI.Bundle.name(task.name.utf8))
      #expect(entry.name == name)
      let found = reader.index(named: name)
      #expect(found == index)
      #expect(entry.start == image.start)
      #expect(Int(entry.priority) == task.priority)
      #expect(entry.quota == task.quota)
      #expect(entry.handleFrames == task.handleFrames)
      #expect(Int(entry.restartLimit) == task.restart.limit)
      #expect(Int(entry.restartBackOff) == task.restart.backOff)
      #expect(entry.stackPages == task.stackPages)
      #expect(entry.stackTop == 0x40_0000)
      #expect((0..<entry.peerCount).map { system.tasks[Int(entry.peers[$0])].name } == task.peers)
      #expect(entry.flags == ABI.Bundle.Flags(names: task.needs.map(\.rawValue)))
      #expect(entry.grantCount == task.devices.count)
      for (slot, device) in task.devices.enumerated() {
        let grant = entry.grants[slot]
        #expect(grant.name == ABI.Bundle.name(device.name.utf8))
        let list = (0..<grant.byteCount).map { grant.compatibles[$0] }
        #expect(String(decoding: list, as: UTF8.self) == device.compatible.map { $0 + "\0" }.joined())
        switch device.unit {
        case "first": #expect(grant.unit == .first && grant.unitAddress == 0)
        case "all": #expect(grant.unit == .all && grant.unitAddress == 0)
        default: #expect(grant.unit == .address && grant.unitAddress == UInt64(device.unit, radix: 16))
        }
      }
      #expect(entry.segmentCount == image.segments.count)
      for (slot, segment) in image.segments.enumerated() {
        let mapped = entry.segments[slot]
        let stored = reader.contents(of: mapped)
        let copy = (0..<stored.count).map { stored[$0] }
        let offset = Int(segment.offset)
        #expect(
          Array(copy.prefix(Int(segment.fileSize)))
            == image.file.bytes[offset..<(offset + Int(segment.fileSize))].map { $0 })
        #expect(copy.dropFirst(Int(segment.fileSize)).allSatisfy { $0 == 0 })
        #expect(mapped.address == segment.address)
        #expect(mapped.offset % 4096 == 0)
        #expect(UInt32(mapped.rights.rawValue) == [5: 5, 4: 1, 6: 3][segment.flags])
        #expect(mapped.memoryPages == Int((segment.memorySize + 4095) / 4096))
      }
    }
  }

  @Test("zeroed data is not stored, but counted")
  func zeroed() async throws {
    let bytes = try await bundle.value
    let entry = try ABI.Bundle(bytes.span)[0]
    #expect(entry.segments[2].filePages == 1)
    #expect(entry.segments[2].memoryPages == 3)
  }

  @Test("a bundle cut short anywhere is refused")
  func cut() async throws {
    let bytes = try await bundle.value
    for count in stride(from: 0, to: bytes.count, by: 16) {
      let error = refusal(Array(bytes.prefix(count)))
      #expect(error?.reason == .truncated)
    }
  }

  @Test("a bundle cut short whose header agrees is refused for the pages that are missing")
  func agreedCut() async throws {
    let bytes = try await bundle.value
    for count in stride(from: 4096, to: bytes.count, by: 4096) {
      var cut = Array(bytes.prefix(count))
      cut.store(UInt64(count), 16)
      cut.store(UInt64(CRC32.checksum(of: cut.span, from: 16)), 12, 4)
      #expect(refusal(cut)?.reason == .offsetOutside)
    }
  }

  @Test("any flipped byte is refused")
  func flipped() async throws {
    let bytes = try await bundle.value
    var random = Generator(state: 7)
    for _ in 0..<60 {
      var copy = bytes
      copy[Int.random(in: 0..<bytes.count, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
      #expect(refusal(copy) != nil)
    }
    for offset in 0..<32 {
      var copy = bytes
      copy[offset] ^= 0x10
      #expect(refusal(copy) != nil)
    }
  }

  @Test("flipped bytes under a checksum that agrees never trap", arguments: 1...4 as ClosedRange<UInt64>)
  func resealed(seed: UInt64) async throws {
    let bytes = try await bundle.value
    var random = Generator(state: seed)
    for _ in 0..<1000 {
      var copy = bytes
      for _ in 0..<2 {
        copy[Int.random(in: 16..<4096, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      guard let reader = try? ABI.Bundle(copy.span, verifyingChecksum: false) else { continue }
      for index in 0..<reader.count {
        let entry = reader[index]
        for slot in 0..<entry.segmentCount { _ = reader.contents(of: entry.segments[slot]).count }
      }
    }
  }

  @Test("the checksum is the one that everyone calls CRC-32")
  func checksum() {
    #expect(CRC32.checksum(of: Array("123456789".utf8).span) == 0xcbf4_3926)
  }

  /// A field of an entry set to a value, and the refusal that must follow. Entry 0 lies at 32, 1 at 544.
  private static let refusals: [(offset: Int, value: UInt64, bytes: Int, BundleError)] = [
    (0, 0, 8, BundleError(.wrongMagic, found: 0, expected: BundleLayout.magic)),
    (8, 3, 4, BundleError(.unknownVersion, found: 3, expected: 2)),
    (16, 4097, 8, BundleError(.unalignedSize, found: 4097, expected: 4096)),
    (24, 1, 4, BundleError(.tooFewEntries, found: 1, expected: 2)),
    (24, 33, 4, BundleError(.tooManyEntries, found: 33, expected: 32)),
    (28, 511, 4, BundleError(.wrongEntrySize, found: 511, expected: 512)),
    (32, 1, 8, BundleError(.wrongName, entry: 0, found: 1, expected: BundleLayout.memoryName)),
    (1056, 0x6100_0061, 8, BundleError(.malformedName, entry: 2, found: 0x6100_0061, expected: 0)),
    (1056, 0, 8, BundleError(.malformedName, entry: 2, found: 0, expected: 0)),
    (1056, BundleLayout.initName, 8, BundleError(.duplicateName, entry: 2, found: BundleLayout.initName, expected: 1)),
    (544 + 16, 0, 1, BundleError(.noSegment, entry: 1, found: 0, expected: 1)),
    (544 + 16, 5, 1, BundleError(.tooManySegments, entry: 1, found: 5, expected: 4)),
    (544 + 17, 5, 1, BundleError(.tooManyGrants, entry: 1, found: 5, expected: 4)),
    (544 + 18, 9, 1, BundleError(.tooManyPeers, entry: 1, found: 9, expected: 8)),
    (544 + 19, 64, 1, BundleError(.priorityTooHigh, entry: 1, found: 64, expected: 63)),
    (544 + 20, 9, 1, BundleError(.tooManyHandleFrames, entry: 1, found: 9, expected: 8)),
    (544 + 22, 16, 2, BundleError(.unknownFlags, entry: 1, found: 16, expected: 15)),
    (544 + 24, 0, 4, BundleError(.noQuota, entry: 1, found: 0, expected: 1)),
    (544 + 28, 0, 4, BundleError(.emptyStack, entry: 1, found: 0, expected: 1)),
    (544 + 28, 257, 4, BundleError(.stackTooLarge, entry: 1, found: 257, expected: 256)),
    (544 + 32, 0x5000, 8, BundleError(.addressTooLow, entry: 1, found: 0, expected: 0x1_0000)),
    (544 + 32, 0x4000, 8, BundleError(.addressTooLow, entry: 1, found: 0x4000, expected: 0x5000)),
    (544 + 32, 0x40_0800, 8, BundleError(.unalignedAddress, entry: 1, found: 0x3f_b800, expected: 4096)),
    (544 + 32, 0x20_8000, 8, BundleError(.stackOverlaps, entry: 1, found: 0x20_3000, expected: 0x20_6000)),
    (544 + 48, 6, 1, BundleError(.peerOutside, entry: 1, found: 6, expected: 6)),
    (544 + 48, 1, 1, BundleError(.peerRepeated, entry: 1, found: 1, expected: 1)),
    (544 + 48, 3, 1, BundleError(.peerRepeated, entry: 1, found: 3, expected: 1)),
    (544 + 8, 0x20_0002, 8, BundleError(.unalignedStart, entry: 1, found: 0x20_0002, expected: 4)),
    (544 + 8, 0x20_1000, 8, BundleError(.startNotExecutable, entry: 1, found: 0x20_1000, expected: 3)),
    (544 + 56, 0x1800, 8, BundleError(.unalignedOffset, entry: 1, found: 0x1800, expected: 4096)),
    (544 + 56, 0, 8, BundleError(.offsetOutside, entry: 1, found: 0, expected: 3104)),
    (544 + 56, 0x1000, 8, BundleError(.pagesShared, entry: 1, found: 0x1000, expected: 0x2000)),
    (544 + 64, 0x20_0100, 8, BundleError(.unalignedAddress, entry: 1, found: 0x20_0100, expected: 4096)),
    (544 + 64, 0x20_2000, 8, BundleError(.segmentsOverlap, entry: 1, found: 0x20_1000, expected: 0x20_3000)),
    (544 + 64, 1 << 38, 8, BundleError(.addressTooHigh, entry: 1, found: 1 << 38, expected: 1 << 38)),
    (544 + 64, .max << 12, 8, BundleError(.addressTooHigh, entry: 1, found: .max << 12, expected: 1 << 38)),
    (544 + 72, 2, 4, BundleError(.moreFileThanMemory, entry: 1, found: 2, expected: 1)),
    (544 + 76, 0, 4, BundleError(.emptySegment, entry: 1, found: 0, expected: 1)),
    (544 + 76, 2, 4, BundleError(.zeroFillReadOnly, entry: 1, found: 2, expected: 1)),
    (544 + 80, 13, 4, BundleError(.unknownRights, entry: 1, found: 13, expected: 7)),
    (544 + 80, 4, 4, BundleError(.notReadable, entry: 1, found: 4, expected: 1)),
    (544 + 80, 7, 4, BundleError(.writableAndExecutable, entry: 1, found: 7, expected: 7)),
    (1056 + 184, 0, 8, BundleError(.malformedName, entry: 2, found: 0, expected: 0)),
    (1056 + 192, 1, 1, BundleError(.malformedCompatible, entry: 2, found: 1, expected: 64)),
    (1056 + 192, 65, 1, BundleError(.malformedCompatible, entry: 2, found: 65, expected: 64)),
    (1056 + 192, 5, 1, BundleError(.malformedCompatible, entry: 2, found: 5, expected: 64)),
    (1056 + 193, 3, 1, BundleError(.unknownUnit, entry: 2, found: 3, expected: 2)),
    (1056 + 194, 1, 1, BundleError(.unknownUnit, entry: 2, found: 1, expected: 0)),
    (1056 + 193 + 80, 255, 1, BundleError(.unknownUnit, entry: 2, found: 255, expected: 2)),
    (1056 + 200, 0, 1, BundleError(.malformedCompatible, entry: 2, found: 0, expected: 64)),
  ]

  @Test("what a bundle says wrongly is refused by name", arguments: refusals.indices)
  func refused(index: Int) async throws {
    var bytes = try await bundle.value
    let (offset, value, count, expected) = Self.refusals[index]
    bytes.store(value, offset, count)
    #expect(refusal(bytes, verifying: false) == expected)
  }
}

extension ABI.Bundle.Flags {
  /// The flags of these names, spelt a second time here so that a slip in the packer shows.
  fileprivate init(names: [String]) {
    let bits = ["power": 1, "deadline": 2, "log": 4, "supervise": 8] as [String: UInt16]
    self.init(rawValue: names.reduce(0) { $0 | (bits[$1] ?? 0x8000) })
  }
}
