import Diffusion
import Foundation

extension StatisticName {
  /// Strength of the image's spots: places whose errors lean one way.
  public static let local = StatisticName(declaring: "local")
}

/// How far the strengths of an image's spots are above the population's: the root mean square of those of their
/// logarithms, in standard deviations, that are above the mean. Weak spots are never odd.
package struct LocalStatistic: Statistic {
  package static let name = StatisticName.local
  package static let observations = [Observation.spots]

  /// Mean and standard deviation of each feature, `[sides, dark and bright]`.
  package let mean: [Double]
  package let deviation: [Double]

  static func features(_ estimate: SurprisalEstimate) -> [Double] {
    estimate.spots.map { log(Double($0.strength)) }
  }

  package init(fitting estimates: GroupedEstimates) throws(CalibrationError) {
    guard estimates.count >= 3 else { throw .tooFewToFit(found: estimates.count, needed: 3) }
    let (mean, deviation) = Correlation.moments(estimates.map(Self.features))
    self.mean = mean.map { Double(Float($0)) }
    self.deviation = deviation.map { Double(Float($0)) }
  }

  package init(tensor: (String, Int?) throws -> [Double]) throws {
    mean = try tensor("mean", nil)
    deviation = try tensor("deviation", mean.count)
  }

  package var tensors: [String: [Double]] { ["mean": mean, "deviation": deviation] }

  package func refusal(for form: EstimateForm) -> String? {
    refusedFeatures(
      of: Self.name, found: mean.count, wanted: 2 * Spot.sides(form.shape).count, scales: deviation)
  }

  /// `[sides, dark and bright]`.
  private func standardised(_ estimate: SurprisalEstimate) -> [Double] {
    zip(Self.features(estimate), zip(mean, deviation)).map { ($0 - $1.0) / $1.1 }
  }

  package func score(_ estimate: SurprisalEstimate) -> Double {
    let z = standardised(estimate)
    // An estimate that lacks what was fitted is as odd as can be.
    guard z.count == mean.count else { return .nan }
    return (z.reduce(0) { $0 + max($1, 0) * max($1, 0) } / Double(max(z.count, 1))).squareRoot()
  }

  /// The spot that stands out most, and where it is.
  package func words(_ estimate: SurprisalEstimate, _ form: EstimateForm) -> String? {
    let z = standardised(estimate)
    guard let peak = z.indices.max(by: { z[$0] < z[$1] }) else { return nil }
    let spot = estimate.spots[peak]
    let place = Wording.place(
      row: spot.row + spot.side / 2, of: form.shape.height, column: spot.column + spot.side / 2,
      of: form.shape.width, in: form)
    return "\(place), \(spot.side) pixels wide, \(spot.isDark ? "darker" : "brighter") than expected, "
      + Wording.side(z[peak])
  }
}
