import Image

/// What the kernel's ELF file says by itself.
struct StaticFigures {
  private let kernel: ELFFile

  init(_ kernel: ELFFile) { self.kernel = kernel }

  /// The figures under the names of their rows, in bytes.
  var byName: [String: UInt64] {
    [
      // Code that runs once at most lies in `.once`, as seL4's boot code lies in a section of its own.
      "kernelText": size(".text"),
      "kernelTextOnce": size(".once"),
      "staticTables": size(".pool"),
      "staticRAM": size(".stack") + size(".data") + size(".bss") + size(".store"),
      "logRing": size(".log"),
      "ramLost": Sizes.lostToBlocks(kernel),
    ]
  }

  private func size(_ section: String) -> UInt64 {
    kernel.sections.filter { $0.name == section }.reduce(0) { $0 + $1.size }
  }
}
