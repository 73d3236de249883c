import Foundation

/// Numbers by place, to be drawn at the size of an image.
package struct PatchMap: Sendable {
  private let values: [Double]
  private let height: Int
  private let width: Int

  /// - Parameter values: `[height, width]`.
  package init(_ values: [Double], height: Int, width: Int) {
    precondition(values.count == height * width)
    self.values = values
    self.height = height
    self.width = width
  }

  /// Standard deviation of the smoothing over the image's height.
  static let smoothing = 4.0 / 224

  /// Bilinear between the places' middles, then smoothed; beyond the edges as at them. `[height, width]`.
  package func drawn(height: Int, width: Int) -> [Double] {
    let across = (0..<width).map { Interpolation($0, of: width, in: self.width) }
    let fine = (0..<height).flatMap { y -> [Double] in
      let down = Interpolation(y, of: height, in: self.height)
      return across.map { along in
        func row(_ row: Int) -> Double {
          let (a, b) = (values[row * self.width + along.low], values[row * self.width + along.high])
          return a + Double(along.share) * (b - a)
        }
        let (a, b) = (row(down.low), row(down.high))
        return a + Double(down.share) * (b - a)
      }
    }
    let kernel = Self.kernel(Self.smoothing * Double(height))
    let once = Self.smoothed(fine, lines: height, length: width, step: 1, by: width, kernel)
    return Self.smoothed(once, lines: width, length: height, step: width, by: 1, kernel)
  }

  /// A Gaussian out to three standard deviations, summing to one.
  private static func kernel(_ deviation: Double) -> [Double] {
    let reach = Int((3 * deviation).rounded(.up))
    let weights = (-reach...reach).map {
      exp(-Double($0 * $0) / (2 * max(deviation, 1e-6) * max(deviation, 1e-6)))
    }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }

  private static func smoothed(
    _ values: [Double], lines: Int, length: Int, step: Int, by next: Int, _ kernel: [Double]
  ) -> [Double] {
    let reach = kernel.count / 2
    var result = values
    values.withUnsafeBufferPointer { values in
      result.withUnsafeMutableBufferPointer { result in
        for line in 0..<lines {
          for place in 0..<length {
            var sum = 0.0
            for k in -reach...reach {
              let from = min(max(place + k, 0), length - 1)
              sum += kernel[k + reach] * values[line * next + from * step]
            }
            result[line * next + place * step] = sum
          }
        }
      }
    }
    return result
  }
}
