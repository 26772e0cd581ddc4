import Foundation
import KernelCore
import Machine
import Testing

@testable import AArch64

/// Offsets and constants that assembly and Swift each write down.
@Suite("Constants shared with the assembly") struct SharedConstantsTests {
  @Test("the offsets of the thread's block are those of Thread and of SavedRegisters")
  func threadOffsets() throws {
    let header = try defines(in: "kernel/entry/include/entry.h")
    let base = try #require(MemoryLayout<KernelCore.Thread>.offset(of: \.registers))
    func offset(_ path: PartialKeyPath<SavedRegisters>) -> Int? {
      MemoryLayout<SavedRegisters>.offset(of: path).map { base + $0 }
    }
    #expect(header["THREAD_LABEL"] == MemoryLayout<KernelCore.Thread>.offset(of: \.label))
    #expect(header["THREAD_TRANSFER"] == MemoryLayout<KernelCore.Thread>.offset(of: \.transfer))
    #expect(header["THREAD_WORDS"] == offset(\.words))
    #expect(header["THREAD_SCRATCH"] == offset(\.scratch))
    #expect(header["THREAD_KEPT"] == offset(\.kept))
    #expect(header["THREAD_STACK"] == offset(\.stack))
    #expect(header["THREAD_STATUS"] == offset(\.status))
    #expect(header["THREAD_FP_ACCESS"] == MemoryLayout<KernelCore.Thread>.offset(of: \.floatingPointAccess))
    #expect(header["THREAD_FP"] == MemoryLayout<KernelCore.Thread>.offset(of: \.floatingPoint))
    #expect(MemoryLayout<KernelCore.Thread>.size == 1024)
  }

  @Test("registers that are saved in pairs lie in pairs")
  func pairs() {
    typealias Block = KernelCore.Thread
    #expect(MemoryLayout<Block>.offset(of: \.handle) == MemoryLayout<Block>.offset(of: \.label)! + 8)
    let instruction = MemoryLayout<SavedRegisters>.offset(of: \.instruction)!
    #expect(instruction == MemoryLayout<SavedRegisters>.offset(of: \.stack)! + 8)
    let pointer = MemoryLayout<SavedRegisters>.offset(of: \.threadPointer)!
    #expect(pointer == MemoryLayout<SavedRegisters>.offset(of: \.status)! + 8)
  }

  @Test("the first eight words of a thread's block are the stack arguments of the quick calls")
  func stackArguments() {
    let words: [PartialKeyPath<KernelCore.Thread>] = [
      \.label, \.handle, \.slots, \.handles, \.address, \.transfer, \.caller, \.boundNotification,
    ]
    #expect(words.map { MemoryLayout<KernelCore.Thread>.offset(of: $0) } == (0..<8).map { $0 * 8 })
  }

  @Test("the list of a thread's handles starts a slot of objects")
  func threadObject() {
    #expect(MemoryLayout<KernelCore.Thread>.offset(of: \.firstHandle) == 384)
    #expect(MemoryLayout<KernelCore.Thread>.offset(of: \.floatingPoint) == 496)
  }

  @Test("the image keeps room for the core's static tables")
  func store() throws {
    #expect(try defines(in: "kernel/entry/include/entry.h")["STORE_BYTES"] == Store.bytes)
    #expect(MemoryLayout<Store>.size <= Store.bytes)
  }

  @Test("who owns the FP/SIMD registers is the second word of the processor's block, and CPACR_EL1 the same in both")
  func floatingPoint() throws {
    #expect(try defines(in: "kernel/entry/include/entry.h")["PROCESSOR_FP_OWNER"] == 8)
    #expect(try text(of: "hal/caarch64/include/caarch64_registers.h").contains("return block + 1;"))
    let header = try text(of: "kernel/entry/include/asm.h")
    #expect(header.contains("#define FP_TRAPPED (\(FloatingPointAccess.trapped >> 20) << 20)"))
    #expect(header.contains("#define FP_ALLOWED (\(FloatingPointAccess.allowed >> 20) << 20)"))
  }

  @Test("MAIR_EL1 at entry is the one that descriptors index")
  func memoryAttributes() throws {
    let header = try defines(in: "kernel/entry/include/asm.h")
    #expect(header["MAIR_BOOT"] == Int(MemoryKind.attributes))
  }

  @Test("the direct map starts where the linker script puts it")
  func directMap() throws {
    let script = try text(of: "tools/kernel.ld")
    #expect(script.contains("DIRECT_MAP = 0x\(String(DirectMap.base, radix: 16));"))
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
