import enum ABI.BundleLayout
import Foundation
import QEMU
import Testing

/// Bundles that the loader gives in place of the image's own (`-initrd`). ImageTests hold the check to each of its
/// rules on the host; here is that the kernel makes it, in the machine, before it believes a byte.
@Suite("A bundle from the loader", .enabled(if: Guest.isExpected, "build/apus.img or QEMU is missing: make image"))
struct BundleTests {
  /// A bundle, and what is said of it after "bundle: ".
  struct Row: Sendable, CustomTestStringConvertible {
    let name: String
    let change: @Sendable (inout GivenBundle) -> Void
    /// The rule, then the value found and the one expected.
    let message: @Sendable (GivenBundle) -> String

    var testDescription: String { name }
  }

  static let notInPages = "the bundle given is not in whole pages of the first GiB"

  @Test("boots in place of the image's own")
  func whole() async throws {
    var bundle = try GivenBundle()
    // The same length, and a checksum of its own: what answers is what was given.
    try bundle.replace("time of day, and sleep", with: "sleep, and time of day")
    let outcome = try await bundle.boot([.expect("apus> "), .send("poweroff\n")])
    #expect(outcome.status == 0 && outcome.unmet == nil, "\(outcome.summary)")
    #expect(outcome.text.contains("clock    ready    sleep, and time of day\n"), "\(outcome.summary)")
  }

  @Test("is refused by the rule that it breaks", arguments: Row.all)
  func refused(row: Row) async throws {
    var bundle = try GivenBundle()
    row.change(&bundle)
    let outcome = try await bundle.boot([])
    #expect(outcome.text.hasSuffix(" kernel   refused  bundle: \(row.message(bundle))\n"), "\(outcome.summary)")
    #expect(outcome.status == 73, "\(outcome.summary)")
  }

  @Test(
    "is refused where it is not in whole pages of the first GiB of RAM, or is empty, or lies in the image's place",
    .enabled(if: Oracle.dtc.isExpected, "dtc is not installed"),
    arguments: [
      (0x4400_0004, 0x4403_5004, "\(Self.notInPages): 0x4400_0004–0x4403_5003", 75),
      (0x47ff_f000, 0x4800_1000, "\(Self.notInPages): 0x47ff_f000–0x4800_0fff", 75),
      (0x0900_0000, 0x0900_1000, "\(Self.notInPages): 0x900_0000–0x900_0fff", 75),
      (0x4400_0000, 0x4400_0000, "bundle: bytes present, bytes needed: 0x0, 0x20", 73),
      (0x4400_1000, 0x4400_0000, "device tree: base of a range that overflows, its size: 0x4400_1000, 0x4400_0000", 14),
      (0x4040_0000, 0x4043_5000, "device tree or reserved memory in the image's place: 0x4040_0000", 74),
    ] as [(Int, Int, String, Int32)])
  func place(start: Int, end: Int, message: String, status: Int32) async throws {
    let range = "linux,initrd-start = <0 \(start)>; linux,initrd-end = <0 \(end)>;"
    let outcome = try await Guest().run(with: .with("chosen {\n\(range)", for: "chosen {\n"))
    #expect(outcome.text.hasSuffix(" kernel   refused  \(message)\n"), "\(outcome.summary)")
    #expect(outcome.status == status, "\(outcome.summary)")
  }
}
