import Files
import Foundation
import Images
import Reports
import Testing

@testable import Surprisal

struct OutlierCollectionTests {
  private static let files = FileManager.default

  /// Records of outliers in this order, and of an image that belongs.
  private static func records(_ paths: [FilePath]) -> [Record] {
    let outliers = paths.map { path in
      var record = Record(file: path)
      record.outlier = true
      record.pValue = 0.001
      record.score = 3
      record.reason = "odd, \"very\""
      return record
    }
    var ordinary = Record(file: FilePath("ordinary.png"))
    ordinary.outlier = false
    return outliers + [ordinary]
  }

  private static func collect(
    _ records: [Record], in folder: String, of paths: [String] = [], copies: Bool = false
  ) throws {
    var collection = try OutlierCollection(
      in: FilePath(folder), of: paths.map { FilePath($0) }, copies: copies)
    for record in records { collection.take(record) }
    try collection.write()
  }

  private static func names(_ folder: String) throws -> [String] {
    try files.contentsOfDirectory(atPath: folder).sorted().filter { !$0.hasPrefix(".") }
  }

  /// What a folder and all in it is: names, kinds, bytes, times.
  private static func state(_ folder: String) throws -> [String] {
    try files.subpathsOfDirectory(atPath: folder).sorted().map { name in
      let path = "\(folder)/\(name)"
      let facts = try files.attributesOfItem(atPath: path)
      let content = files.contents(atPath: path)?.base64EncodedString() ?? ""
      return "\(name) \(facts[.type]!) \(facts[.modificationDate]!) \(facts[.posixPermissions]!) \(content)"
    }
  }

