import Foundation
import Testing

@testable import Images

struct IDXFileTests {
  @Test("IDX images are named by index and checked against the file's length")
  func idx() throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = "\(folder)/x-images-idx3-ubyte"
    let header: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 2]
    try Data(header + (0..<12).map { UInt8($0) }).write(to: URL(fileURLWithPath: path))
    var names: [String] = []
    var pixels: [UInt8] = []
    try ImageEnumerator().forEach(in: ["\(path)#1-2"]) { source in
      names.append("\(source.path)")
      pixels += try source.load(ImageDecoder(), as: ImageShape(height: 2, width: 2, channels: 1)).bitmap
        .pixels
    }
    #expect(names == ["\(path)#1", "\(path)#2"])
    #expect(pixels == (4..<12).map { UInt8($0) })
    try Data(header).write(to: URL(fileURLWithPath: path))
    #expect(throws: ImageError.self) { try IDXFile(path: path) }
  }

  @Test("Four dimensions are RGB, and a gzipped file is the same images")
  func colourAndGzip() throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let pixels = (0..<36).map { UInt8($0 * 7) }
    let plain = idxFile([2, 3, 2, 3], pixels)
    for (name, bytes) in [("x-ubyte", plain), ("x-ubyte.gz", stored(plain))] {
      try bytes.write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
      let file = try IDXFile(path: "\(folder)/\(name)")
      #expect(file.count == 2)
      #expect(try file[0].shape == ImageShape(height: 3, width: 2, channels: 3), "\(name)")
      #expect(try file[0].pixels + file[1].pixels == pixels, "\(name)")
      // Back again.
      #expect(try file[0].pixels == Array(pixels.prefix(18)), "\(name)")
    }
    try stored(plain).dropLast(9).write(to: URL(fileURLWithPath: "\(folder)/cut-ubyte.gz"))
    #expect(throws: ImageError.self) { try IDXFile(path: "\(folder)/cut-ubyte.gz") }
  }

  @Test("A gzipped file is refused where the plain one is: cut off, too long, damaged, or beyond a limit")
  func limits() throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let plain = idxFile([4, 5, 6], Array(0..<120))
    var damaged = stored(plain)
    damaged[damaged.count - 20] ^= 1
    for (name, bytes, reason) in [
      ("a-ubyte", plain.dropLast(), "file holds 119 bytes"), ("a-ubyte", plain + [0], "file holds more"),
      ("a-ubyte.gz", stored(plain.dropLast()), "file holds 119 bytes"),
      ("a-ubyte.gz", stored(plain + [0]), "file holds more"),
      ("a-ubyte.gz", damaged, "gzip: corrupt"), ("a-ubyte.gz", stored(plain).dropLast(9), "gzip: corrupt"),
    ] {
      try bytes.write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
      let error = #expect(throws: ImageError.self) { try IDXFile(path: "\(folder)/\(name)") }
      #expect(error?.description.contains(reason) == true, "\(name): \(error?.description ?? "")")
    }
    for (name, bytes) in [("a-ubyte", plain), ("a-ubyte.gz", stored(plain))] {
      try bytes.write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
      func refused(_ change: (inout ImageLimits) -> Void) -> Bool {
        var limits = ImageLimits()
        change(&limits)
        do { _ = try IDXFile(path: "\(folder)/\(name)", limits: limits) } catch .tooLarge {
          return true
        } catch {}
        return false
      }
      #expect(refused { $0.pixels = 29 } && !refused { $0.pixels = 30 }, "\(name)")
      #expect(refused { $0.memory = 29 } && !refused { $0.memory = 30 }, "\(name)")
      // As much as it is on disk, and as it unfolds to: of gzip's stored bytes the former.
      #expect(refused { $0.bytes = bytes.count - 1 } && !refused { $0.bytes = bytes.count }, "\(name)")
    }
    // Zeros, of which gzip makes a thousandth: the limit is on what they unfold to.
    let (raw, zipped) = ("\(folder)/zeros-ubyte", "\(folder)/zeros-ubyte.gz")
    try idxFile([100, 100, 100], [UInt8](repeating: 0, count: 1_000_000)).write(to: URL(fileURLWithPath: raw))
    let gzip = Process()
    gzip.executableURL = URL(fileURLWithPath: "/bin/sh")
    gzip.arguments = ["-c", "gzip -c \"$1\" > \"$2\"", "sh", raw, zipped]
    try gzip.run()
    gzip.waitUntilExit()
    var limits = ImageLimits()
    limits.bytes = 1_000_015
    let error = #expect(throws: ImageError.self) { try IDXFile(path: zipped, limits: limits) }
    #expect(error?.description == "gzip: unfolds to 1000016 bytes, more than the limit of 1000015")
    limits.bytes = 1_000_016
    #expect(try IDXFile(path: zipped, limits: limits).count == 100)
  }

  @Test(
    "Images by number, from one to another, or from one on; whatever else follows # is refused with a sentence"
  )
  func ranges() throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let (path, empty) = ("\(folder)/x-ubyte", "\(folder)/none-ubyte")
    try idxFile([9, 2, 2], Array(0..<36)).write(to: URL(fileURLWithPath: path))
    try idxFile([0, 2, 2], []).write(to: URL(fileURLWithPath: empty))
    func sources(_ path: String) -> (found: [Int], missing: [(String, String)]) {
      var found: [Int] = []
      var missing: [(String, String)] = []
      ImageEnumerator().forEach(in: [path]) { source in
        switch source {
        case .indexed(_, let index): found.append(index)
        case .missing(let path, let error): missing.append(("\(path)", "\(error)"))
        case .file: Issue.record("\(source)")
        }
      }
      return (found, missing)
    }
    for (range, indices) in [
      ("", 0..<9), ("#5", 5..<6), ("#05", 5..<6), ("#5-", 5..<9), ("#8-", 8..<9), ("#3-7", 3..<8),
      ("#3-3", 3..<4),
    ] {
      let (found, missing) = sources(path + range)
      #expect(found == Array(indices) && missing.isEmpty, "\(range)")
    }
    // Beyond the end: what there is, and one record of what there is not.
    for (range, indices, first) in [
      ("#5-20", 5..<9, 9), ("#9", 0..<0, 9), ("#9-", 0..<0, 9), ("#12-20", 0..<0, 12), ("#0-9", 0..<9, 9),
    ] {
      let (found, missing) = sources(path + range)
      #expect(found == Array(indices), "\(range)")
      #expect(missing.map(\.0) == ["\(path)#\(first)"] && missing[0].1.contains("holds 9 images"), "\(range)")
    }
    for range in ["#-5", "#3--7", "#7-3", "#", "#-", "#x", "#1-x", "#+1", "#1 ", "#99999999999999999999"] {
      let (found, missing) = sources(path + range)
      #expect(found.isEmpty && missing.map(\.0) == [path + range], "\(range)")
      #expect(missing.first?.1.contains("\(range) is no range") == true, "\(missing)")
    }
    for range in ["", "#0", "#3-"] {
      let (found, missing) = sources(empty + range)
      #expect(found.isEmpty && missing.map(\.1) == ["IDX: holds no images"], "\(range)")
    }
    // A file of such a name is that file.
    try Bitmap.ramp(4, 4, 1).png().write(to: URL(fileURLWithPath: "\(path)#7-3"))
    var names: [String] = []
    ImageEnumerator().forEach(in: ["\(path)#7-3"]) { source in
      if case .file(let path) = source { names.append("\(path)") }
    }
    #expect(names == ["\(path)#7-3"])
  }

  @Test(
    "A header that is no image file's is refused",
    arguments: [
      [], [2], [2, 2], [2, 0, 2], [2, 2, 2, 2], [1, 5000, 1], [0xFFFF_FFFF, 4096, 4096], [1, 1, 1, 1, 1],
    ])
  func headers(sizes: [UInt32]) throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = "\(folder)/x-ubyte"
    try idxFile(sizes, [1, 2, 3, 4]).write(to: URL(fileURLWithPath: path))
    #expect(throws: ImageError.self) { try IDXFile(path: path) }
  }

  /// A gzip file (RFC 1952) of one stored block (RFC 1951, 3.2.4).
  private func stored(_ bytes: Data) -> Data {
    var check: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      check ^= UInt32(byte)
      for _ in 0..<8 { check = check >> 1 ^ (check & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
    func little(_ value: UInt32, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(value >> (8 * $0) & 255) }
    }
    let size = UInt32(bytes.count)
    return Data([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255, 1] + little(size, 2) + little(~size, 2)) + bytes
      + Data(little(~check, 4) + little(size, 4))
  }
}

extension IDXFileTests {
  @Test("Images written as an IDX file are read back, gray and in colour", arguments: [1, 3])
  func written(channels: Int) throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let shape = ImageShape(height: 5, width: 300, channels: channels)
    let batch = ImageBatch(
      shape: shape, images: (0..<3).map { _ in Bitmap.ramp(300, 5, channels) })
    try batch.idx().write(to: URL(fileURLWithPath: "\(folder)/x-ubyte"))
    let file = try IDXFile(path: "\(folder)/x-ubyte")
    #expect(file.count == 3 && file.channels == channels)
    for index in 0..<3 { #expect(try file[index] == batch[index]) }
  }
}
