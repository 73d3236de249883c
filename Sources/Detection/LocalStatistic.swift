import Diffusion
import Foundation

/// How far the strengths of an image's spots are above the population's: the root mean square of those of their
/// logarithms, in standard deviations, that are above the mean. Weak spots are never odd.
public struct LocalStatistic: ErrorDensity {
  /// Mean and standard deviation of each feature, `[sides, dark and bright]`.
  public let mean: [Double]
  public let deviation: [Double]

  static func features(_ estimate: SurprisalEstimate) -> [Double] {
    (estimate.breakdown?.spots ?? []).map { log(Double($0.strength)) }
  }

  public init(fitting estimates: [SurprisalEstimate]) throws(CalibrationError) {
    guard estimates.count >= 3 else { throw .tooFewToFit(found: estimates.count, needed: 3) }
    let (mean, deviation) = Correlation.moments(estimates.map(Self.features))
    self.mean = mean.map { Double(Float($0)) }
    self.deviation = deviation.map { Double(Float($0)) }
  }

  public init(tensor: (String, Int?) throws -> [Double]) throws {
    mean = try tensor("mean", nil)
    deviation = try tensor("deviation", mean.count)
  }

  public var tensors: [String: [Double]] { ["mean": mean, "deviation": deviation] }

  /// Why tensors from a file cannot judge images of this shape, or nil when they can.
  public func refusal(sides: Int) -> String? {
    guard mean.count == 2 * sides else {
      return "the statistic local has \(mean.count) features, not \(2 * sides)"
    }
    return deviation.allSatisfy { $0 > 0 } ? nil : "the statistic local has a spread that is not above zero"
  }

  /// `[sides, dark and bright]`.
  public func standardised(_ estimate: SurprisalEstimate) -> [Double] {
    zip(Self.features(estimate), zip(mean, deviation)).map { ($0 - $1.0) / $1.1 }
  }

  public func score(_ estimate: SurprisalEstimate) -> Double {
    let z = standardised(estimate)
    // An estimate that lacks what was fitted is as odd as can be.
    guard z.count == mean.count else { return .nan }
    return (z.reduce(0) { $0 + max($1, 0) * max($1, 0) } / Double(max(z.count, 1))).squareRoot()
  }
}
