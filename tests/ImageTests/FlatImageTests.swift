import Foundation
import Image
import QEMU
import Testing

@Suite(.enabled(if: assemblerExpected, "aarch64-linux-gnu-gcc or readelf is not installed"))
struct FlatImageTests {
  @Test("the Image is what objcopy would make, from the header to the last stored byte")
  func flat() async throws {
    let file = try ELFFile(try await kernel())
    let image = try FlatImage(file)
    #expect(image.start == 0xffff_ff80_4020_0000)
    #expect(image.bytes.count == 0x40_0008)
    #expect(image.size >= 0x40_0000 + 0x4000 + 0x2000)
    #expect(Array(image.bytes[56..<60]) == Array("ARM\u{64}".utf8))
    #expect(image.bytes[0x20_0000] == 0x52)
    #expect(image.bytes[0x20_0000 + 300] == 0)
    #expect(image.bytes[0x40_0000] == 5)
  }

  @Test(
    "the boot pool must hold exactly the tables of the layout",
    arguments: [
      (0x4020_0000, 0x4000, 2), (0x4020_0000, 0x3f60_0000, 2), (0x4020_0000, 0x4000_0000, 3),
      (0x7fe0_0000, 0x4000, 3), (0x4000_0000, 0x4000, 3),
    ])
  func pool(place: UInt64, zeroed: Int, tables: Int) async throws {
    let base = 0xffff_ff80_0000_0000 + place
    _ = try FlatImage(ELFFile(try await kernel(base: base, pool: tables, zeroed: zeroed)))
    for (pool, reason) in [(tables - 1, FlatImageError.Reason.poolTooSmall), (tables + 1, .poolTooLarge)] {
      let file = try ELFFile(try await kernel(base: base, pool: pool, zeroed: zeroed))
      let error = #expect(throws: FlatImageError.self) { try FlatImage(file) }
      #expect(error?.reason == reason)
      #expect(error?.found == UInt64(pool * 4096))
      #expect(error?.expected == UInt64(tables * 4096))
      #expect(error?.description.hasSuffix("(tables: \(pool), \(tables))") == true)
    }
  }

  @Test("a header that a boot loader would misread is refused by name")
  func header() async throws {
    let cases = [
      (try await kernel(magic: "ARM\\x63"), FlatImageError.Reason.wrongMagic),
      (try await kernel(offset: 0x8_0000), .wrongTextOffset), (try await kernel(shrink: 4096 * 3), .sizeTooSmall),
    ]
    for (bytes, reason) in cases {
      let error = #expect(throws: FlatImageError.self) { try FlatImage(ELFFile(bytes)) }
      #expect(error?.reason == reason)
    }
  }

  @Test("a kernel off its block, or writable and executable, or without a pool is refused by name")
  func segments() async throws {
    let shifted = try await kernel(base: 0xffff_ff80_4020_1000)
    #expect(throws: ELFError(.unalignedSegment, 0xffff_ff80_4020_1000 as UInt64, 0x20_0000)) {
      try FlatImage(ELFFile(shifted))
    }
    var open = try await kernel()
    open.store(7, 64 + 4, 4)
    #expect(throws: ELFError(.writableAndExecutable, 0xffff_ff80_4020_0000 as UInt64, 7)) {
      try FlatImage(ELFFile(open))
    }
    var bytes = try await kernel()
    let name = try #require(bytes.firstRange(of: Array(".pool\0".utf8)))
    bytes[name.lowerBound + 1] = 0x71
    #expect(throws: ELFError(.noSection, 0, 1)) { try FlatImage(ELFFile(bytes)) }
  }

  @Test("sizes add up the sections that take memory, and the blocks' and pages' waste")
  func sizes() async throws {
    let file = try ELFFile(try await kernel())
    let sizes = Sizes(file)
    #expect(sizes.text == 64)
    #expect(sizes.readOnly == 300)
    #expect(sizes.data == 8)
    #expect(sizes.zeroed == 0x4000 + 0x2000)
    #expect(Sizes.lostToBlocks(file) == 0x20_0000 - 64 + 0x20_0000 - 300)
    let service = try ELFFile(try await service.value)
    #expect(Sizes.lostToPages(service) < 3 * 4096)
  }

  @Test("apus-pack makes bundle and Image, prints sizes, and names the file it refuses")
  func command() async throws {
    let folder = try Folder()
    let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let tool = URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("apus-pack").path
    let system = "\(root)/services/system.json"
    for name in ["memory", "init", "interrupts", "console", "clock", "shell", "faulter"] {
      _ = try folder.file("\(name).elf", try await service.value)
    }
    let elf = try folder.file("kernel.elf", try await kernel())
    let output = "\(folder.path)/out/bundle.bin"
    let bundle = Child(tool, ["bundle", "--system", system, "--elves", folder.path, "--output", output])
    let packed = try await bundle.run()
    #expect(packed.status == 0, "\(packed.summary)")
    #expect(FileManager.default.fileExists(atPath: output))
    let image = try await Child(tool, ["image", "--kernel", elf, "--output", "\(folder.path)/apus.img"]).run()
    #expect(image.text.hasSuffix("2 tables\n"), "\(image.summary)")
    let sizes = try await Child(tool, ["sizes", "--kernel", elf, "--system", system, "--elves", folder.path]).run()
    #expect(sizes.lines.count == 10, "\(sizes.summary)")

    let broken = try folder.file("clock.elf", [1, 2, 3])
    let refused = try await bundle.run()
    #expect(refused.status != 0)
    #expect(refused.errors.contains("\(broken): truncated: bytes present, needed: 3, 64"), "\(refused.summary)")
    try FileManager.default.removeItem(atPath: broken)
    #expect(try await bundle.run().errors.contains(broken))
  }
}
