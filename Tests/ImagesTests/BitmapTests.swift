import Testing

@testable import Images

struct BitmapTests {
  @Test("Orientations form the group they should: four turns, two mirrors")
  func orientations() {
    let image = Bitmap.ramp(3, 2, 1)
    for mirror in [2, 3, 4, 5, 7] { #expect(image.upright(from: mirror).upright(from: mirror) == image) }
    #expect(image.upright(from: 6).upright(from: 8) == image)
    #expect(image.upright(from: 6).upright(from: 6) == image.upright(from: 3))
    // 6: the row at the top is shown at the right; its first pixel lands top right.
    #expect(image.upright(from: 6).pixels[1] == image.pixels[0])
  }

  @Test("Gray as RGB and back is itself, and luma weighs green most, blue least")
  func channels() {
    let gray = Bitmap.ramp(16, 16, 1)
    #expect(gray.converted(toChannels: 3).converted(toChannels: 1) == gray)
    let primaries = Bitmap(
      width: 3, height: 1, channels: 3, pixels: [255, 0, 0, 0, 255, 0, 0, 0, 255])
    // 0.299, 0.587 and 0.114 of 255.
    #expect(primaries.converted(toChannels: 1).pixels == [76, 150, 29])
  }

  @Test("Turned images have their sides swapped, mirrored ones not", arguments: 1...8)
  func turnedShape(orientation: Int) {
    let image = Bitmap.ramp(5, 2, 3)
    let upright = image.upright(from: orientation)
    let turned = orientation >= 5
    #expect(upright.shape == ImageShape(height: turned ? 5 : 2, width: turned ? 2 : 5, channels: 3))
    #expect(upright.pixels.sorted() == image.pixels.sorted())
  }

  @Test("An enlarged image repeats each pixel both ways", arguments: [1, 3])
  func enlarged(channels: Int) {
    let image = Bitmap.ramp(3, 2, channels)
    let large = image.enlarged(by: 4)
    #expect(large.shape == ImageShape(height: 8, width: 12, channels: channels))
    for y in 0..<8 {
      for x in 0..<12 {
        for c in 0..<channels {
          #expect(
            large.pixels[(y * 12 + x) * channels + c] == image.pixels[(y / 4 * 3 + x / 4) * channels + c],
            "(\(x), \(y))")
        }
      }
    }
  }
}
