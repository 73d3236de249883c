import Foundation
import Testing

@testable import Files

struct OutputFileTests {
  private func write(_ text: String, to path: FilePath) throws { try Destination(path).write(text.utf8) }

  private func entries(_ folder: FilePath) throws -> Set<String> {
    Set(try FileManager.default.contentsOfDirectory(atPath: "\(folder)"))
  }

  @Test("A file is the old one until the new one is whole, and nothing is left of one that never was")
  func whole() throws {
    try withScratch { root in
      let path = root.appending("out")
      try path.makeFile("old")
      try #require(path.withCString { chmod($0, 0o640) } == 0)
      do {
        let unfinished = try OutputFile(Destination(path))
        try unfinished.write(String(repeating: "new", count: 100_000))
        #expect(try path.contents == "old")
      }
      #expect(try path.contents == "old" && entries(root) == ["out"])
      let finished = try OutputFile(Destination(path))
      try finished.write("new ")
      try finished.write("and whole")
      try finished.finish()
      #expect(try path.contents == "new and whole" && entries(root) == ["out"])
      #expect(try path.status().st_mode & 0o7777 == 0o640)
      try write("first", to: root.appending("fresh"))
      #expect(try root.appending("fresh").contents == "first")
    }
  }

  @Test("Through a link, the file that it points to is written, there or not, and every link stays")
  func links() throws {
    try withScratch { root in
      let folder = root.appending("folder")
      try folder.makeFolder()
      try folder.appending("old").makeFile("old")
      for (link, target) in [
        ("near", "folder/old"), ("far", "near"), ("absolute", "\(folder)/old"), ("dangling", "folder/new"),
      ] {
        let path = root.appending(link)
        try path.makeLink(to: target)
        try write(link, to: path)
        #expect(try path.destination() == FilePath(target) && path.contents == link)
      }
      #expect(try folder.appending("old").contents == "absolute")
      #expect(try entries(folder) == ["old", "new"])
      try root.appending("loop").makeLink(to: "loop")
      #expect(throws: DestinationError.self) { try Destination(root.appending("loop")) }
      try root.appending("astray").makeLink(to: "none/x")
      #expect(throws: DestinationError.self) { try Destination(root.appending("astray")) }
    }
  }

  @Test("A pipe and a device, also through links, are written to and stay what they are")
  func streams() throws {
    try withScratch { root in
      let pipe = root.appending("pipe")
      try #require(pipe.withCString { mkfifo($0, 0o600) } == 0)
      try root.appending("link").makeLink(to: "pipe")
      for path in [pipe, root.appending("link")] {
        #expect(try !Destination(path).isFile)
        // Open at both ends, the writer need not wait.
        let reader = try pipe.open(O_RDONLY | O_NONBLOCK)
        try write("through", to: path)
        var bytes = [UInt8](repeating: 0, count: 100)
        let count = try bytes.withUnsafeMutableBytes { try reader.read(into: $0) }
        #expect(String(decoding: bytes.prefix(count), as: UTF8.self) == "through")
        #expect(try pipe.status().kind == S_IFIFO)
      }
      try root.appending("null").makeLink(to: "/dev/null")
      for path in [FilePath("/dev/null"), root.appending("null")] {
        try write("gone", to: path)
        #expect(try path.status().kind == S_IFCHR)
      }
      #expect(try entries(root) == ["pipe", "link", "null"])
    }
  }

  @Test("A folder, a missing folder and a file in place of one are refused before there is anything to write")
  func refused() throws {
    try withScratch { root in
      try root.appending("file").makeFile()
      for (path, reason) in [
        ("", "it is a folder"), ("new/", "it is a folder"),
        ("none/x", "the folder \(root)/none/ does not exist"),
        ("file/x", "Not a directory"), (String(repeating: "x", count: 300), "File name too long"),
      ] {
        let path = path.isEmpty ? root : root.appending(path)
        #expect(throws: DestinationError(name: "\(path)", reason: reason)) { try Destination(path) }
      }
    }
  }

  @Test("A full disk is told with the path")
  func full() {
    let error = DestinationError(name: "/dev/full", reason: "No space left on device")
    #expect(throws: error) { try write("x", to: FilePath("/dev/full")) }
    #expect("\(error)" == "/dev/full: cannot write: No space left on device")
  }

  @Test("Standard output by its device's name is the descriptor itself, never a file opened over it")
  func standardOutput() throws {
    #expect(try Destination(FilePath("/dev/stdout")).isStandardOutput)
    #expect(try Destination(FilePath("/proc/self/fd/1")).isStandardOutput)
    #expect(throws: DestinationError.self) { try Destination(FilePath("/dev/fd/1000000")) }
  }

  @Test("Folders are made with all above them, and a file in their way is refused")
  func folders() throws {
    try withScratch { root in
      let deep = root.appending("a/b//c/")
      try deep.makeFolders()
      try deep.makeFolders()
      #expect(try deep.status().kind == S_IFDIR)
      try root.appending("file").makeFile()
      #expect(throws: DestinationError.self) { try root.appending("file/d").makeFolders() }
      #expect(throws: DestinationError.self) { try root.appending("file").makeFolders() }
    }
  }
}
