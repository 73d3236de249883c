import Diffusion
import Foundation

/// Mahalanobis distance of the logarithms of the errors by noise level and place (`ErrorBreakdown.cells`), divided by
/// the square root of their number: near 1 for a member of the population. A small defect moves the cells it lies in,
/// which a level's sum averages away.
public struct SpatialStatistic: ErrorDensity {
  /// Mean and standard deviation of each feature, `[levels, rows, columns]`.
  public let mean: [Double]
  public let deviation: [Double]
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

  public init(fitting estimates: [SurprisalEstimate]) throws(CalibrationError) {
    guard estimates.count >= 3 else { throw .tooFewToFit(found: estimates.count, needed: 3) }
    let rows = estimates.map(Self.features)
    let (mean, deviation) = Correlation.moments(rows)
    let standard = rows.map { row in row.indices.map { (row[$0] - mean[$0]) / deviation[$0] } }
    self.init(
      mean: mean, deviation: deviation,
      factor: Correlation.cholesky(Correlation.shrunk(standard), mean.count))
  }

  public init(tensor: (String, Int?) throws -> [Double]) throws {
    let mean = try tensor("mean", nil)
    self.init(
      mean: mean, deviation: try tensor("deviation", mean.count),
      factor: try tensor("factor", mean.count * (mean.count + 1) / 2))
  }

  public var tensors: [String: [Double]] { ["mean": mean, "deviation": deviation, "factor": factor] }

  /// `[levels, rows, columns]`.
  public func standardised(_ estimate: SurprisalEstimate) -> [Double] {
    zip(Self.features(estimate), zip(mean, deviation)).map { ($0 - $1.0) / $1.1 }
  }

  public func score(_ estimate: SurprisalEstimate) -> Double {
    let z = standardised(estimate)
    return (Correlation.squareLength(z, factor) / Double(max(z.count, 1))).squareRoot()
  }
}
