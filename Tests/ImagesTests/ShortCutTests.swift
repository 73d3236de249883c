import Foundation
import Testing

@testable import Images

/// Our own short cuts for ordinary files against what libjpeg and libpng make of the same bytes.
struct ShortCutTests {
  static let jpegs = ["444.jpg", "422.jpg", "420-restarts.jpg", "gray.jpg"]

  private let ours = ImageDecoder()
  private var libraries: ImageDecoder {
    var decoder = ImageDecoder()
    decoder.usesLibrariesOnly = true
    return decoder
  }

  private static func farthest(_ a: Bitmap, _ b: Bitmap) -> Int {
    zip(a.pixels, b.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 0
  }

  /// Luma is the same; chroma is a mean that each rounds once, and 1.772 times a level of it, rounded, is 2 of blue. Where
  /// chroma is halved one way only, libjpeg repeats it and we do not.
  @Test(
    "A JPEG at an eighth is libjpeg's, to the rounding of chroma", arguments: jpegs.filter { $0 != "422.jpg" }
  )
  func eighth(name: String) throws {
    let bytes = try reference(name)
    let target = ImageShape(height: 17, width: 25, channels: name == "gray.jpg" ? 1 : 3)
    let (short, long) = (
      try ours.decode(bytes, to: target).bitmap, try libraries.decode(bytes, to: target).bitmap
    )
    #expect(Self.farthest(short, long) <= (name == "gray.jpg" ? 0 : 2))
  }

  @Test("Ordinary files take the short cut, others and those asked not to do not")
  func taken() throws {
    let target = ImageShape(height: 8, width: 8, channels: 3)
    for bytes in try Self.jpegs.map({ try reference($0) }) + [try Bitmap.ramp(9, 9, 3).png()] {
      #expect(try ours.decode(bytes, to: target).tookShortCut)
      #expect(try !libraries.decode(bytes, to: target).tookShortCut)
    }
    #expect(try !ours.decode(try reference("progressive.jpg"), to: target).tookShortCut)
  }

  /// Every pixel of an eighth is the mean of 64 at full size. These are rounded, clipped nowhere, and their chroma is
  /// interpolated across the borders of blocks: a slope of chroma of g levels a pixel shifts a block's mean by no more
  /// than g, and the waves have at most 5 levels a pixel.
  @Test("A JPEG at an eighth is the mean of its blocks", arguments: jpegs)
  func means(name: String) throws {
    let bytes = try reference(name)
    let whole = try libraries.decode(bytes)
    let small = try ours.decode(bytes, to: .init(height: 17, width: 25, channels: whole.channels)).bitmap
    // 25x17 of 26x18 blocks: resampled alike.
    var blocks = Bitmap(width: 26, height: 18, channels: whole.channels, filledWith: 0)
    for y in 0..<18 {
      for x in 0..<26 {
        for c in 0..<whole.channels {
          var (sum, count) = (0, 0)
          for v in y * 8..<min(y * 8 + 8, whole.height) {
            for u in x * 8..<min(x * 8 + 8, whole.width) {
              sum += Int(whole.pixels[(v * whole.width + u) * whole.channels + c])
              count += 1
            }
          }
          blocks.pixels[(y * 26 + x) * whole.channels + c] = UInt8((sum + count / 2) / count)
        }
      }
    }
    let expected = blocks.resampled(width: 25, height: 17)
    // The last column and row are blocks of which the file has more than the image.
    for y in 0..<16 {
      for i in 0..<24 * whole.channels {
        let at = y * 25 * whole.channels + i
        #expect(abs(Int(small.pixels[at]) - Int(expected.pixels[at])) <= 5)
      }
    }
  }

  @Test("A PNG decoded at once is libpng's to the byte, for every filter", arguments: [1, 3])
  func png(channels: Int) throws {
    // libpng chooses among all filters by the sums of lines: smooth, noisy, and constant ones.
    var state: UInt32 = 5
    var image = Bitmap(width: 61, height: 64, channels: channels, filledWith: 9)
    for i in image.pixels.indices {
      let (x, y) = (i / channels % 61, i / channels / 61)
      state = state &* 1_664_525 &+ 1_013_904_223
      let noise = Int(state >> 24) % [1, 3, 9, 256][y / 16]
      image.pixels[i] = UInt8((x * (y % 5) + y * 3 + noise) & 255)
    }
    let bytes = try image.png()
    #expect(try ours.decode(bytes) == image)
    #expect(try libraries.decode(bytes) == image)
  }

  @Test("Damage has the same verdict with short cuts and without", arguments: jpegs + ["png"])
  func damage(name: String) throws {
    let whole = Array(name == "png" ? try Bitmap.ramp(40, 40, 3).png() : try reference(name))
    var state: UInt64 = 11
    func draw(_ below: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % max(below, 1)
    }
    var refused = 0
    for _ in 0..<2000 {
      var bytes = whole
      switch draw(4) {
      case 0: bytes.removeLast(1 + draw(bytes.count / 2))
      case 1: bytes.removeSubrange(draw(bytes.count / 2)..<bytes.count / 2)
      default: for _ in 0...draw(3) { bytes[draw(bytes.count)] ^= UInt8(1 << draw(8)) }
      }
      func outcome(_ decoder: ImageDecoder) -> Result<Bitmap, ImageError> {
        do {
          return .success(
            try decoder.decode(Data(bytes), to: .init(height: 16, width: 16, channels: 3)).bitmap)
        } catch { return .failure(error) }
      }
      switch (outcome(ours), outcome(libraries)) {
      case (.success(let short), .success(let long)):
        // Values that a damaged file sends out of range are clipped here and there in different places.
        if name == "png" { #expect(short == long) }
      case (.failure(let short), .failure(let long)):
        #expect(short == long)
        refused += 1
      case (let short, let long): Issue.record("\(short) but \(long)")
      }
    }
    #expect(refused > 400)
  }
}
