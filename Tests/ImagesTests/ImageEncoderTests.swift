import Foundation
import Testing

@testable import Images

struct ImageEncoderTests {
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
    let image = Bitmap.ramp(13, 7, channels)
    #expect(try ImageDecoder().decode(try image.png()) == image)
  }

  @Test("A contact sheet shows every image in its cell, and seams around them")
  func contactSheet() throws {
    let images = (0..<5).map { Bitmap(width: 3, height: 2, channels: 1, filledWith: UInt8(40 * $0)) }
    let sheet = try #require(Bitmap.contactSheet(images, scale: 2))
    // Three columns hold five; cells of 6x4 and seams of 2.
    #expect(sheet.width == 3 * 8 + 2 && sheet.height == 2 * 6 + 2)
    for y in 0..<sheet.height {
      for x in 0..<sheet.width {
        let isSeam = x % 8 < 2 || y % 6 < 2
        let index = y / 6 * 3 + x / 8
        let expected: UInt8 = isSeam || index >= 5 ? 128 : UInt8(40 * index)
        #expect(sheet.pixels[y * sheet.width + x] == expected, "(\(x), \(y))")
      }
    }
    #expect(Bitmap.contactSheet([]) == nil)
  }
}
