import ArgumentParser
import Foundation
import Image

/// `apus-pack sizes`.
struct ShowSizes: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sizes", abstract: "Print what each product holds and what the mappings' granularity costs.")

  @Option(help: "The kernel's ELF file.") var kernel = "build/kernel.elf"
  @Option(help: "The system file, for the services' programs.") var system = "services/system.json"
  @Option(help: "The folder that holds the services' ELF files.") var elves = "build"

  func run() throws {
    let file = try naming(system) { try SystemFile(json: try read(system)) }
    print(row("bytes", ["text", "rodata", "data", "bss", "lost"]))
    let image = try elf(kernel)
    show("kernel", image, lost: Sizes.lostToBlocks(image))
    for task in file.tasks {
      let image = try elf("\(elves)/\(task.image).elf")
      show(task.name, image, lost: Sizes.lostToPages(image))
    }
  }

  private func elf(_ path: String) throws -> ELFFile { try naming(path) { try ELFFile(try read(path)) } }

  private func show(_ name: String, _ file: ELFFile, lost: UInt64) {
    let sizes = Sizes(file)
    print(row(name, [sizes.text, sizes.readOnly, sizes.data, sizes.zeroed, lost].map(String.init)))
  }

  private func row(_ name: String, _ columns: [String]) -> String {
    columns.reduce(name.padding(toLength: 12, withPad: " ", startingAt: 0)) { line, column in
      line + String(repeating: " ", count: max(10 - column.count, 1)) + column
    }
  }
}
