import Diffusion
import Foundation

extension StatisticName {
  /// Density of those errors by place in the image.
  public static let spatial = StatisticName(declaring: "spatial")
}

/// Mahalanobis distance of the logarithms of the errors by noise level and place (`ErrorBreakdown.cells`), divided by
/// the square root of their number: near 1 for a member of the population. A small defect moves the cells it lies in,
/// which a level's sum averages away.
package struct SpatialStatistic: Statistic {
  package static let name = StatisticName.spatial
  package static let observations = [Observation.breakdown]

  /// Mean and standard deviation of each feature, `[levels, rows, columns]`.
  package let mean: [Double]
  package let deviation: [Double]
  /// Packed lower Cholesky factor of their shrunk correlations.
  let factor: [Double]

  /// Added to a cell's error: a few thousandths of the noise, below which chance decides.
  static let floor = 3e-3

  static func features(_ estimate: SurprisalEstimate) -> [Double] {
    guard let breakdown = estimate.breakdown else { return [] }
    return Levels.average(breakdown.cells, nodes: estimate.errors.count).map { log($0 + floor) }
  }

  private init(mean: [Double], deviation: [Double], factor: [Double]) {
    self.mean = mean.map { Double(Float($0)) }
    self.deviation = deviation.map { Double(Float($0)) }
    self.factor = factor.map { Double(Float($0)) }
  }

  package init(fitting estimates: GroupedEstimates) throws(CalibrationError) {
    guard estimates.count >= 3 else { throw .tooFewToFit(found: estimates.count, needed: 3) }
    let rows = estimates.map(Self.features)
    let (mean, deviation) = Correlation.moments(rows)
    let standard = rows.map { row in row.indices.map { (row[$0] - mean[$0]) / deviation[$0] } }
    self.init(
      mean: mean, deviation: deviation,
      factor: Correlation.cholesky(Correlation.shrunk(standard), mean.count))
  }

  package init(tensor: (String, Int?) throws -> [Double]) throws {
    let mean = try tensor("mean", nil)
    self.init(
      mean: mean, deviation: try tensor("deviation", mean.count),
      factor: try tensor("factor", mean.count * (mean.count + 1) / 2))
  }

  package var tensors: [String: [Double]] { ["mean": mean, "deviation": deviation, "factor": factor] }

  package func refusal(for form: EstimateForm) -> String? {
    let levels = Levels.groups(form.sigmas.count).count
    let wanted = levels * ErrorBreakdown.Grid(form.shape).cells
    if let refusal = refusedFeatures(of: Self.name, found: mean.count, wanted: wanted, scales: deviation) {
      return refusal
    }
    return Correlation.isRegular(factor[...], mean.count)
      ? nil : "the statistic \(Self.name.rawValue) has a correlation that is not positive"
  }

  /// `[levels, rows, columns]`.
  private func standardised(_ estimate: SurprisalEstimate) -> [Double] {
    zip(Self.features(estimate), zip(mean, deviation)).map { ($0 - $1.0) / $1.1 }
  }

  package func score(_ estimate: SurprisalEstimate) -> Double {
    let z = standardised(estimate)
    return (Correlation.squareLength(z, factor) / Double(max(z.count, 1))).squareRoot()
  }

  /// The most unusual cell and level.
  package func words(_ estimate: SurprisalEstimate, _ form: EstimateForm) -> String? {
    let grid = ErrorBreakdown.Grid(form.shape)
    let z = standardised(estimate)
    guard let peak = z.indices.max(by: { abs(z[$0]) < abs(z[$1]) }) else { return nil }
    let (low, high) = Wording.ends(peak / grid.cells, of: z.count / grid.cells, form.sigmas)
    let place = Wording.place(
      row: peak % grid.cells / grid.columns, of: grid.rows, column: peak % grid.columns, of: grid.columns,
      in: form)
    return "\(place), \(Wording.scale((low * high).squareRoot())) (\(Wording.range(low, high))) "
      + Wording.side(z[peak])
  }
}
