import Files
import Foundation
import Testing

@testable import Images

struct ImageSourceTests {
  @Test("A folder is walked in order, other files counted, missing ones reported")
  func enumeration() throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.createDirectory(atPath: "\(folder)/b", withIntermediateDirectories: true)
    let png = try Bitmap.ramp(4, 4, 1).png()
    for name in ["c.png", "a.png", "b/d.jpg", "noname", ".hidden.png"] {
      try png.write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
    }
    try Data("text".utf8).write(to: URL(fileURLWithPath: "\(folder)/notes.txt"))
    var names: [String] = []
    let skipped = ImageEnumerator().forEach(in: [folder, "\(folder)/gone.png"]) { names.append("\($0.path)") }
    #expect(names == ["a.png", "b/d.jpg", "c.png", "noname", "gone.png"].map { "\(folder)/\($0)" })
    #expect(skipped == 1)
  }

  @Test("Pipes are refused without waiting, links stay inside the folder, and no folder is entered twice")
  func hostileFolder() throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let manager = FileManager.default
    let png = try Bitmap.ramp(4, 4, 1).png()
    try manager.createDirectory(atPath: "\(folder)/in/sub", withIntermediateDirectories: true)
    try png.write(to: URL(fileURLWithPath: "\(folder)/in/sub/a.png"))
    try png.write(to: URL(fileURLWithPath: "\(folder)/outside.png"))
    #expect(mkfifo("\(folder)/in/pipe.png", 0o600) == 0)
    for (name, target) in [
      ("loop", "."), ("up", ".."), ("same.png", "sub/a.png"), ("out.png", "../outside.png"),
      ("nothing.png", "gone"), ("itself.png", "itself.png"),
    ] {
      try manager.createSymbolicLink(atPath: "\(folder)/in/\(name)", withDestinationPath: target)
    }
    func found(_ enumerator: ImageEnumerator) -> [String: Bool] {
      var names: [String: Bool] = [:]
      enumerator.forEach(in: ["\(folder)/in"]) { source in
        let readable =
          (try? source.load(ImageDecoder(), as: ImageShape(height: 4, width: 4, channels: 1))) != nil
        names[String("\(source.path)".dropFirst(folder.count + 4))] = readable
      }
      return names
    }
    #expect(
      found(ImageEnumerator()) == [
        "itself.png": false, "nothing.png": false, "out.png": false, "pipe.png": false, "same.png": true,
        "sub/a.png": true, "up": false,
      ])
    let followed = found(ImageEnumerator(followsLinks: true))
    #expect(followed["out.png"] == true && followed["up/outside.png"] == true)
    #expect(throws: ImageError.cannotRead("not a regular file")) {
      try ImageDecoder().decode(path: "\(folder)/in/pipe.png")
    }
  }

  @Test("A file whose name is no text is found in its folder, by its bytes, and by what reports call it")
  func noText() throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = FilePath(folder).appending([0x4D, 0x75, 0xF1, 0x6F, 0x7A] + Array(".png".utf8))
    let png = try Bitmap.ramp(4, 4, 1).png()
    let file = try path.open(O_WRONLY | O_CREAT, mode: 0o644)
    #expect(png.withUnsafeBytes { write(file.raw, $0.baseAddress, $0.count) } == png.count)
    func sources(_ paths: FilePath...) -> [FilePath] {
      var found: [FilePath] = []
      ImageEnumerator().forEach(in: paths) { source in
        let image = try? source.load(ImageDecoder(), as: ImageShape(height: 4, width: 4, channels: 1))
        #expect(image != nil, "\(source.path)")
        found.append(source.path)
      }
      return found
    }
    #expect(sources(FilePath(folder)) == [path] && sources(path) == [path])
    #expect(sources(FilePath("\(path)")) == [path])
    // A file of that name itself comes first.
    try png.write(to: URL(fileURLWithPath: "\(path)"))
    #expect(sources(FilePath("\(path)")) == [FilePath("\(path)")])
    #expect(sources(FilePath(folder)).count == 2)
  }

  @Test("A range past an IDX file's end is reported, not passed over; a name is no range")
  func ranges() throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = "\(folder)/x-ubyte"
    try idxFile([3, 2, 2], Array(0..<12)).write(to: URL(fileURLWithPath: path))
    try Bitmap.ramp(4, 4, 1).png().write(to: URL(fileURLWithPath: "\(folder)/a#1.png"))
    func sources(_ path: String) -> [(name: String, isMissing: Bool)] {
      var found: [(String, Bool)] = []
      ImageEnumerator().forEach(in: [path]) { source in
        if case .missing = source {
          found.append(("\(source.path)", true))
        } else {
          found.append(("\(source.path)", false))
        }
      }
      return found
    }
    #expect(sources(path).map(\.name) == (0..<3).map { "\(path)#\($0)" })
    #expect(sources("\(path)#2").map(\.name) == ["\(path)#2"])
    let past = sources("\(path)#1-5")
    #expect(
      past.map(\.name) == (1...3).map { "\(path)#\($0)" } && past.map(\.isMissing) == [false, false, true])
    #expect(sources("\(folder)/a#1.png").map(\.isMissing) == [false])
  }
}
