import Image
import QEMU
import Testing

@Suite(.enabled(if: assemblerExpected, "aarch64-linux-gnu-gcc or readelf is not installed"))
struct ELFTests {
  @Test("headers, segments and sections are those that readelf prints", arguments: [0, 1])
  func readelf(which: Int) async throws {
    let bytes = which == 0 ? try await service.value : try await kernel()
    let file = try ELFFile(bytes)
    let folder = try Folder()
    let path = try folder.file("a.elf", bytes)
    let header = try await Oracle.readelf.run(["-hW", path]).lines
    let start = try #require(header.first { $0.contains("Entry point") }).split(separator: " ").last
    #expect(start.flatMap { UInt64($0.dropFirst(2), radix: 16) } == file.start)

    let segments = try await Oracle.readelf.run(["-lW", path]).lines.filter { $0.hasPrefix("  LOAD") }
    let ours = file.programHeaders.filter { $0.type == 1 }.map {
      [$0.offset, $0.address, $0.physicalAddress, $0.fileSize, $0.memorySize, UInt64($0.flags)]
    }
    #expect(segments.map(segment) == ours)

    let sections = try await Oracle.readelf.run(["-SW", path]).lines.compactMap(section)
    #expect(!sections.isEmpty)
    #expect(sections == file.sections.dropFirst().map { [$0.name, hexadecimal($0.address), hexadecimal($0.size)] })
  }

  @Test("a service linked by tools/service.ld has code, constants and data in pages of their own")
  func script() async throws {
    let image = try ServiceImage(ELFFile(try await service.value))
    #expect(image.start == 0x20_0000)
    #expect(image.segments.map(\.address) == [0x20_0000, 0x20_1000, 0x20_3000])
    #expect(image.segments.map(\.flags) == [5, 4, 6])
    #expect(image.segments.map(\.fileSize) == [8, 5000, 32])
    #expect(image.segments[2].memorySize >= 9032)
    #expect(!image.file.sections.contains { $0.name.hasPrefix("swift5") || $0.name == ".eh_frame" })
  }

  /// A change to the service's file and the refusal that must follow. Program headers lie at 64, 56 bytes
  /// each: flags +4, offset +8, address +16, file size +32, memory size +40.
  private static let refusals: [(@Sendable (inout [UInt8]) -> Void, ELFError)] = [
    ({ $0.store(0x464c_457e, 0, 4) }, ELFError(.notELF, 0x464c_457e, 0x464c_457f)),
    ({ $0[4] = 1 }, ELFError(.wrongClass, 1, 2)),
    ({ $0[5] = 2 }, ELFError(.wrongEncoding, 2, 1)),
    ({ $0.store(3, 16, 2) }, ELFError(.wrongType, 3, 2)),
    ({ $0.store(62, 18, 2) }, ELFError(.wrongMachine, 62, 183)),
    ({ $0.store(57, 54, 2) }, ELFError(.wrongRecordSize, 57, 56)),
    ({ $0.store(65, 58, 2) }, ELFError(.wrongRecordSize, 65, 64)),
    ({ $0 = Array($0.prefix(63)) }, ELFError(.truncated, 63, 64)),
    ({ $0.store(.max, 32) }, ELFError(.truncated, -1, -1)),
    ({ $0.store(0, 56, 2) }, ELFError(.noSegment, 0, 1)),
    ({ $0.store(.max - 8, 64 + 8) }, ELFError(.truncated, -1, -1)),
    ({ $0.store(7, 64 + 40) }, ELFError(.moreFileThanMemory, 8, 7)),
    ({ $0.store(0x20_0010, 64 + 16) }, ELFError(.unalignedSegment, 0x20_0010, 4096)),
    ({ $0.store(0xf000, 64 + 16) }, ELFError(.addressTooLow, 0xf000, 0x1_0000)),
    ({ $0.store(1 << 38, 64 + 112 + 16) }, ELFError(.addressTooHigh, UInt64(1) << 38, UInt64(1) << 38)),
    ({ $0.store(.max << 12, 64 + 112 + 16) }, ELFError(.addressTooHigh, UInt64.max << 12, UInt64.max)),
    ({ $0.store(1, 64 + 4, 4) }, ELFError(.notReadable, 1, 4)),
    ({ $0.store(7, 64 + 4, 4) }, ELFError(.writableAndExecutable, 0x20_0000, 7)),
    ({ $0.store(0x20_1000, 64 + 112 + 16) }, ELFError(.segmentsOverlap, 0x20_1000, 0x20_3000)),
    ({ $0.store(0x20_1000, 24) }, ELFError(.startNotExecutable, 0x20_1000, 3)),
    ({ $0.store(0x20_0002, 24) }, ELFError(.startNotExecutable, 0x20_0002, 3)),
    ({ $0.store(2, 64, 4) }, ELFError(.dynamic, 2, 0)),
    ({ $0.store(3, 64, 4) }, ELFError(.dynamic, 3, 0)),
    ({ $0.store(7, 64, 4) }, ELFError(.threadLocal, 7, 0)),
    ({ $0.store(4, Int($0.load(40)) + 64 + 4, 4) }, ELFError(.relocations, 8, 0)),
  ]

