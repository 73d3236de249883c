import Diffusion

extension StatisticName {
  /// Density of those errors by scale and direction.
  public static let bands = StatisticName(declaring: "bands")
}

/// Surprise, in bits a feature, of the logarithms of the errors by noise level, scale and direction
/// (`ErrorBreakdown.bands`), under a Gaussian mixture. Blur, compression and turned textures move errors between
/// bands while their sum stays.
package struct BandStatistic: Statistic {
  package static let name = StatisticName.bands
  package static let observations = [Observation.breakdown]

  let density: MixtureDensity

  static func features(_ estimate: SurprisalEstimate) -> [Double] {
    guard let breakdown = estimate.breakdown else { return [] }
    return Levels.average(breakdown.bands, nodes: estimate.errors.count).map(ErrorProfile.logError)
  }

  package init(fitting estimates: GroupedEstimates) throws(CalibrationError) {
    try self.init(fitting: estimates, components: nil)
  }

  init(fitting estimates: GroupedEstimates, components: Int?) throws(CalibrationError) {
    guard estimates.count >= 3 else { throw .tooFewToFit(found: estimates.count, needed: 3) }
    density = MixtureDensity(
      fitting: estimates.map(Self.features), of: estimates.groups, components: components)
  }

  package func refitted(on estimates: GroupedEstimates) throws(CalibrationError) -> Self {
    try Self(fitting: estimates, components: density.weights.count)
  }

  package init(tensor: (String, Int?) throws -> [Double]) throws {
    density = try MixtureDensity(features: try tensor("feature.mean", nil).count, tensor: tensor)
  }

  package var tensors: [String: [Double]] { density.tensors }

  package func refusal(for form: EstimateForm) -> String? {
    let levels = Levels.groups(form.sigmas.count).count
    return density.refusal(of: Self.name, features: levels * ErrorBreakdown.bands)
  }

  package func score(_ estimate: SurprisalEstimate) -> Double { density.score(Self.features(estimate)) }

  /// The most unusual band and level.
  package func words(_ estimate: SurprisalEstimate, _ form: EstimateForm) -> String? {
    // [levels, bands]
    let z = density.standardised(Self.features(estimate))
    guard let peak = z.indices.max(by: { abs(z[$0]) < abs(z[$1]) }) else { return nil }
    let names = ["coarse detail", "detail along rows", "detail along columns", "diagonal detail"]
    let (low, high) = Wording.ends(
      peak / ErrorBreakdown.bands, of: z.count / ErrorBreakdown.bands, form.sigmas)
    return "\(names[peak % ErrorBreakdown.bands]) (\(Wording.range(low, high))) \(Wording.side(z[peak]))"
  }
}