  @Test(
    "Links and copies, by rank, hold the images, and what was scanned stays as it was",
    arguments: [false, true])
  func collects(copies: Bool) throws {
    try Discs.withFolder { folder in
      let scanned = "\(folder)/scanned"
      try Self.files.createDirectory(atPath: "\(scanned)/a", withIntermediateDirectories: true)
      let paths = ["\(scanned)/odd.jpg", "\(scanned)/a/odd.jpg", "\(scanned)/b.png"]
      for (index, path) in paths.enumerated() {
        try Data("image \(index)".utf8).write(to: URL(fileURLWithPath: path))
      }
      let before = try Self.state(scanned)
      // The second again, under another path.
      let records = Self.records((paths + ["\(scanned)/a/../a/odd.jpg"]).map { FilePath($0) })
      try Self.collect(records, in: "\(folder)/new/odd", of: [scanned], copies: copies)
      #expect(
        try Self.names("\(folder)/new/odd")
          == ["0001-odd.jpg", "0002-odd.jpg", "0003-b.png", "index.csv"])
      // Wherever the folder is moved to.
      try Self.files.moveItem(atPath: "\(folder)/new/odd", toPath: "\(folder)/moved")
      for (index, name) in ["0001-odd.jpg", "0002-odd.jpg", "0003-b.png"].enumerated() {
        let path = "\(folder)/moved/\(name)"
        #expect(Self.files.contents(atPath: path) == Data("image \(index)".utf8))
        let kind = try Self.files.attributesOfItem(atPath: path)[.type] as? FileAttributeType
        #expect(kind == (copies ? .typeRegular : .typeSymbolicLink))
      }
      let index = try String(contentsOfFile: "\(folder)/moved/index.csv", encoding: .utf8)
      #expect(
        index.hasPrefix(
          "rank,name,path,p_value,score,reason\n1,0001-odd.jpg,\(paths[0]),0.001,3,\"odd, \"\"very\"\"\"\n"))
      #expect(try Self.state(scanned) == before)
      // And again: the old is gone, the new is there, from links given relative too.
      try Self.collect(
        Self.records([FilePath(paths[2])]), in: "\(folder)/moved", of: [scanned], copies: !copies)
      #expect(try Self.names("\(folder)/moved") == ["0001-b.png", "index.csv"])
      #expect(try Self.state(scanned) == before)
    }
  }

  @Test("What no collection put there, or what has changed since, is refused and stays, wherever it is")
  func foreign() throws {
    try Discs.withFolder { folder in
      let image = "\(folder)/odd.png"
      try Data("image".utf8).write(to: URL(fileURLWithPath: image))
      let records = Self.records([FilePath(image)])
      func refused(_ what: String, in place: String, _ change: (String) throws -> Void) throws {
        try Self.collect(records, in: place, copies: true)
        try change(place)
        let before = try Self.state(place)
        #expect(throws: CollectionError.self, "\(what)") { try Self.collect(records, in: place) }
        #expect(try Self.state(place) == before, "\(what)")
      }
      try refused("a new file", in: "\(folder)/1") {
        try Data().write(to: URL(fileURLWithPath: "\($0)/mine"))
      }
      try refused("a hidden one", in: "\(folder)/2") {
        try Data().write(to: URL(fileURLWithPath: "\($0)/.mine"))
      }
      try refused("a changed copy", in: "\(folder)/3") {
        try Data("IMAGE".utf8).write(to: URL(fileURLWithPath: "\($0)/0001-odd.png"))
      }
      try refused("a folder in a copy's place", in: "\(folder)/4") {
        try Self.files.removeItem(atPath: "\($0)/0001-odd.png")
        try Self.files.createDirectory(atPath: "\($0)/0001-odd.png", withIntermediateDirectories: false)
      }
      try refused("a link in a copy's place", in: "\(folder)/5") {
        try Self.files.removeItem(atPath: "\($0)/0001-odd.png")
        try Self.files.createSymbolicLink(atPath: "\($0)/0001-odd.png", withDestinationPath: image)
      }
      try refused("a mark that is a link", in: "\(folder)/6") {
        try Self.files.moveItem(atPath: "\($0)/.surprisal-collection", toPath: "\(folder)/mark")
        try Self.files.createSymbolicLink(
          atPath: "\($0)/.surprisal-collection", withDestinationPath: "\(folder)/mark")
      }
      try refused("no mark", in: "\(folder)/7") {
        try Self.files.removeItem(atPath: "\($0)/.surprisal-collection")
      }
      // What is gone is not missed.
      try Self.collect(records, in: "\(folder)/8")
      try Self.files.removeItem(atPath: "\(folder)/8/0001-odd.png")
      try Self.collect(records, in: "\(folder)/8")
      #expect(try Self.names("\(folder)/8") == ["0001-odd.png", "index.csv"])
    }
  }

  @Test("An interrupted collection is one, whatever it had come to")
  func interrupted() throws {
    try Discs.withFolder { folder in
      let place = "\(folder)/odd"
      let paths = (0..<3).map { FilePath("\(folder)/\($0).png") }
      for path in paths { try Data("\(path)".utf8).write(to: URL(fileURLWithPath: "\(path)")) }
      try Self.collect(Self.records(paths), in: place, copies: true)
      // As before the second was whole: its line cut off, its bytes under another name.
      let mark = "\(place)/.surprisal-collection"
      let lines = try String(contentsOfFile: mark, encoding: .utf8).split(separator: "\n")
      try Data((lines.prefix(2) + [lines[2].prefix(20)]).joined(separator: "\n").utf8)
        .write(to: URL(fileURLWithPath: mark))
      try Self.files.moveItem(
        atPath: "\(place)/0002-1.png", toPath: "\(place)/.surprisal-123.partial")
      for name in ["0003-2.png", "index.csv"] { try Self.files.removeItem(atPath: "\(place)/\(name)") }
      try Self.collect(Self.records(paths), in: place)
      #expect(try Self.files.contentsOfDirectory(atPath: place).count == 5)
    }
  }

  @Test("Names keep their bytes, hostile and long ones too, and are told as text")
  func names() throws {
    try Discs.withFolder { folder in
      let hostile: [[UInt8]] = [
        Array("-rf".utf8), Array("a\nb \"c\".png".utf8), Array("Mu".utf8) + [0xF1] + Array("oz.png".utf8),
        Array("<script>.png".utf8), Array(".hidden.jpg".utf8), Array("\u{202E}gpj.exe".utf8),
        Array(String(repeating: "ü", count: 125).utf8) + Array(".jpeg".utf8),
        Array("x.".utf8) + [UInt8](repeating: UInt8(ascii: "y"), count: 250),
      ]
      let paths = hostile.map { FilePath(folder).appending($0) }
      for path in paths { try Destination(path).write("image".utf8) }
      try Self.collect(Self.records(paths), in: "\(folder)/.odd", of: [folder], copies: true)
      let names = try OpenFolder(FilePath("\(folder)/.odd")).names().filter {
        $0.bytes.first == UInt8(ascii: "0")
      }
      #expect(names.count == hostile.count)
      for (index, (name, bytes)) in zip(names, hostile).enumerated() {
        #expect(name.bytes.count <= 255)
        #expect(name.bytes.starts(with: "000\(index + 1)-".utf8))
        #expect(name.bytes.dropFirst(5).prefix(40) == bytes.prefix(40))
        if bytes.count < 200 { #expect(Array(name.bytes.dropFirst(5)) == bytes) }
        #expect(name.isText == FilePath(bytes: bytes).isText)
      }
      #expect(names[6].bytes.suffix(5) == ".jpeg".utf8.suffix(5))
      #expect(OutlierCollection.name(FilePath("a"), index: nil, rank: 7, of: 12345) == FilePath("00007-a"))
    }
  }

  @Test("Images of IDX files are PNGs of their pixels, each by its number")
  func indexed() throws {
    try Discs.withFolder { folder in
      let file = "\(folder)/some-ubyte"
      let pixels = (0..<4 * 6).map { UInt8($0 * 10) }
      try Data([0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0, 3] + pixels).write(
        to: URL(fileURLWithPath: file))
      var records = Self.records([3, 1, 3].map { FilePath("\(file)#\($0)") })
      for index in records.indices { records[index].format = "IDX" }
      try Self.collect(records, in: "\(folder)/odd", of: [file])
      #expect(
        try Self.names("\(folder)/odd") == ["0001-some-ubyte-3.png", "0002-some-ubyte-1.png", "index.csv"])
      let shape = ImageShape(height: 2, width: 3, channels: 1)
      for (name, index) in [("0001-some-ubyte-3.png", 3), ("0002-some-ubyte-1.png", 1)] {
        let image = try ImageReading().image(at: "\(folder)/odd/\(name)", as: shape)
        #expect(image.pixels == Array(pixels[index * 6..<index * 6 + 6]))
      }
    }
  }

  @Test("A folder that the next scan would walk through is refused before it is made; a hidden one is not")
  func inside() throws {
    try Discs.withFolder { folder in
      try Self.files.createDirectory(atPath: "\(folder)/scanned/a", withIntermediateDirectories: true)
      try Self.files.createSymbolicLink(atPath: "\(folder)/link", withDestinationPath: "\(folder)/scanned")
      try Data().write(to: URL(fileURLWithPath: "\(folder)/scanned/a/x.png"))
      for (place, path) in [
        ("scanned", "scanned"), ("scanned/odd", "scanned"), ("link/new/odd/", "scanned"),
        ("scanned/a/odd", "link/"), ("scanned/a", "scanned/a/x.png"),
      ] {
        #expect(throws: CollectionError.self, "\(place)") {
          try Self.collect([], in: "\(folder)/\(place)", of: ["\(folder)/\(path)"])
        }
      }
      #expect(!Self.files.fileExists(atPath: "\(folder)/scanned/new"))
      for place in ["scanned/.odd", "scanned-odd", "link/.x/odd"] {
        try Self.collect([], in: "\(folder)/\(place)", of: ["\(folder)/scanned"])
      }
    }
  }

  @Test("What cannot be collected is told by name, and all else is there")
  func missing() throws {
    try Discs.withFolder { folder in
      try Data("image".utf8).write(to: URL(fileURLWithPath: "\(folder)/there.png"))
      let records = Self.records(["gone.png", "there.png"].map { FilePath("\(folder)/\($0)") })
      for copies in [false, true] {
        let error = #expect(throws: CollectionError.self) {
          try Self.collect(records, in: "\(folder)/odd", copies: copies)
        }
        #expect(error?.description.contains("\(folder)/gone.png: ") == true)
        #expect(try Self.names("\(folder)/odd") == ["0002-there.png", "index.csv"])
      }
    }
  }
}
