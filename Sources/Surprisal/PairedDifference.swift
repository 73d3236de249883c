import Diffusion
import Foundation

/// The mean difference of two scores of the same images, on the same noise: what images and noise have in common
/// drops out, and far smaller differences show than the spread of the scores.
struct PairedDifference {
  let mean: Double
  /// Of the mean, over images.
  let standardError: Double
  private let count: Int

  /// Of `a` less `b`, image by image.
  init(_ a: [Double], _ b: [Double]) {
    let differences = zip(a, b).map { $0 - $1 }
    (mean, standardError) = Self.moments(differences)
    count = differences.count
  }

  /// A mean and its standard error.
  static func moments(_ values: [Double]) -> (mean: Double, standardError: Double) {
    let n = Double(max(values.count, 1))
    let mean = values.reduce(0, +) / n
    let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (mean, (square / max(n * (n - 1), 1)).squareRoot())
  }

  /// Two-sided, that there is no difference.
  var pValue: Double {
    standardError > 0 ? erfc(abs(mean) / standardError / 2.0.squareRoot()) : mean == 0 ? 1 : 0
  }

  /// Chance of calling no difference one.
  static let level = 0.05

  /// Whether `a` is larger by more than chance: Student's one-sided test at a level of 0.05.
  var isPositive: Bool {
    guard count > 1 else { return mean > 0 }
    return mean > standardError * StudentT.quantile(1 - 2 * Self.level, freedom: Double(count - 1))
  }
}
