import Diffusion
import Images
import Tensors
import Testing

@testable import Detection

struct PixelMixtureTests {
  /// A ramp across or down, as strong one way as the other, with noise; `.none` is halfway between: flat.
  private static func image(isAcross: Bool?, _ random: inout RandomSource) -> SurprisalEstimate {
    var estimate = Synthetic.seen(&random)
    let noise = random.normal(256)
    let pixels = (0..<256).map { at -> UInt8 in
      let along = isAcross.map { Float($0 ? at % 16 : at / 16) } ?? Float(at % 16 + at / 16) / 2
      return UInt8(max(0, min(255, 128 + 8 * (along - 7.5) + 6 * noise[at])))
    }
    estimate.appearance = estimate.appearance.map {
      Appearance(
        image: Bitmap(width: 16, height: 16, channels: 1, pixels: pixels), activations: $0.activations,
        eyes: $0.eyes, damage: $0.damage)
    }
    return estimate
  }

  @Test("What lies between two kinds of images is odd by two components, and ordinary by one")
  func between() throws {
    var random = RandomSource(seed: 7, stream: 0x4D58_5450)
    let nearest = try NearestStatistic(
      fitting: (0..<2000).map { Self.image(isAcross: $0 % 2 == 0, &random) })
    let fresh = (0..<200).map { Self.image(isAcross: $0 % 2 == 0, &random) }
    let odd = (0..<200).map { _ in Self.image(isAcross: nil, &random) }
    func area(components: Int) throws -> Double {
      let mixture = try #require(PixelMixture(nearest, components: components))
      return Separation(inliers: fresh.map(mixture.score), outliers: odd.map(mixture.score)).auroc
    }
    // The prior leaves 4 % of the variance between both along that direction: 12 nats, of a surprise that has 4.5 of noise.
    #expect(try area(components: 2) > 0.9)
    // In the middle of one Gaussian nothing is odd: half at most, give or take three errors (Hanley and McNeil 1982).
    #expect(try area(components: 1) < 0.5 + 3 * 0.03)
  }

  @Test("Where no pixels are kept there is none, and an image that nobody looked at has no score")
  func none() throws {
    var random = RandomSource(seed: 8, stream: 0x4D58_5450)
    let unseen = (0..<30).map { _ in Synthetic.estimate(&random) }
    #expect(try PixelMixture(Calibration(evaluations: 8, estimates: unseen)) == nil)
    let seen = (0..<30).map { _ in Synthetic.seen(&random) }
    let mixture = try #require(PixelMixture(Calibration(evaluations: 8, estimates: seen)))
    #expect(mixture.score(unseen[0]).isNaN && mixture.score(seen[0]).isFinite)
  }
}
