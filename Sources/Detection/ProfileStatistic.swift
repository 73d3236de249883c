import Diffusion
import Foundation

/// Surprise, in bits a level, of the logarithms of the errors at each noise level, under a Gaussian mixture
/// (after MSMA, Mahmood et al., arXiv 2010.13132).
public struct ProfileStatistic: ErrorDensity {
  /// Mean log error of every node, and its standard deviation: what an explanation compares with.
  public let mean: [Double]
  public let deviation: [Double]
  let density: MixtureDensity

  /// Log of one node's error; errors below a millionth of the noise are as good as none.
  static func logError(_ error: Double) -> Double { log(max(error, 1e-6)) }

  static func features(_ estimate: SurprisalEstimate) -> [Double] {
    Levels.groups(estimate.errors.count).map { group in
      logError(group.reduce(0) { $0 + estimate.errors[$1] } / Double(group.count))
    }
  }

  public init(fitting estimates: [SurprisalEstimate]) throws(CalibrationError) {
    try self.init(fitting: estimates, components: nil)
  }

  init(fitting estimates: [SurprisalEstimate], components: Int?) throws(CalibrationError) {
    guard estimates.count >= 3 else { throw .tooFewToFit(found: estimates.count, needed: 3) }
    let (mean, deviation) = Correlation.moments(estimates.map { $0.errors.map(Self.logError) })
    self.mean = mean.map { Double(Float($0)) }
    self.deviation = deviation.map { Double(Float($0)) }
    density = MixtureDensity(fitting: estimates.map(Self.features), components: components)
  }

  public init(tensor: (String, Int?) throws -> [Double]) throws {
    mean = try tensor("mean", nil)
    deviation = try tensor("deviation", mean.count)
    density = try MixtureDensity(features: Levels.groups(mean.count).count, tensor: tensor)
  }

  public var tensors: [String: [Double]] {
    density.tensors.merging(["mean": mean, "deviation": deviation]) { $1 }
  }

  /// Why tensors from a file cannot judge estimates of so many nodes, or nil when they can.
  public func refusal(nodes: Int) -> String? {
    guard mean.count == nodes else { return "the statistic profile has \(mean.count) levels, not \(nodes)" }
    guard (deviation + density.deviation).allSatisfy({ $0 > 0 }) else {
      return "the statistic profile has a spread that is not above zero"
    }
    return nil
  }

  /// Log error at each node, in standard deviations from the population's mean.
  public func standardised(_ estimate: SurprisalEstimate) -> [Double] {
    zip(estimate.errors, zip(mean, deviation)).map { (Self.logError($0) - $1.0) / $1.1 }
  }

  public func score(_ estimate: SurprisalEstimate) -> Double { density.score(Self.features(estimate)) }
}
