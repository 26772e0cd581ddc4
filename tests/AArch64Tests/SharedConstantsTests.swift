import Foundation
import KernelCore
import Testing

@testable import AArch64

/// Offsets and constants that assembly and Swift each write down.
@Suite("Constants shared with the assembly") struct SharedConstantsTests {
  @Test("the offsets of the thread's block are those of SavedRegisters")
  func threadOffsets() throws {
    let header = try defines(in: "kernel/entry/include/entry.h")
    #expect(header["THREAD_X"] == MemoryLayout<SavedRegisters>.offset(of: \.x))
    #expect(header["STORE_BYTES"] == Store.bytes)
    #expect(MemoryLayout<Store>.size <= Store.bytes)
    #expect(header["THREAD_STACK"] == MemoryLayout<SavedRegisters>.offset(of: \.stack))
    #expect(header["THREAD_INSTRUCTION"] == MemoryLayout<SavedRegisters>.offset(of: \.instruction))
    #expect(header["THREAD_STATUS"] == MemoryLayout<SavedRegisters>.offset(of: \.status))
    #expect(header["THREAD_POINTER"] == MemoryLayout<SavedRegisters>.offset(of: \.threadPointer))
    #expect(MemoryLayout<KernelCore.Thread>.offset(of: \.registers) == 0)
  }

  @Test("MAIR_EL1 at entry is the one that descriptors index")
  func memoryAttributes() throws {
    let header = try defines(in: "kernel/entry/include/asm.h")
    #expect(header["MAIR_BOOT"] == Int(MemoryKind.attributes))
  }

  @Test("the direct map starts where the linker script puts it")
  func directMap() throws {
    let script = try text(of: "tools/kernel.ld")
    #expect(script.contains("DIRECT_MAP = 0x\(String(Hardware.directMap, radix: 16));"))
  }

  /// `#define NAME number`, `(number * number)` and hexadecimal numbers.
  private func defines(in path: String) throws -> [String: Int] {
    var found: [String: Int] = [:]
    for line in try text(of: path).split(separator: "\n") where line.hasPrefix("#define ") {
      let words = line.dropFirst(8).split(separator: " ", maxSplits: 1)
      guard words.count == 2 else { continue }
      let factors = words[1].filter { $0 != "(" && $0 != ")" }.split(separator: "*").map {
        let factor = $0.trimmingCharacters(in: .whitespaces)
        return factor.hasPrefix("0x") ? Int(factor.dropFirst(2), radix: 16) : Int(factor)
      }
      guard !factors.contains(nil) else { continue }
      found[String(words[0])] = factors.compactMap { $0 }.reduce(1, *)
    }
    return found
  }

  private func text(of path: String) throws -> String {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }
}
