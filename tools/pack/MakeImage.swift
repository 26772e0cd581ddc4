import ArgumentParser
import Image

/// `apus-pack image`.
struct MakeImage: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "image", abstract: "Make the flat Image from the kernel's ELF file.")

  @Option(help: "The kernel's ELF file.") var kernel: String
  @Option(help: "The Image to write.") var output: String

  func run() throws {
    let image = try naming(kernel) { try FlatImage(ELFFile(try read(kernel))) }
    try write(image.bytes, output)
    let pool = BootPool(start: image.start, size: image.size)
    print("\(output)  \(image.bytes.count) bytes, \(image.size) in memory, \(pool.tables) tables")
  }
}
