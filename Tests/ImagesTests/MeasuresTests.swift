import Foundation
import Testing

@testable import Images

struct MeasuresTests {
  private var measuring: ImageDecoder {
    var decoder = ImageDecoder()
    decoder.takesMeasures = true
    return decoder
  }

  /// Discs of several lights and sizes on a gradient, of any contrast.
  private func scene(_ width: Int, _ height: Int, blur: Int = 0, contrast: Double = 1) -> Bitmap {
    var image = Bitmap(width: width, height: height, channels: 1, filledWith: 0)
    for y in 0..<height {
      for x in 0..<width {
        var light = 90 + 60 * Double(x + y) / Double(width + height)
        for k in 0..<9 {
          let (cx, cy) = (Double((k * 37 + 11) % 97) / 97, Double((k * 61 + 29) % 89) / 89)
          let r = 0.04 + 0.015 * Double(k % 4)
          let distance = hypot(Double(x) / Double(width) - cx, Double(y) / Double(height) - cy)
          // A step, or a ramp as wide as the blur.
          let edge = max(Double(blur) / Double(width), 1e-9)
          light += (k % 2 == 0 ? 70 : -50) * min(max((r - distance) / edge + 0.5, 0), 1)
        }
        image.pixels[y * width + x] = UInt8(min(max(128 + contrast * (light - 128), 0), 255))
      }
    }
    return image
  }

  @Test("Measured while decoding is measured of the whole image, whatever is decoded to", arguments: [1, 3])
  func streaming(channels: Int) throws {
    let image = Bitmap.ramp(150, 90, channels)
    let expected = Measures(of: image)
    for target in [
      nil, ImageShape(height: 20, width: 16, channels: 1), .init(height: 8, width: 8, channels: 3),
    ] {
      let decoded = try measuring.decode(try image.png(), to: target)
      #expect(decoded.measures == expected)
      #expect(try decoded.bitmap == ImageDecoder().decode(try image.png(), to: target).bitmap)
    }
    #expect(try ImageDecoder().decode(try image.png(), to: nil).measures == nil)
  }

  @Test(
    "Large images measure as their means over squares do, cut squares at the edges too", arguments: [1, 3])
  func squares(channels: Int) throws {
    let (image, side) = (Bitmap.ramp(1037, 517, channels), 8)
    #expect(Measures.square(width: 1037, height: 517) == side)
    let means = Bitmap(
      width: 130, height: 65, channels: channels,
      pixels: (0..<65 * 130 * channels).map { at in
        let (x, y, c) = (at / channels % 130, at / channels / 130, at % channels)
        let columns = 8 * x..<min(8 * x + 8, 1037)
        let rows = 8 * y..<min(8 * y + 8, 517)
        let sum = rows.reduce(0) { sum, v in
          columns.reduce(sum) { $0 + Int(image.pixels[(v * 1037 + $1) * channels + c]) }
        }
        return UInt8((sum + rows.count * columns.count / 2) / (rows.count * columns.count))
      })
    let (expected, found) = (Measures(of: means), Measures(of: image))
    #expect(found.width == 1037 && found.height == 517 && found.sharpness == expected.sharpness)
    #expect(found.information == expected.information && found.colourfulness == expected.colourfulness)
    #expect(try measuring.decode(try image.png(), to: nil).measures == found)
  }

  @Test(
    "A JPEG measures as its pixels do, though it is shrunk on the way", arguments: [500, 800, 1200, 4000])
  func shrunk(width: Int) throws {
    let jpeg = try scene(width, width * 3 / 4).jpeg(quality: 95)
    let shape = ImageShape(height: 16, width: 16, channels: 3)
    let measures = try #require(try measuring.decode(jpeg, to: shape).measures)
    let expected = Measures(of: try ImageDecoder().decode(jpeg))
    #expect(measures.width == expected.width && measures.height == expected.height)
    #expect(abs(measures.brightness - expected.brightness) < 1)
    #expect(abs(measures.shadow - expected.shadow) <= 2 && abs(measures.highlight - expected.highlight) <= 2)
    #expect(abs(measures.sharpness - expected.sharpness) < 0.02)
    #expect(measures.colourfulness < 1)
  }

