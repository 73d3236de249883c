import Images

/// An image's pixels as features: what every method knows without a network.
enum PixelFeatures {
  /// Values an image has at most; larger ones are averaged over squares.
  static let most = 1024

  /// Pixels on a side of the squares that are averaged.
  static func side(_ shape: ImageShape) -> Int {
    var side = 1
    while count(shape, side) > most { side += 1 }
    return side
  }

  static func count(_ shape: ImageShape) -> Int { count(shape, side(shape)) }

  private static func count(_ shape: ImageShape, _ side: Int) -> Int {
    ((shape.height + side - 1) / side) * ((shape.width + side - 1) / side) * shape.channels
  }

  /// Means of squares, from 0 to 1, `[height, width, channels]`.
  static func values(_ image: Bitmap) -> [Float] {
    let shape = image.shape
    let side = side(shape)
    let (high, wide, channels) = (
      (shape.height + side - 1) / side, (shape.width + side - 1) / side, shape.channels
    )
    var sums = [Float](repeating: 0, count: high * wide * channels)
    image.pixels.withUnsafeBufferPointer { pixels in
      for y in 0..<shape.height {
        for x in 0..<shape.width {
          let target = (y / side * wide + x / side) * channels
          let source = (y * shape.width + x) * channels
          for c in 0..<channels { sums[target + c] += Float(pixels[source + c]) }
        }
      }
    }
    for y in 0..<high {
      for x in 0..<wide {
        let area = min(side, shape.height - y * side) * min(side, shape.width - x * side)
        for c in 0..<channels { sums[(y * wide + x) * channels + c] /= Float(255 * area) }
      }
    }
    return sums
  }
}
