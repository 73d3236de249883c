import Diffusion
import Foundation

extension StatisticName {
  /// Density of the logarithms of the errors at each noise level, together with the image's size as a PNG file.
  public static let joint = StatisticName(declaring: "joint")
}

/// Surprise, in bits a feature, of the profile's features together with the size of the image as a PNG file, under a
/// Gaussian mixture. How wrong a denoiser of the population is at each level goes with how much there is to say about an
/// image, and the two agree only for the population's images: the use of complexity of Serra et al. (2020), as a density
/// in place of a difference.
package struct JointStatistic: Statistic {
  package static let name = StatisticName.joint
  package static let observations = [Observation.compressedLength]

  let density: MixtureDensity

  static func features(_ estimate: SurprisalEstimate) -> [Double] {
    ProfileStatistic.features(estimate) + [estimate.compressedBitsPerDim ?? 0]
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
    density.refusal(of: Self.name, features: Levels.groups(form.sigmas.count).count + 1)
  }

  /// The levels, then the size.
  private func standardised(_ estimate: SurprisalEstimate) -> [Double] {
    density.standardised(Self.features(estimate))
  }

  package func score(_ estimate: SurprisalEstimate) -> Double { density.score(Self.features(estimate)) }

  /// The size, where it stands out more than any level.
  package func words(_ estimate: SurprisalEstimate, _ form: EstimateForm) -> String? {
    let z = standardised(estimate)
    guard let size = z.last, let most = z.dropLast().map(abs).max(), abs(size) > most else { return nil }
    return String(
      format: "size as a PNG file %.1f sd %@", abs(size),
      (size > 0
        ? "above reference: busier than the population" : "below reference: simpler than the population")
        as NSString)
  }
}
