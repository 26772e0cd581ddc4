import ArgumentParser
import Image

/// `apus-pack bundle`.
struct MakeBundle: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bundle", abstract: "Make the bundle of services.")

  @Option(help: "The system file.") var system = "services/system.json"
  @Option(help: "The folder that holds IMAGE.elf for each task.") var elves: String
  @Option(help: "The bundle to write.") var output: String

  func run() throws {
    let file = try naming(system) { try SystemFile(json: try read(system)) }
    let bytes = try naming(system) {
      try BundleWriter.bundle(file) { name in
        let path = "\(elves)/\(name).elf"
        return try naming(path) { try ServiceImage(ELFFile(try read(path))) }
      }
    }
    try write(bytes, output)
    print("\(output)  \(file.tasks.count) tasks, \(bytes.count / 4096) pages")
  }
}
