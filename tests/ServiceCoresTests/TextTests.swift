import Interfaces
import Testing

@Suite("Text") struct TextTests {
  @Test(
    "hexadecimal is grouped by four and as long as asked or needed",
    arguments: [
      (0x4008_0000, 8, "0x4008_0000"), (0, 8, "0x0000_0000"), (0x1_0000_0000, 8, "0x1_0000_0000"), (0, 1, "0x0"),
      (0xab, 1, "0xab"), (0x1ab, 2, "0x1ab"), (.max, 4, "0xffff_ffff_ffff_ffff"), (5, 16, "0x0000_0000_0000_0005"),
    ] as [(UInt64, Int, String)])
  func hex(value: UInt64, digits: Int, text: String) {
    var buffer = TextBuffer<32>()
    buffer.write(hex: value, digits: digits)
    #expect(buffer.text == text)
  }

  @Test(
    "decimals are aligned right, and never cut",
    arguments: [
      (0, 0, "0"), (7, 3, "  7"), (12345, 3, "12345"), (10, 2, "10"), (100, 4, " 100"),
      (.max, 0, "18446744073709551615"),
    ] as [(UInt64, Int, String)])
  func decimal(value: UInt64, width: Int, text: String) {
    var buffer = TextBuffer<32>()
    buffer.write(decimal: value, width: width)
    #expect(buffer.text == text)
  }

  @Test("names are aligned left")
  func columns() {
    var buffer = TextBuffer<32>()
    buffer.write("ab", width: 4)
    buffer.write(TextBuffer<8>("console"), width: 3)
    buffer.write("|")
    #expect(buffer.text == "ab  console|")
  }

  @Test("a buffer that is full tells so")
  func truncated() {
    var buffer = TextBuffer<3>()
    buffer.write("abcd")
    #expect(buffer.text == "abc" && buffer.isTruncated)
    buffer.removeAll()
    #expect(buffer.count == 0 && !buffer.isTruncated)
  }

  @Test("bytes pass through a chunk's words")
  func chunk() {
    let bytes = (0..<56).map { UInt8($0) ^ 0xa5 }
    let chunk = Chunk(bytes)
    #expect(chunk.bytes == bytes)
    #expect(Chunk(words: chunk.words, count: 56)?.bytes == bytes)
    #expect(Chunk(words: chunk.words, count: 57) == nil)
    var full = chunk
    let fits = full.append(1)
    #expect(fits == false)
    #expect(Chunk([1, 2, 3]).words[0] == 0x030201)
  }
}
