import Foundation
import Testing

@testable import Files

struct FilePathTests {
  /// Bytes of every kind: text, its halves, and none.
  private static func random(_ generator: inout some RandomNumberGenerator) -> [UInt8] {
    let parts: [[UInt8]] = [
      Array("a".utf8), Array("/".utf8), Array("é".utf8), Array("😀".utf8), Array(#"\xf1"#.utf8),
      Array("%F1".utf8),
      [0xF1], [0xC3], [0x80], [0xFF], [0xED, 0xA0, 0x80], [0xF0, 0x9F], Array("\u{10FFF1}".utf8), [0x0A],
    ]
    return (0..<Int.random(in: 1...5, using: &generator)).flatMap { _ in
      parts.randomElement(using: &generator) ?? []
    }
  }

  @Test("Text is itself; any other byte is shown escaped, and found again from that")
  func escapes() {
    #expect("\(FilePath(bytes: [0x4D, 0x75, 0xF1, 0x6F, 0x7A]))" == #"Mu\xf1oz"#)
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<2000 {
      let path = FilePath(bytes: Self.random(&generator))
      if path.isText {
        #expect(Array("\(path)".utf8) == path.bytes)
        #expect(FilePath("\(path)") == path)
      } else {
        #expect("\(path)".utf8.contains(UInt8(ascii: #"\"#)))
        // A name that holds both an odd byte and the text of one cannot be told from two odd bytes.
        if !String(decoding: path.bytes, as: UTF8.self).contains(#"\xf1"#) {
          #expect(FilePath(escaped: "\(path)") == path, "\(path)")
        }
      }
    }
    // Text that no odd name is shown as.
    for text in ["plain", #"\x41"#, #"\xg1"#, #"\xf"#, #"\xc3\xa9"#] {
      #expect(FilePath(escaped: text) == nil)
    }
  }

  @Test("JSON gives every path back to the byte, text as a string")
  func codable() throws {
    var generator = SystemRandomNumberGenerator()
    let paths = (0..<500).map { _ in FilePath(bytes: Self.random(&generator)) }
    #expect(try JSONDecoder().decode([FilePath].self, from: JSONEncoder().encode(paths)) == paths)
    #expect(try JSONEncoder().encode([FilePath("é")]) == Data(#"["é"]"#.utf8))
  }

  @Test("Folder, name and stem are what lies around the last slash and the last dot")
  func parts() {
    for (path, folder, name, stem) in [
      ("a/b.tar.gz", "a/", "b.tar.gz", "b.tar"), ("b", ".", "b", "b"), ("/b.x", "/", "b.x", "b"),
      ("a/.hidden", "a/", ".hidden", ".hidden"), ("a/", "a/", "", ""),
    ] {
      let path = FilePath(path)
      #expect("\(path.folder)" == folder && Array(path.name) == Array(name.utf8), "\(path)")
      #expect(Array(path.stem) == Array(stem.utf8), "\(path)")
    }
    #expect(FilePath("a").appending("b") == FilePath("a/b"))
    #expect(FilePath("a/").appending("b") == FilePath("a/b"))
  }

  @Test("A path longer than a call takes is opened, read and asked about; one name too long is refused")
  func long() throws {
    try withScratch { root in
      var path = root
      let name = String(repeating: "d", count: 250)
      // Entered one by one, as no call makes a path of this length.
      var folder = try root.open(O_RDONLY)
      while path.bytes.count < 9000 {
        #expect(mkdirat(folder.raw, name, 0o755) == 0)
        folder = try Descriptor(openat(folder.raw, name, O_RDONLY))
        path = path.appending(name)
      }
      let file = try Descriptor(openat(folder.raw, "file", O_WRONLY | O_CREAT, 0o644))
      let bytes: [UInt8] = [1, 2, 3]
      #expect(write(file.raw, bytes, 3) == 3)
      let status = try path.appending("file").status()
      #expect(status.st_size == 3 && status.kind == S_IFREG)
      #expect(try path.appending("//file").status().st_ino == status.st_ino)
      #expect(try path.appending("/").status().kind == S_IFDIR)
      #expect(throws: SystemError(code: ENOENT)) { try path.appending("none").status() }
      let tooLong = FilePath(String(repeating: "x", count: 5000))
      #expect(throws: SystemError(code: ENAMETOOLONG)) { try tooLong.status() }
      #expect(throws: SystemError(code: EINVAL)) { try FilePath("/tmp\0/x").status() }
    }
  }
}
