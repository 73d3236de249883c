import Foundation
import Testing

@testable import Files

struct FolderWalkTests {
  /// What a walk says, a line an entry.
  private func walk(_ root: FilePath, followsLinks: Bool = false) -> [(path: FilePath, kind: String)] {
    var found: [(FilePath, String)] = []
    FolderWalk.forEach(in: root, followsLinks: followsLinks) { place, entry in
      let below = FilePath(bytes: place.path.bytes.dropFirst(root.bytes.count + 1))
      found.append((below, "\(entry)"))
    }
    return found
  }

  @Test("Every file is visited, of whatever bytes its name is, in the order of bytes; hidden ones are not")
  func order() throws {
    try withScratch { root in
      var names: [[UInt8]] = (1...255).map { [UInt8($0)] }.filter { $0 != [0x2E] && $0 != [0x2F] }
      names += [[0x4D, 0x75, 0xF1], [0x4D, 0x75], Array(repeating: 0xFF, count: 255), Array("Z é".utf8)]
      for name in names.shuffled() { try root.appending(name).makeFile() }
      try root.appending(".hidden").makeFile()
      let found = walk(root)
      #expect(found.map(\.path.bytes) == names.sorted { $0.lexicographicallyPrecedes($1) })
      #expect(found.allSatisfy { $0.kind == "file" })
    }
  }

  @Test(
    "A folder hundreds of levels deep, its paths longer than a call takes, loses no file, with few folders open"
  )
  func deep() throws {
    try withScratch { root in
      let levels = 400
      let name = String(repeating: "d", count: 20)
      var folder = try root.open(O_RDONLY)
      var expected = 0
      // A file before and a file after each folder, so that each is come back to.
      for _ in 0..<levels {
        for file in ["a", "z"] {
          _ = try Descriptor(openat(folder.raw, file, O_WRONLY | O_CREAT, 0o644))
          expected += 1
        }
        #expect(mkdirat(folder.raw, name, 0o755) == 0)
        folder = try Descriptor(openat(folder.raw, name, O_RDONLY))
      }
      var mostOpen = 0
      var found: [FilePath] = []
      FolderWalk.forEach(in: root, followsLinks: false) { place, entry in
        guard case .file = entry else {
          Issue.record("\(place.path): \(entry)")
          return
        }
        found.append(place.path)
        if found.count % 50 == 0 {
          let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
          mostOpen = max(mostOpen, open)
        }
      }
      #expect(found.count == expected && Set(found).count == expected)
      #expect(found.map(\.bytes.count).max() ?? 0 > 2 * Int(PATH_MAX))
      for path in found.filter({ $0.bytes.count > 8000 }) { #expect(try path.status().kind == S_IFREG) }
      // Other suites run beside and open files too, but not hundreds.
      #expect(mostOpen < levels)
    }
  }

  @Test(
    "Links are followed inside the folder alone, wherever they are written to lead, and no loop is entered")
  func links() throws {
    try withScratch { root in
      let walked = root.appending("in")
      for folder in ["in", "in/sub", "in/sub/deeper", "out"] { try root.appending(folder).makeFolder() }
      for file in ["in/sub/a", "out/b"] { try root.appending(file).makeFile() }
      for (name, target) in [
        ("1same", "sub/a"), ("2absolute", "\(root)/in/sub/a"), ("3roundabout", "../out/../in/sub/a"),
        ("4chain", "1same"), ("5out", "../out/b"), ("6folder", "../out"), ("7loop", "."), ("8up", ".."),
        ("9gone", "nothing"), ("Aitself", "Aitself"), ("Bwrong", "sub/a/x"), ("Cdir", "sub/deeper"),
        ("Dchainout", "5out"),
      ] { try walked.appending(name).makeLink(to: target) }
      try walked.appending("sub/deeper/back").makeLink(to: "../../1same")
      let inside = Dictionary(uniqueKeysWithValues: walk(walked).map { ("\($0.path)", $0.kind) })
      #expect(
        inside == [
          "1same": "file", "2absolute": "file", "3roundabout": "file", "4chain": "file",
          "5out": "linkOut(toFolder: false)", "6folder": "linkOut(toFolder: true)", "7loop": "loop",
          "8up": "linkOut(toFolder: true)", "9gone": #"unreachable("link to nothing, or to itself")"#,
          "Aitself": #"unreachable("link to nothing, or to itself")"#,
          "Bwrong": #"unreachable("Not a directory")"#, "Cdir/back": "file",
          "Dchainout": "linkOut(toFolder: false)",
          "sub/a": "file", "sub/deeper/back": "file",
        ])
      let followed = walk(walked, followsLinks: true)
      #expect(followed.contains { "\($0.path)" == "6folder/b" && $0.kind == "file" })
      #expect(followed.contains { "\($0.path)" == "8up/out/b" && $0.kind == "file" })
      #expect(followed.contains { "\($0.path)" == "8up/in" && $0.kind == "loop" })
    }
  }

  @Test("Pipes are told, never opened; a folder that is none, or gone, is one entry with the reason")
  func others() throws {
    try withScratch { root in
      #expect(root.appending("pipe").withCString { mkfifo($0, 0o600) } == 0)
      #expect(walk(root).map(\.kind) == ["special"])
      let gone = walk(root.appending("gone"))
      #expect(gone.map(\.kind) == [#"unreachable("folder cannot be listed: No such file or directory")"#])
    }
  }
}
