import Foundation
import Testing

@testable import Images

struct ImagesTests {
  static func ramp(_ width: Int, _ height: Int, _ channels: Int) -> Bitmap {
    Bitmap(
      width: width, height: height, channels: channels,
      pixels: (0..<width * height * channels).map { UInt8(($0 * 37 + $0 / 7) & 255) })
  }

  static func folder() throws -> String {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("surprisal-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
    return path.path
  }

  @Test("PNG gives back what was written", arguments: [1, 3])
  func pngRoundTrip(channels: Int) throws {
    let image = Self.ramp(13, 7, channels)
    #expect(try ImageDecoder().decode(try image.png()) == image)
  }

  @Test("Every proper prefix of a PNG is refused, none crashes")
  func truncated() throws {
    let bytes = try Self.ramp(9, 9, 3).png()
    for length in 0..<bytes.count {
      #expect(throws: ImageError.self) { try ImageDecoder().decode(bytes.prefix(length)) }
    }
  }

  @Test("Pixels beyond the limit are refused from the header")
  func tooLarge() throws {
    var decoder = ImageDecoder()
    decoder.limits.pixels = 80
    #expect(throws: ImageError.tooLarge("PNG: 9 x 9 pixels, more than the limit of 80 (65500 a side)")) {
      try decoder.decode(try Self.ramp(9, 9, 1).png())
    }
  }

  @Test("Area resampling keeps the mean, and a constant everywhere", arguments: [(3, 5), (4, 4), (20, 16)])
  func resampling(width: Int, height: Int) {
    let image = Self.ramp(12, 10, 1)
    let mean = { (image: Bitmap) in image.pixels.reduce(0.0) { $0 + Double($1) } / Double(image.pixels.count)
    }
    let small = image.resampled(width: width, height: height)
    // Each pixel is rounded by at most one half.
    #expect(abs(mean(small) - mean(image)) <= 0.5)
    let flat = Bitmap(width: 12, height: 10, channels: 3, filledWith: 77).resampled(
      width: width, height: height)
    #expect(flat.pixels.allSatisfy { $0 == 77 })
  }

  @Test("Orientations form the group they should: four turns, two mirrors")
  func orientations() {
    let image = Self.ramp(3, 2, 1)
    for mirror in [2, 3, 4, 5, 7] { #expect(image.upright(from: mirror).upright(from: mirror) == image) }
    #expect(image.upright(from: 6).upright(from: 8) == image)
    #expect(image.upright(from: 6).upright(from: 6) == image.upright(from: 3))
    // 6: the row at the top is shown at the right; its first pixel lands top right.
    #expect(image.upright(from: 6).pixels[1] == image.pixels[0])
  }

  @Test("A folder is walked in order, other files counted, missing ones reported")
  func enumeration() throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.createDirectory(atPath: "\(folder)/b", withIntermediateDirectories: true)
    let png = try Self.ramp(4, 4, 1).png()
    for name in ["c.png", "a.png", "b/d.jpg", "noname", ".hidden.png"] {
      try png.write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
    }
    try Data("text".utf8).write(to: URL(fileURLWithPath: "\(folder)/notes.txt"))
    var names: [String] = []
    let skipped = ImageEnumerator().forEach(in: [folder, "\(folder)/gone.png"]) { names.append($0.name) }
    #expect(names == ["a.png", "b/d.jpg", "c.png", "noname", "gone.png"].map { "\(folder)/\($0)" })
    #expect(skipped == 1)
  }

  @Test("IDX images are named by index and checked against the file's length")
  func idx() throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = "\(folder)/x-images-idx3-ubyte"
    let header: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 2]
    try Data(header + (0..<12).map { UInt8($0) }).write(to: URL(fileURLWithPath: path))
    var names: [String] = []
    var pixels: [UInt8] = []
    try ImageEnumerator().forEach(in: ["\(path)#1-2"]) { source in
      names.append(source.name)
      pixels += try source.load(ImageDecoder(), width: 2, height: 2, channels: 1).bitmap.pixels
    }
    #expect(names == ["\(path)#1", "\(path)#2"])
    #expect(pixels == (4..<12).map { UInt8($0) })
    try Data(header).write(to: URL(fileURLWithPath: path))
    #expect(throws: ImageError.self) { try IDXFile(path: path) }
  }
}
