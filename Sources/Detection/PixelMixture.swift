import Diffusion

/// A Gaussian mixture over the main directions of the population's pixels: a control. It judges nothing and no file keeps it; it says what
/// a density of pixels alone would have seen, beside statistics that are to be worth more.
package struct PixelMixture: Sendable {
  package static let name = "mixture"
  private static let components = 20

  private let directions: PrincipalComponents
  private let density: MixtureDensity

  /// Of the images that `nearest` keeps, along its directions; fewer components where there are fewer images.
  /// - Returns: nil where the calibration knows no images' pixels.
  package init?(_ calibration: Calibration) {
    guard let nearest = calibration.statistic(.nearest) as? NearestStatistic else { return nil }
    self.init(nearest, components: Self.components)
  }

  init?(_ nearest: NearestStatistic, components: Int) {
    let rows = nearest.coordinates
    guard rows.count >= 2, !nearest.components.variances.isEmpty else { return nil }
    directions = nearest.components
    density = MixtureDensity(
      fitting: rows, components: max(1, min(components, rows.count / MixtureDensity.imagesEach)),
      startsAsScaled: true)
  }

  /// Surprise in bits a direction; no number where the image was not looked at.
  package func score(_ estimate: SurprisalEstimate) -> Double {
    guard let look = estimate.appearance else { return .nan }
    let pixels = PixelFeatures.values(look.image)
    guard pixels.count == directions.mean.count else { return .nan }
    return density.score(directions.coordinates(pixels[...]).map(Double.init))
  }
}
