import Files
import Foundation
import Testing

@testable import Surprisal

struct BaselineTests {
  static let hash = String(repeating: "0123456789abcdef", count: 4)

  @Test("A baseline reads back what was written, whatever the names hold")
  func roundTrip() throws {
    try Discs.withFolder { folder in
      let names: [[UInt8]] = [
        Array("plain.png".utf8), Array("two  spaces *.png".utf8), Array("line\nbreak\r.png".utf8),
        Array(#"back\slash.png"#.utf8), Array("Mu".utf8) + [0xF1] + Array("oz.png".utf8), Array(" ".utf8),
      ]
      let baseline = Baseline(
        entries: names.map { .init(content: Self.hash, path: FilePath(bytes: $0)) })
      try baseline.write(to: "\(folder)/b")
      let read = try Baseline(path: "\(folder)/b")
      #expect(Set(read.entries) == Set(baseline.entries))
      #expect(read.accepts(content: Self.hash) && !read.accepts(content: ""))
    }
  }

  @Test("A baseline with a byte-order mark, CR LF, capitals and binary marks is the same")
  func foreign() throws {
    try Discs.withFolder { folder in
      let text = "\u{FEFF}\(Self.hash.uppercased()) *a.png\r\n\r\n\(Self.hash)  b/c.png"
      try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/b"))
      #expect(
        try Baseline(path: "\(folder)/b").entries
          == ["a.png", "b/c.png"].map {
            .init(content: Self.hash, path: FilePath($0))
          })
    }
  }

  @Test(
    "A line that names no content is refused with its number",
    arguments: ["a.png", "abc  a.png", "\(hash) a.png"])
  func names(line: String) throws {
    try Discs.withFolder { folder in
      try Data("\(Self.hash)  fine.png\n\(line)\n".utf8).write(to: URL(fileURLWithPath: "\(folder)/b"))
      let error = #expect(throws: SurprisalError.self) { try Baseline(path: "\(folder)/b") }
      #expect(error?.description.hasPrefix("\(folder)/b: entry 2: ") == true)
    }
  }
}
