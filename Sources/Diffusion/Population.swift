import Foundation
import Images
import ScoreModel

/// Mean and variance of a population's images, value by value: what the prior term compares with.
public struct PopulationMoments: Sendable, Equatable {
  /// `[d]`, scale -1...1.
  public let mean: [Float]
  /// `[d]`.
  public let variance: [Float]

  public init(mean: [Float], variance: [Float]) {
    self.mean = mean
    self.variance = variance
  }

  /// Moments of 8-bit images.
  public init(images: ImageBatch) {
    let d = images.shape.count
    let count = Double(max(images.count, 1))
    var sum = [Double](repeating: 0, count: d)
    var square = sum
    for (index, value) in images.pixels.enumerated() {
      let x = Double(value) / 127.5 - 1
      sum[index % d] += x
      square[index % d] += x * x
    }
    mean = sum.map { Float($0 / count) }
    variance = zip(sum, square).map { Float(max($1 / count - ($0 / count) * ($0 / count), 0)) }
  }
}

/// Finitely many images with known probabilities: its exact denoiser needs no network (MATH, "A population with
/// known probabilities").
public struct FinitePopulation: Denoiser {
  /// `[N][d]`, scale -1...1.
  public let images: [[Float]]
  /// Probabilities, summing to 1.
  public let probabilities: [Double]

  public init(images: [[Float]], probabilities: [Double]) {
    self.images = images
    self.probabilities = probabilities
  }

  public var valuesPerImage: Int { images.first?.count ?? 0 }

  /// E[y|t,z]: the images weighted by p_i exp(-||z - y_i||^2 / 2t).
  public func denoise(_ noisy: [Float], sigma: Float) -> [Float] {
    let d = valuesPerImage
    var clean = [Float](repeating: 0, count: noisy.count)
    for start in stride(from: 0, to: noisy.count, by: d) {
      let exponents = zip(images, probabilities).map { image, probability in
        var distance = 0.0
        for i in 0..<d {
          let difference = Double(noisy[start + i] - image[i])
          distance += difference * difference
        }
        return log(probability) - distance / (2 * Double(sigma) * Double(sigma))
      }
      let largest = exponents.max() ?? 0
      let weights = exponents.map { exp($0 - largest) }
      let total = weights.reduce(0, +)
      for (image, weight) in zip(images, weights) where weight > 0 {
        for i in 0..<d { clean[start + i] += Float(weight / total) * image[i] }
      }
    }
    return clean
  }
}