  @Test("Size is the upright image's, and turning an image changes nothing else", arguments: [3, 6, 8])
  func turned(orientation: Int) {
    let image = Bitmap.ramp(60, 40, 3)
    let (measures, turned) = (Measures(of: image), Measures(of: image.upright(from: orientation)))
    let isSideways = orientation >= 5
    #expect(turned.width == (isSideways ? 40 : 60) && turned.height == (isSideways ? 60 : 40))
    #expect(turned.shadow == measures.shadow && turned.highlight == measures.highlight)
    #expect(turned.colourfulness == measures.colourfulness && turned.sharpness == measures.sharpness)
  }

  @Test("Blur takes sharpness, contrast does not, and neither does another size of the same image")
  func sharpness() {
    let sharp = Measures(of: scene(384, 288)).sharpness
    #expect(Measures(of: scene(384, 288, blur: 10)).sharpness < 0.9 * sharp)
    #expect(Measures(of: scene(384, 288, blur: 40)).sharpness < 0.7 * sharp)
    // A quarter of the contrast leaves edges of 20 levels: rounding is a twentieth of them.
    #expect(abs(Measures(of: scene(384, 288, contrast: 0.25)).sharpness / sharp - 1) < 0.05)
    #expect(abs(Measures(of: scene(1152, 864)).sharpness / sharp - 1) < 0.05)
  }

  @Test("Quantiles of a ramp of all levels are its levels, its information that of one step over and over")
  func ramp() {
    let ramp = Bitmap(
      width: 100, height: 2, channels: 1, pixels: (0..<2).flatMap { _ in (0..<100).map { UInt8($0) } })
    let measures = Measures(of: ramp)
    #expect(measures.shadow == 0 && measures.highlight == 98 && measures.brightness == 49.5)
    #expect(measures.colourfulness == 0 && measures.transparency == 0)
    // 100 levels equally often; differences 0 and 1, of neighbours both left and above 0 too.
    #expect(measures.information >= log2(100) / 2 && measures.information <= (log2(100) + 1) / 2)
  }

  @Test("One colour has no information, no edges, and the strength of its colour")
  func plain() {
    let image = Bitmap(
      width: 20, height: 20, channels: 3, pixels: (0..<400).flatMap { _ in [200, 120, 80] as [UInt8] })
    let measures = Measures(of: image)
    #expect(measures.information == 0 && measures.contrast == 0 && measures.colourfulness == 120)
    #expect(abs(measures.sharpness - 0.8) < 0.02)
    #expect(measures.shadow == Double(Bitmap.luma(200, 120, 80)) && measures.highlight == 200)
  }

  @Test("Gray saved as colours measures as gray")
  func gray() {
    let image = Bitmap.ramp(64, 48, 1)
    #expect(Measures(of: image) == Measures(of: image.converted(toChannels: 3)))
  }

  @Test(
    "Transparency is the share of alpha that is missing, and its pixels are measured over the background",
    .enabled(if: ImageKind.tiff.isDecoded))
  func transparent() throws {
    // Alpha 255 - 6x in columns 0 to 36 (formats.py), and beside it what that looks like over white.
    let found = try #require(try measuring.decode(try reference("formats/alpha.tiff"), to: nil).measures)
    let over = Measures(of: try ImageDecoder().decode(try reference("formats/alpha.tiff.png")))
    #expect(abs(found.transparency - 6 * 18 / 255.0) < 1e-9 && over.transparency == 0)
    #expect(found.shadow == over.shadow && found.colourfulness == over.colourfulness)
    // A target in gray changes nothing.
    let gray = ImageShape(height: 10, width: 10, channels: 1)
    #expect(try measuring.decode(try reference("formats/alpha.tiff"), to: gray).measures == found)
  }

  @Test("Images of every small size are measured without a trap", arguments: 1...5)
  func small(width: Int) {
    for height in 1...5 {
      for channels in [1, 3] {
        let measures = Measures(of: .ramp(width, height, channels))
        let all = [measures.sharpness, measures.information, measures.contrast]
        #expect(all.allSatisfy { $0.isFinite })
      }
    }
    let line = Measures(of: .ramp(5000, 1, 3))
    #expect(line.sharpness.isFinite && line.width == 5000)
  }
}
