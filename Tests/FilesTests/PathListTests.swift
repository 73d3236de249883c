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

struct PathFeedTests {
  /// Every path of what comes in pieces.
  private func paths(_ pieces: [[UInt8]], endedByNUL: Bool) throws -> [[UInt8]] {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    var iterator = PathFeed(descriptor: ends[0], endedByNUL: endedByNUL).makeIterator()
    // A pipe holds them all.
    for piece in pieces { #expect(write(ends[1], piece, piece.count) == piece.count) }
    close(ends[1])
    defer { close(ends[0]) }
    var found: [[UInt8]] = []
    while let path = iterator.next() { found.append(path.bytes) }
    return found
  }

  @Test("However they come in, the paths of a feed are those of a list", arguments: [false, true])
  func likeLists(endedByNUL: Bool) throws {
    let texts: [[UInt8]] = [
      [], Array("a".utf8), Array("a\nb\n".utf8), Array("a\r\n\n\r\nb \r\n".utf8), Array("\0a\0\0b\nc\0".utf8),
      [0xEF, 0xBB, 0xBF] + Array("first\nsecond".utf8), [0x61, 0xFF, 10, 0xF1, 0, 0x62],
      Array(repeating: 0x61, count: 30_000) + [10, 0] + Array(repeating: 0x62, count: 20_000),
    ]
    for text in texts {
      let list = endedByNUL ? FilePath.list(endedByNUL: Data(text)) : FilePath.list(lines: Data(text))
      let pieces = stride(from: 0, to: text.count, by: max(1, text.count / 7)).map {
        Array(text[$0..<min($0 + max(1, text.count / 7), text.count)])
      }
      #expect(try paths(pieces, endedByNUL: endedByNUL) == list.map(\.bytes))
    }
  }
}
