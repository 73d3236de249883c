import Diffusion

extension StatisticName {
  /// Density of those logarithms alone (after MSMA, arXiv 2010.13132).
  public static let profile = StatisticName(declaring: "profile")
}

/// Surprise, in bits a level, of the logarithms of the errors at each noise level, under a Gaussian mixture
/// (after MSMA, Mahmood et al., arXiv 2010.13132).
package struct ProfileStatistic: Statistic {
  package static let name = StatisticName.profile

  let density: MixtureDensity

  static func features(_ estimate: SurprisalEstimate) -> [Double] {
    Levels.groups(estimate.errors.count).map { group in
      ErrorProfile.logError(group.reduce(0) { $0 + estimate.errors[$1] } / Double(group.count))
    }
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
    density.refusal(of: Self.name, features: Levels.groups(form.sigmas.count).count)
  }

  package func score(_ estimate: SurprisalEstimate) -> Double { density.score(Self.features(estimate)) }
}
