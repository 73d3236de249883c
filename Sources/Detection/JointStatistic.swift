import Diffusion

/// Surprise, in bits a feature, of the profile's features together with the size of the image as a PNG file, under a
/// Gaussian mixture. How wrong a denoiser of the population is at each level goes with how much there is to say about an
/// image, and the two agree only for the population's images: the use of complexity of Serra et al. (2020), as a density
/// in place of a difference.
public struct JointStatistic: ErrorDensity {
  let density: MixtureDensity

  static func features(_ estimate: SurprisalEstimate) -> [Double] {
    ProfileStatistic.features(estimate) + [estimate.compressedBitsPerDim ?? 0]
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

  /// The levels, then the size.
  public func standardised(_ estimate: SurprisalEstimate) -> [Double] {
    density.standardised(Self.features(estimate))
  }

  public func score(_ estimate: SurprisalEstimate) -> Double { density.score(Self.features(estimate)) }
}