  @Test("a file that the packer must refuse is refused by name", arguments: refusals.indices)
  func refused(index: Int) async throws {
    var bytes = try await service.value
    let (change, expected) = Self.refusals[index]
    change(&bytes)
    let error = #expect(throws: ELFError.self) { try ServiceImage(ELFFile(bytes)) }
    #expect(error?.reason == expected.reason)
    if expected.reason != .truncated || bytes.count < 64 { #expect(error == expected) }
  }

  @Test("five loadable segments are one too many")
  func tooManySegments() async throws {
    let script = """
      ENTRY(_start)
      PHDRS { a PT_LOAD FLAGS(5); b PT_LOAD FLAGS(4); c PT_LOAD FLAGS(4); d PT_LOAD FLAGS(4); e PT_LOAD FLAGS(6); }
      SECTIONS { . = 0x200000; .text : { *(.text.start) } :a
        . = ALIGN(4096); .b : { LONG(1) } :b  . = ALIGN(4096); .c : { LONG(1) } :c
        . = ALIGN(4096); .d : { LONG(1) } :d  . = ALIGN(4096); .data : { *(.data) } :e
        /DISCARD/ : { *(*) } }
      """
    let bytes = try await assemble(serviceSource(), script: script)
    #expect(throws: ELFError(.tooManySegments, 5, 4)) { try ServiceImage(ELFFile(bytes)) }
  }

  @Test("a file cut anywhere is refused, and flipped bytes never trap")
  func damage() async throws {
    let whole = try await service.value
    for count in stride(from: 0, to: whole.count, by: 61) {
      #expect(throws: ELFError.self) { try ServiceImage(ELFFile(Array(whole.prefix(count)))) }
    }
    var random = Generator(state: 42)
    for _ in 0..<2000 {
      var bytes = whole
      for _ in 0..<3 {
        let table = Int(whole.load(40))
        let place = Bool.random(using: &random) ? 0..<232 : table..<bytes.count
        bytes[Int.random(in: place, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      _ = try? ServiceImage(ELFFile(bytes))
    }
  }

  /// Offset, address, physical address, bytes in the file and in memory, flags of a segment's line.
  private func segment(_ line: String) -> [UInt64] {
    let words = line.split(separator: " ")
    let numbers = words[1...5].map { UInt64($0.dropFirst(2), radix: 16) ?? 0 }
    let letters = words[6..<(words.count - 1)].joined()
    let flags = [("E", 1), ("W", 2), ("R", 4)].reduce(0) { $0 | (letters.contains($1.0) ? $1.1 : 0) }
    return numbers + [UInt64(flags)]
  }

  /// Name, address and size of a section's line; nil for other lines.
  private func section(_ line: String) -> [String]? {
    guard let end = line.firstIndex(of: "]"), line.hasPrefix("  ["), !line.hasPrefix("  [ 0]") else { return nil }
    let words = line[line.index(after: end)...].split(separator: " ")
    guard words.count > 5, let address = UInt64(words[2], radix: 16), let size = UInt64(words[4], radix: 16) else {
      return nil
    }
    return [String(words[0]), hexadecimal(address), hexadecimal(size)]
  }

  private func hexadecimal(_ value: UInt64) -> String { String(value, radix: 16) }
}

/// A repeatable source of numbers (xorshift64).
struct Generator: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}
