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

  @Test("JPEG gives back what was written, nearly")
  func jpegRoundTrip() throws {
    for channels in [1, 3] {
      var image = Bitmap(width: 40, height: 24, channels: channels, filledWith: 0)
      for i in image.pixels.indices {
        image.pixels[i] = UInt8(60 + i / channels % 40 + i / channels / 40 * 4)
      }
      let back = try ImageDecoder().decode(image.jpeg(quality: 100))
      #expect(back.width == 40 && back.height == 24 && back.channels == channels)
      // A smooth ramp at quality 100: quantisation by 1, and rounding in colour and transform, a few grey levels.
      #expect(zip(back.pixels, image.pixels).allSatisfy { abs(Int($0) - Int($1)) <= 4 })
      #expect(try image.jpeg(quality: 10).count < image.jpeg(quality: 100).count)
    }
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
      pixels += try source.load(ImageDecoder(), as: ImageShape(height: 2, width: 2, channels: 1)).bitmap
        .pixels
    }
    #expect(names == ["\(path)#1", "\(path)#2"])
    #expect(pixels == (4..<12).map { UInt8($0) })
    try Data(header).write(to: URL(fileURLWithPath: path))
    #expect(throws: ImageError.self) { try IDXFile(path: path) }
  }

  /// A file of fixtures/.
  static func fixture(_ name: String) throws -> Data {
    try Data(
      contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../fixtures/\(name)"))
  }

  @Test("Decoding to a size is decoding whole, converted, then resampled", arguments: [1, 3])
  func streaming(channels: Int) throws {
    let png = try Self.ramp(37, 23, 3).png()
    let target = ImageShape(height: 20, width: 16, channels: channels)
    let whole = try ImageDecoder().decode(png).converted(toChannels: channels).resampled(
      width: 16, height: 20)
    #expect(try ImageDecoder().decode(png, to: target).bitmap == whole)
  }

  @Test("A cut file is refused, or with leniency taken as far as it goes and marked")
  func lenient() throws {
    // Values without pattern, so that the PNG spans several chunks: those before the cut still decode.
    var state: UInt32 = 7
    let noise = Bitmap(
      width: 100, height: 100, channels: 3,
      pixels: (0..<30000).map { _ in
        state = state &* 1_664_525 &+ 1_013_904_223
        return UInt8(state >> 24)
      })
    let png = try noise.png()
    var decoder = ImageDecoder()
    decoder.isLenient = true
    #expect(try decoder.decode(png, to: nil).warning == nil)
    for bytes in [png.prefix(png.count / 2), try Self.fixture("broken/cut.jpg")] {
      #expect(throws: ImageError.self) { try ImageDecoder().decode(bytes) }
      let image = try decoder.decode(bytes, to: nil)
      #expect(image.warning?.isEmpty == false)
      let size = image.bitmap.width * image.bitmap.height * image.bitmap.channels
      #expect(image.bitmap.pixels.count == size)
    }
    let half = try decoder.decode(png.prefix(png.count / 2), to: nil).bitmap
    #expect(half.pixels.prefix(3000) == noise.pixels.prefix(3000))
    #expect(half.pixels.suffix(3000).allSatisfy { $0 == decoder.background })
    // Nothing of this one can be had.
    #expect(throws: ImageError.self) { try decoder.decode(try Self.fixture("broken/cut.png"), to: nil) }
  }

  @Test("Each limit refuses by itself, from the header")
  func limits() throws {
    let png = try Self.ramp(9, 5, 3).png()
    func refused(_ change: (inout ImageLimits) -> Void) -> Bool {
      var decoder = ImageDecoder()
      change(&decoder.limits)
      do { _ = try decoder.decode(png) } catch .tooLarge { return true } catch { return false }
      return false
    }
    #expect(refused { $0.pixels = 44 } && !refused { $0.pixels = 45 })
    #expect(refused { $0.side = 8 } && !refused { $0.side = 9 })
    #expect(refused { $0.memory = 26 } && !refused { $0.memory = 27 })
    // A progressive JPEG (Pillow, 64x64, 4:2:0) holds 2 bytes for each of 64 * 64 * 1.5 coefficients and comes in
    // several scans.
    let jpeg = try Data(
      contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Reference/progressive.jpg"))
    func jpegRefused(_ change: (inout ImageLimits) -> Void) -> Bool {
      var decoder = ImageDecoder()
      change(&decoder.limits)
      do { _ = try decoder.decode(jpeg) } catch .tooLarge { return true } catch { return false }
      return false
    }
    #expect(jpegRefused { $0.memory = 12287 } && !jpegRefused { $0.memory = 12288 })
    #expect(jpegRefused { $0.scans = 2 } && !jpegRefused { _ in })
    // A header that promises 2^31 pixels a side, with nothing behind it.
    var bomb = png
    for at in [16, 20] { bomb.replaceSubrange(at..<at + 4, with: [0x7F, 0xFF, 0xFF, 0xFF]) }
    #expect(throws: ImageError.self) { try ImageDecoder().decode(bomb) }
  }

  @Test("Pipes are refused without waiting, links stay inside the folder, and no folder is entered twice")
  func hostileFolder() throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let manager = FileManager.default
    let png = try Self.ramp(4, 4, 1).png()
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
        names[String(source.name.dropFirst(folder.count + 4))] = readable
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

  @Test("Kinds are told by content: what is not decoded is named")
  func kinds() {
    for (bytes, name) in [
      ("GIF89a", "GIF"), ("RIFF....WEBPVP8 ", "WebP"), ("II*\0....", "TIFF"), ("....ftypheic", "HEIC"),
      ("....ftypavif", "AVIF"), ("8BPS....", "PSD"),
    ] {
      #expect(throws: ImageError.unsupported(kind: name)) { try ImageDecoder().decode(Data(bytes.utf8)) }
    }
    #expect(throws: ImageError.empty) { try ImageDecoder().decode(Data()) }
    #expect(throws: ImageError.unrecognised) { try ImageDecoder().decode(Data("text".utf8)) }
  }

  @Test("Thousands of damaged files end in pixels or an error, never a crash")
  func mutations() throws {
    var state: UInt64 = 1
    func draw(_ below: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % max(below, 1)
    }
    let seeds = try ["clothes/00.png", "broken/cut.jpg", "other/rings.jpg"].map {
      Array(try Self.fixture($0))
    }
    var decoder = ImageDecoder()
    decoder.limits.pixels = 1 << 20
    for index in 0..<3000 {
      var bytes = seeds[index % seeds.count]
      for _ in 0...draw(8) { bytes[draw(bytes.count)] ^= UInt8(1 << draw(8)) }
      if draw(3) == 0 { bytes.removeLast(draw(bytes.count)) }
      decoder.isLenient = draw(2) == 0
      do {
        let image = try decoder.decode(Data(bytes), to: .init(height: 28, width: 28, channels: 1))
        #expect(image.bitmap.pixels.count == 784)
      } catch { #expect(!error.description.isEmpty) }
    }
  }
}
