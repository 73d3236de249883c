import Foundation

/// How strong each pattern of 8x8 pixels is in an image, whatever its place: the logarithm of the mean square of each
/// coefficient of the cosine transform over all 8x8 blocks, as JPEG takes it. What pixels alone say of texture, sharpness,
/// noise and colour.
package enum BlockSpectrum {
  static let side = 8
  /// Colour differences vary slowly: only so many coefficients a side of theirs.
  static let colourSide = 4
  /// 64 of luma, 16 of each of two colour differences.
  package static let count = side * side + 2 * colourSide * colourSide
  /// Added to each mean square, in units of the range of pixels squared: below the noise of 8 bits nothing is told apart.
  private static let floor: Float = 1e-4

  /// - Parameters:
  ///   - pixels: `[height, width, channels]`, interleaved; gray counts as three equal channels.
  ///   - width, height: at least 8. What is beyond the last whole block is not looked at.
  /// - Returns: `[count]`.
  package static func features(pixels: [UInt8], width: Int, height: Int, channels: Int) -> [Float] {
    precondition(width >= side && height >= side && (channels == 1 || channels == 3))
    precondition(pixels.count == width * height * channels)
    var energies = [[Float]](repeating: [Float](repeating: 0, count: side * side), count: 3)
    var block = [[Float]](repeating: [Float](repeating: 0, count: side * side), count: 3)
    let (rows, columns) = (height / side, width / side)
    for row in 0..<rows {
      for column in 0..<columns {
        for y in 0..<side {
          for x in 0..<side {
            let at = ((row * side + y) * width + column * side + x) * channels
            let red = Float(pixels[at]) / 255
            let green = channels == 3 ? Float(pixels[at + 1]) / 255 : red
            let blue = channels == 3 ? Float(pixels[at + 2]) / 255 : red
            let place = y * side + x
            block[0][place] = 0.299 * red + 0.587 * green + 0.114 * blue
            block[1][place] = blue - green
            block[2][place] = red - green
          }
        }
        for plane in 0..<(channels == 3 ? 3 : 1) {
          let transformed = transform(block[plane])
          for k in 0..<side * side { energies[plane][k] += transformed[k] * transformed[k] }
        }
      }
    }
    let blocks = Float(rows * columns)
    var result = energies[0].map { log($0 / blocks + floor) }
    for plane in 1..<3 {
      for y in 0..<colourSide {
        for x in 0..<colourSide { result.append(log(energies[plane][y * side + x] / blocks + floor)) }
      }
    }
    return result
  }

  /// `[frequency, place]` of the orthonormal cosine transform (Ahmed et al. 1974).
  private static let basis: [Float] = (0..<side).flatMap { frequency in
    (0..<side).map { place in
      let scale = (Double(frequency == 0 ? 1 : 2) / Double(side)).squareRoot()
      return Float(scale * cos(Double.pi * (Double(place) + 0.5) * Double(frequency) / Double(side)))
    }
  }

  /// Along rows, then along columns.
  private static func transform(_ block: [Float]) -> [Float] {
    var half = [Float](repeating: 0, count: side * side)
    var whole = half
    for y in 0..<side {
      for u in 0..<side {
        var sum: Float = 0
        for x in 0..<side { sum += basis[u * side + x] * block[y * side + x] }
        half[y * side + u] = sum
      }
    }
    for v in 0..<side {
      for u in 0..<side {
        var sum: Float = 0
        for y in 0..<side { sum += basis[v * side + y] * half[y * side + u] }
        whole[v * side + u] = sum
      }
    }
    return whole
  }
}
