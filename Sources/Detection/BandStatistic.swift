import Diffusion

/// Surprise, in bits a feature, of the logarithms of the errors by noise level, scale and direction
/// (`ErrorBreakdown.bands`), under a Gaussian mixture. Blur, compression and turned textures move errors between
/// bands while their sum stays.
public struct BandStatistic: ErrorDensity {
  let density: MixtureDensity

  static func features(_ estimate: SurprisalEstimate) -> [Double] {
    guard let breakdown = estimate.breakdown else { return [] }
    return Levels.average(breakdown.bands, nodes: estimate.errors.count).map(ProfileStatistic.logError)
  }

  public init(fitting estimates: [SurprisalEstimate]) throws(CalibrationError) {
    try self.init(fitting: estimates, components: nil)
  }

  init(fitting estimates: [SurprisalEstimate], components: Int?) throws(CalibrationError) {
    guard estimates.count >= 3 else { throw .tooFewToFit(found: estimates.count, needed: 3) }
    density = MixtureDensity(fitting: estimates.map(Self.features), components: components)
  }

  public init(tensor: (String, Int?) throws -> [Double]) throws {
    density = try MixtureDensity(features: try tensor("feature.mean", nil).count, tensor: tensor)
  }

  public var tensors: [String: [Double]] { density.tensors }

  /// `[levels, bands]`.
  public func standardised(_ estimate: SurprisalEstimate) -> [Double] {
    density.standardised(Self.features(estimate))
  }

  public func score(_ estimate: SurprisalEstimate) -> Double { density.score(Self.features(estimate)) }
}
