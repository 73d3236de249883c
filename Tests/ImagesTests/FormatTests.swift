import Foundation
import Testing

@testable import Images

/// Files of Reference/formats against what Pillow, or plain arithmetic, makes of them (formats.py).
struct FormatTests {
  /// Files that this build decodes: all, where `make setup` has been.
  static let files: [String] = {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
      "Reference/formats")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { !$0.hasSuffix(".png") }.sorted().filter { name in
      guard let bytes = try? reference("formats/\(name)"), let kind = ImageKind(bytes) else { return true }
      return kind.isDecoded
    }
  }()

  private static func format(_ name: String) -> String {
    ["bmp": "BMP", "tiff": "TIFF", "webp": "WebP", "avif": "AVIF"][(name as NSString).pathExtension] ?? ""
  }

  /// How far a value may be off. libtiff multiplies ink by black and divides, cutting off, where Pillow rounds; AVIF's
  /// YUV becomes RGB by one of two routines of libavif, whose factors of 6 and of 16 bits differ by up to two levels.
  private static func tolerance(_ name: String) -> Int {
    name.hasSuffix(".avif") ? 2 : name == "cmyk.tiff" ? 1 : 0
  }

  @Test("Every pixel is what it should be, upright, with the size and the kind told", arguments: files)
  func pixels(name: String) throws {
    let expected = try ImageDecoder().decode(try reference("formats/\(name).png"))
    let found = try ImageDecoder().decode(try reference("formats/\(name)"), to: nil)
    #expect(found.warning == nil)
    #expect(
      found.origin == ImageOrigin(format: Self.format(name), width: expected.width, height: expected.height))
    try #require(found.bitmap.width == expected.width && found.bitmap.height == expected.height)
    let (a, b) = (found.bitmap.converted(toChannels: 3).pixels, expected.converted(toChannels: 3).pixels)
    let farthest = zip(a, b).map { abs(Int($0) - Int($1)) }.max() ?? 0
    #expect(farthest <= Self.tolerance(name), "\(farthest)")
    // Streaming to a size is the same as decoding whole and resampling.
    let shape = ImageShape(height: 9, width: 14, channels: 1)
    #expect(
      try ImageDecoder().decode(try reference("formats/\(name)"), to: shape).bitmap
        == found.bitmap.converted(toChannels: 1).resampled(width: 14, height: 9))
  }

  @Test(
    "A part of a file is refused, or is all that there was to see; with leniency it is whole in size or refused",
    arguments: files)
  func prefixes(name: String) throws {
    let bytes = try reference("formats/\(name)")
    let whole = try ImageDecoder().decode(bytes)
    var lenient = ImageDecoder()
    lenient.isLenient = true
    for length in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 300)) {
      if let image = try? ImageDecoder().decode(bytes.prefix(length)) { #expect(image == whole, "\(length)") }
      if let image = try? lenient.decode(bytes.prefix(length), to: nil) {
        // Not turned, where what says so is what was cut off.
        let sides = [image.bitmap.width, image.bitmap.height]
        #expect(sides == [whole.width, whole.height] || sides == [whole.height, whole.width], "\(length)")
      }
    }
  }

  @Test("Each limit refuses by itself, from the header", arguments: files)
  func limits(name: String) throws {
    let bytes = try reference("formats/\(name)")
    func outcome(_ change: (inout ImageLimits) -> Void) -> ImageError? {
      var decoder = ImageDecoder()
      change(&decoder.limits)
      do throws(ImageError) { _ = try decoder.decode(bytes) } catch { return error }
      return nil
    }
    func isTooLarge(_ error: ImageError?) -> Bool { if case .tooLarge = error { true } else { false } }
    #expect(isTooLarge(outcome { $0.pixels = 37 * 23 - 1 }) && outcome { $0.pixels = 37 * 23 } == nil)
    #expect(isTooLarge(outcome { $0.side = 36 }) && outcome { $0.side = 37 } == nil)
    // Less than a row takes.
    #expect(isTooLarge(outcome { $0.memory = 36 }), "\(String(describing: outcome { $0.memory = 36 }))")
  }

  @Test(
    "Thousands of damaged files of every format end in pixels or an error, never a crash", arguments: files)
  func mutations(name: String) throws {
    var state = name.utf8.reduce(UInt64(7)) { $0 &* 31 &+ UInt64($1) }
    func draw(_ below: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % max(below, 1)
    }
    let whole = Array(try reference("formats/\(name)"))
    var decoder = ImageDecoder()
    decoder.limits.pixels = 1 << 20
    decoder.limits.memory = 1 << 24
    for _ in 0..<400 {
      var bytes = whole
      for _ in 0...draw(6) {
        switch draw(3) {
        case 0: bytes[draw(bytes.count)] ^= UInt8(1 << draw(8))
        case 1: bytes[draw(min(bytes.count, 200))] = UInt8(draw(256))
        default:
          let at = draw(bytes.count - 4)
          bytes.replaceSubrange(
            at..<at + 4, with: [[255, 255, 255, 255], [0, 0, 0, 0], [255, 255, 255, 127]][draw(3)])
        }
      }
      if draw(4) == 0 { bytes.removeLast(draw(bytes.count)) }
      decoder.isLenient = draw(2) == 0
      do {
        let image = try decoder.decode(Data(bytes), to: .init(height: 28, width: 28, channels: 1))
        #expect(image.bitmap.pixels.count == 784)
      } catch { #expect(!error.description.isEmpty) }
    }
  }

  /// Gray levels 50 and 60 side by side, as plain a TIFF as there is (TIFF 6.0, section 2).
  private func tiff(kind: UInt32 = 0, samples: UInt32 = 1) -> Data {
    func entry(_ tag: UInt16, _ type: UInt16, _ value: UInt32) -> [UInt8] {
      [UInt8(tag & 255), UInt8(tag >> 8), UInt8(type), 0, 1, 0, 0, 0]
        + (0..<4).map { UInt8(value >> (8 * $0) & 255) }
    }
    let entries = [
      entry(254, 4, kind), entry(256, 4, 2), entry(257, 4, 1), entry(258, 3, 8), entry(259, 3, 1),
      entry(262, 3, 1), entry(273, 4, 8), entry(279, 4, 2), entry(339, 3, samples),
    ]
    let head: [UInt8] = [0x49, 0x49, 42, 0, 12, 0, 0, 0, 50, 60, 0, 0, UInt8(entries.count), 0]
    return Data(head + entries.joined() + [0, 0, 0, 0])
  }

  @Test(
    "A raw file's small copy, signed samples and floats are not taken for the image",
    .enabled(if: ImageKind.tiff.isDecoded))
  func refusedPages() throws {
    #expect(try ImageDecoder().decode(tiff()).pixels == [50, 60])
    for (file, reason) in [
      (tiff(kind: 1), "small copy"), (tiff(samples: 2), "signed"), (tiff(samples: 3), "floating-point"),
    ] {
      let error = #expect(throws: ImageError.self) { try ImageDecoder().decode(file) }
      #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    }
  }
}
