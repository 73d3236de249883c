import Images
import Testing

@testable import Detection

struct PixelFeaturesTests {
  @Test("Small images are their pixels, large ones means of squares, none over the bound", arguments: [1, 3])
  func means(channels: Int) {
    for (width, height) in [(8, 8), (28, 28), (33, 31), (64, 48), (128, 128)] {
      let shape = ImageShape(height: height, width: width, channels: channels)
      let pixels = (0..<shape.count).map { (place: Int) -> UInt8 in UInt8((place * 7 + place / 11) & 255) }
      let image = Bitmap(width: width, height: height, channels: channels, pixels: pixels)
      let values = PixelFeatures.values(image)
      #expect(values.count == PixelFeatures.count(shape) && values.count <= PixelFeatures.most)
      if shape.count <= PixelFeatures.most { #expect(values == pixels.map { Float($0) / 255 }) }
      // A constant image stays one, whatever its edges.
      let flat = Bitmap(
        width: width, height: height, channels: channels,
        pixels: [UInt8](repeating: 51, count: shape.count))
      #expect(PixelFeatures.values(flat).allSatisfy { abs($0 - 0.2) < 1e-6 })
    }
  }
}
