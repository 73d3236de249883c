import Foundation
import Testing

@testable import Images

struct ImageDecoderTests {
  @Test("Every proper prefix of a PNG is refused, none crashes")
  func truncated() throws {
    let bytes = try Bitmap.ramp(9, 9, 3).png()
    for length in 0..<bytes.count {
      #expect(throws: ImageError.self) { try ImageDecoder().decode(bytes.prefix(length)) }
    }
  }

  @Test("Pixels beyond the limit are refused from the header")
  func tooLarge() throws {
    var decoder = ImageDecoder()
    decoder.limits.pixels = 80
    #expect(throws: ImageError.tooLarge("PNG: 9 x 9 pixels, more than the limit of 80 (65500 a side)")) {
      try decoder.decode(try Bitmap.ramp(9, 9, 1).png())
    }
  }

  @Test("Decoding to a size is decoding whole, converted, then resampled", arguments: [1, 3])
  func streaming(channels: Int) throws {
    let png = try Bitmap.ramp(37, 23, 3).png()
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
    for bytes in [png.prefix(png.count / 2), try fixture("broken/cut.jpg")] {
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
    #expect(throws: ImageError.self) { try decoder.decode(try fixture("broken/cut.png"), to: nil) }
  }

  @Test("Each limit refuses by itself, from the header")
  func limits() throws {
    let png = try Bitmap.ramp(9, 5, 3).png()
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
    let jpeg = try reference("progressive.jpg")
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

  @Test("Kinds are told by content: what is not decoded is named")
  func kinds() {
    for (bytes, name) in [
      ("GIF89a", "GIF"), ("....ftypheic", "HEIC"), ("....ftypmif1\0\0\0\0heic", "HEIC"), ("8BPS....", "PSD"),
    ] {
      #expect(throws: ImageError.unsupported(kind: name)) { try ImageDecoder().decode(Data(bytes.utf8)) }
    }
    for (bytes, kind) in [
      ("BM....\0\0\0\0....", ImageKind.bmp), ("II*\0....", .tiff), ("MM\0+....", .tiff),
      ("RIFF....WEBPVP8 ", .webP),
      ("....ftypavif", .avif), ("....ftypmif1\0\0\0\0mif1avif", .avif),
    ] {
      #expect(ImageKind(Data(bytes.utf8)) == kind)
      // Nothing behind the first bytes: refused by what would decode it, or as this build's lack.
      let error = #expect(throws: ImageError.self) { try ImageDecoder().decode(Data(bytes.utf8)) }
      #expect(error?.description.hasPrefix(kind.rawValue) == true, "\(String(describing: error))")
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
      Array(try fixture($0))
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
