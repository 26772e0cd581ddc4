import Foundation
import QEMU
import Testing

/// RAM in more ranges than the one that boot uses.
@Suite(
  "RAM in further ranges",
  .enabled(if: Guest.isExpected && Oracle.dtc.isExpected, "build/apus.img, QEMU or dtc is missing"))
struct FurtherRAMTests {
  @Test("is claimed, mapped and used when the first is full, if it starts a GiB; other ranges are left")
  func further() async throws {
    let bundle = "build/system/seed.bin"
    let bytes = try Data(contentsOf: URL(fileURLWithPath: bundle)).count
    let start = 0x4200_0000
    // 112 MiB, 32 MiB where a GiB starts, and 32 MiB in the middle of one; the bundle as the loader's RAM disk.
    let banks = [(0x8000_0000, 0x200_0000), (0x9000_0000, 0x200_0000)].map { (base, bytes) in
      "\tmemory@\(String(base, radix: 16)) { device_type = \"memory\"; reg = <0 \(base) 0 \(bytes)>; };"
    }
    var tree = Tree.adding(banks.joined(separator: "\n"))
    tree.edits += [
      .init(old: "reg = <0x00 0x40000000 0x00 0x8000000>;", new: "reg = <0x00 0x40000000 0x00 0x7000000>;"),
      .init(
        old: "chosen {\n",
        new: "chosen {\n\t\tlinux,initrd-start = <\(start)>;\n\t\tlinux,initrd-end = <\(start + bytes)>;\n"),
    ]
    var guest = Guest()
    guest.memory = "2G"
    guest.arguments = ["-device", "loader,file=\(bundle),addr=\(start),force-raw=on"]
    let outcome = try await guest.run(
      with: tree,
      steps: [
        .expect("frames not claimed"), .expect("seed: done"), .send("memory\r"), .expect("apus> "),
        .send("memory verify\r"), .expect("free by ledger"), .send("tables\r"), .expect("apus> "), .send("poweroff\r"),
      ])
    try #require(outcome.unmet == nil && outcome.status == 0, "\(outcome.summary)")
    #expect(
      outcome.text.contains("28672 frames, 8192 more in further ranges, 1 ranges not used\n"), "\(outcome.summary)")
    #expect(outcome.lines.contains { $0.hasSuffix("frames not claimed: 0") }, "\(outcome.summary)")
    #expect(outcome.lines.number("all") == 28672 + 8192 && outcome.lines.number("unclaimed") == 0)
    #expect(outcome.lines.number("compared") == 5 && outcome.lines.number("differed") == 0, "\(outcome.summary)")
    // The table of the kernel's half for a GiB that is not all RAM, beside those of the interrupt controller.
    #expect(outcome.lines.contains("kernel   2 in the image, 3 grown"), "\(outcome.summary)")
  }
}
