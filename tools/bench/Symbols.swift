import Foundation
import Image
import QEMU

/// A place in a source file, and the function it is in: innermost first where functions were inlined.
struct Frame: Hashable {
  var function: String
  /// The file's name without its folders.
  var file: String
  var line: Int

  /// As a reader wants it: Quick.swift:69.
  var place: String { line == 0 ? file : "\(file):\(line)" }
}

/// Finds the image that an executed instruction is of, and its source.
struct Symbols {
  private let images: [(name: String, file: ELFFile)]
  private let folder: String

  /// The images of a folder.
  init(folder: String) throws {
    self.folder = folder
    images = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".elf") }.sorted().map {
      ($0, try ELFFile(Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\($0)")))))
    }
  }

  /// Where the kernel's half begins; before the MMU is on, the kernel runs as far below.
  private static let half: UInt64 = 0xffff_ff80_0000_0000
  private static let ram: UInt64 = 0x4000_0000

  /// The kernel's address of an instruction that is the kernel's; nil: EL0.
  static func kernelAddress(_ address: UInt64) -> UInt64? {
    address >= half ? address : address >= ram ? address + half : nil
  }

  /// The inlined frames of each sample and the image it is of. Images at EL0 share their addresses: a page is of the
  /// one that has all these instructions where they were executed.
  func frames(_ samples: [Trace.Sample]) async throws -> [(image: String, frames: [Frame])] {
    var byPage: [UInt64: [Trace.Sample]] = [:]
    for sample in samples where Self.kernelAddress(sample.address) == nil {
      byPage[sample.page, default: []].append(sample)
    }
    let imageOfPage = byPage.mapValues { samples in
      images.first { image in
        image.name != "kernel.elf" && samples.allSatisfy { image.file.word(at: $0.address) == $0.opcode }
      }?.name
    }
    var wanted: [String: Set<UInt64>] = [:]
    let places = samples.map { sample -> (String, UInt64) in
      if let address = Self.kernelAddress(sample.address) { return ("kernel.elf", address) }
      return ((imageOfPage[sample.page] ?? nil) ?? "?", sample.address)
    }
    for (image, address) in places where image != "?" { wanted[image, default: []].insert(address) }
    var found: [String: [UInt64: [Frame]]] = [:]
    for (image, addresses) in wanted { found[image] = try await symbolise(image, addresses.sorted()) }
    return places.map { ($0.0, found[$0.0]?[$0.1] ?? [Frame(function: "?", file: "?", line: 0)]) }
  }

  private func symbolise(_ image: String, _ addresses: [UInt64]) async throws -> [UInt64: [Frame]] {
    let input = addresses.map { "0x" + String($0, radix: 16) }.joined(separator: "\n") + "\n"
    let symbolizer = Child("llvm-symbolizer", ["--obj=\(folder)/\(image)", "--inlines", "--functions=linkage"])
    let raw = try await symbolizer.run(input: Array(input.utf8))
    guard raw.status == 0 else { throw BenchError.ended("llvm-symbolizer", raw.summary) }
    let plain = try await Child("swift", ["demangle", "--simplified"]).run(input: raw.output)
    guard plain.status == 0 else { throw BenchError.ended("swift demangle", plain.summary) }
    let blocks = plain.text.components(separatedBy: "\n\n").filter { !$0.isEmpty }
    guard blocks.count == addresses.count else {
      throw BenchError.ended("llvm-symbolizer", "names \(blocks.count) of \(addresses.count) addresses")
    }
    return Dictionary(uniqueKeysWithValues: zip(addresses, blocks.map(Self.frames)))
  }

  /// Pairs of lines: a function, then file:line:column.
  static func frames(_ block: String) -> [Frame] {
    let lines = block.split(separator: "\n")
    return stride(from: 0, to: lines.count - 1, by: 2).map { index in
      let parts = lines[index + 1].split(separator: ":")
      let file = parts.first?.split(separator: "/").last.map(String.init) ?? "?"
      return Frame(
        function: short(String(lines[index])), file: file, line: parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
    }
  }

  /// Without what the compiler says of its own doings.
  private static func short(_ name: String) -> String {
    var name = name
    for prefix in ["generic ", "specialized ", "partial apply for ", "implicit closure in "] {
      name = name.replacingOccurrences(of: prefix, with: "")
    }
    return name
  }
}

extension ELFFile {
  /// The 32-bit word at an address in the file's segments.
  func word(at address: UInt64) -> UInt32? {
    for header in programHeaders where header.type == 1 && address >= header.address {
      let offset = address - header.address
      guard offset + 4 <= header.fileSize else { continue }
      let at = Int(header.offset + offset)
      return (0..<4).reduce(0) { $0 | UInt32(bytes[at + $1]) << (8 * UInt32($1)) }
    }
    return nil
  }
}
