import Foundation
import Testing

@testable import Files

struct PathListTests {
  private let paths = ["a.png", "two words/é.png", " leading", "#1", "Mu\\xf1"]

  private func lines(_ ending: String) -> String { paths.map { $0 + ending }.joined() }

  @Test(
    "However a list's lines end, and whatever mark stands before them, the paths are the same",
    arguments: ["\n", "\r\n"])
  func endings(ending: String) throws {
    let expected = paths.map { FilePath($0) }
    let text = lines(ending)
    let plain = Data(text.utf8)
    #expect(FilePath.list(lines: plain) == expected)
    #expect(FilePath.list(lines: plain.dropLast(ending.utf8.count)) == expected)
    #expect(FilePath.list(lines: Data([0xEF, 0xBB, 0xBF]) + plain) == expected)
    for (mark, encoding) in [
      ([0xFF, 0xFE], String.Encoding.utf16LittleEndian), ([0xFE, 0xFF], .utf16BigEndian),
    ] {
      let wide = try #require(text.data(using: encoding))
      #expect(FilePath.list(lines: Data(mark.map { UInt8($0) }) + wide) == expected)
    }
    // Lists joined, each as it was; a last line without an end.
    #expect(FilePath.list(lines: plain + Data("\r\n\nlast\r".utf8)) == expected + [FilePath("last")])
    #expect(FilePath.list(lines: Data()) == [] && FilePath.list(lines: Data([0xEF, 0xBB, 0xBF])) == [])
  }

  @Test("A list whose paths end in NUL is taken to the byte")
  func nul() {
    let odd: [[UInt8]] = [[0xEF, 0xBB, 0xBF], [0x61, 0x0D], [0x0A], [0xF1, 0x0D, 0x0A]]
    #expect(FilePath.list(endedByNUL: Data(odd.map { $0 + [0] }.joined())) == odd.map { FilePath(bytes: $0) })
  }
}
