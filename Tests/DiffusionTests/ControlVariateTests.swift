import Foundation
import Images
import ScoreModel
import Tensors
import Testing

@testable import Diffusion

struct ControlVariateTests {
  static let shape = ImageShape(height: 16, width: 16, channels: 3)

  static func images(_ count: Int, seed: UInt64) -> ImageBatch {
    var random = RandomSource(seed: seed)
    // Flat, saturated, gentle and rough parts, so that every texture class occurs.
    let pixels = (0..<count * shape.count).map { index -> UInt8 in
      switch index / 192 % 4 {
      case 0: 0
      case 1: 120
      case 2: UInt8(118 + random.next() % 12)
      default: UInt8(random.next() & 255)
      }
    }
    return ImageBatch(shape: shape, pixels: pixels)
  }

  static func variate(spectrum: Float = 0.2) -> ControlVariate {
    ControlVariate(
      shape: shape, mean: [Float](repeating: 0, count: shape.count),
      spectrum: [Float](repeating: spectrum, count: shape.count))
  }

  @Test("The transform keeps lengths and is undone by its inverse", arguments: [1, 3])
  func transform(channels: Int) {
    let shape = ImageShape(height: 16, width: 20, channels: channels)
    let variate = ControlVariate(
      shape: shape, mean: [Float](repeating: 0, count: shape.count),
      spectrum: [Float](repeating: 1, count: shape.count))
    var random = RandomSource(seed: 4)
    let x = random.normal(shape.count)
    let c = variate.transform(x)
    let length = { (v: [Float]) in v.reduce(0.0) { $0 + Double($1 * $1) } }
    // float32 sums of 20 products: 1e-6 relative.
    #expect(abs(length(c) / length(x) - 1) < 1e-5)
    for (a, b) in zip(variate.inverse(c), x) { #expect(abs(a - b) < 1e-5) }
  }

  @Test("Every feature has mean zero over the noise, for any image", arguments: [0.0015, 0.004, 0.05, 2.0])
  func zeroMean(sigma: Double) {
    let variate = Self.variate()
    let clean = Self.images(1, seed: 1).scaled
    let image = variate.image(clean[...])
    #expect(Set(image.texture).count == ControlVariate.classes)
    let draws = 4000
    var sum = [Double](repeating: 0, count: ControlVariate.count)
    var square = sum
    for index in 0..<draws {
      var random = RandomSource(seed: 9, stream: UInt64(index))
      let features = variate.features(image, variate.draw(random.normal(Self.shape.count), sigma: sigma))
      for (k, value) in features.enumerated() {
        sum[k] += value
        square[k] += value * value
      }
    }
    for k in sum.indices {
      // Nine features at four levels: 4 standard errors are passed by chance once in 440 runs of this test; the seed
      // is fixed.
      let error = (square[k] / Double(draws)).squareRoot() / Double(draws).squareRoot()
      #expect(abs(sum[k] / Double(draws)) <= 4 * error + 1e-9, "feature \(k)")
    }
  }

  @Test(
    "Under a Gaussian population the control variate takes all chance off, and the estimate is its density")
  func gaussian() throws {
    // Isotropic: its spectrum is flat, so the variate's linear denoiser is the exact one.
    let s = 0.2
    let d = Self.shape.count
    let exact = GaussianMixture(means: [[Float](repeating: 0, count: d)], variances: [s], weights: [1])
    let range = NoiseLevelRange()
    let moments = PopulationMoments(
      mean: [Float](repeating: 0, count: d), variance: [Float](repeating: Float(s), count: d))
    let variate = Self.variate(spectrum: Float(s))
    var multiples = [Double](repeating: 0, count: 2 * ControlVariate.count)
    multiples[ControlVariate.count - 1] = 1
    multiples[2 * ControlVariate.count - 1] = 1
    let survey = IntegrandSurvey(
      sigmas: [range.lower, range.upper], integrand: [1, 0], multiples: multiples)
    let images = Self.images(4, seed: 3)
    func estimates(_ control: LogProbability.Control?) throws -> [SurprisalEstimate] {
      try LogProbability(
        range: range, quadrature: .gaussLegendre(32, over: range), replicates: 2,
        noise: CommonNoise(seed: 2), moments: moments, control: control, observing: [.map]
      ).estimate(images, under: exact)
    }
    let plain = try estimates(nil)
    let controlled = try estimates(LogProbability.Control(variate: variate, survey: survey))
    for (index, (estimate, other)) in zip(controlled, plain).enumerated() {
      // KL( N(y, t0) || N(mu, S + t0) ): the density in closed form, bits/dim.
      let t = range.lower * range.lower
      let truth = images.pixels(of: index).reduce(0.0) { sum, value in
        let y = Double(value) / 127.5 - 1
        return sum + 0.5 * ((t + y * y) / (s + t) - 1 + log((s + t) / t)) / log(2)
      }
      let found = estimate.prior + estimate.integral
      // 32 nodes integrate this curve to 1e-6 (MATH); float32 denoising leaves some 1e-4 of sigma at sigma_0.
      #expect(abs(found - truth / Double(d)) < 1e-3)
      let error = try #require(other.standardError)
      #expect(abs(other.prior + other.integral - truth / Double(d)) < 4 * error)
      // The map carries the same corrections.
      #expect(abs(estimate.map.reduce(0, +) / Double(d) - estimate.bitsPerDim) < 1e-4)
    }
  }

  @Test("A survey learns multiples that lessen the spread without moving the mean")
  func survey() throws {
    let d = Self.shape.count
    let exact = GaussianMixture(
      means: [[Float](repeating: 0.3, count: d), [Float](repeating: -0.3, count: d)],
      variances: [0.1, 0.3], weights: [0.5, 0.5])
    let range = NoiseLevelRange()
    let control = Self.variate()
    let survey = try IntegrandSurvey(
      of: Self.images(12, seed: 5), under: exact, range: range, control: control, levels: 16, draws: 6,
      seed: 1)
    let quadrature = Quadrature.placed(12, by: survey)
    #expect(quadrature.sigmas == quadrature.sigmas.sorted())
    func estimates(_ control: LogProbability.Control?) throws -> [SurprisalEstimate] {
      let (mean, variance) = exact.moments
      return try LogProbability(
        range: range, quadrature: quadrature, replicates: 16, noise: CommonNoise(seed: 8),
        moments: PopulationMoments(mean: mean, variance: variance), control: control
      ).estimate(Self.images(8, seed: 6), under: exact)
    }
    let plain = try estimates(nil)
    let controlled = try estimates(LogProbability.Control(variate: control, survey: survey))
    for (a, b) in zip(plain, controlled) {
      let (before, after) = (try #require(a.standardError), try #require(b.standardError))
      #expect(after < before / 2)
      #expect(abs(a.bitsPerDim - b.bitsPerDim) < 4 * (before * before + after * after).squareRoot())
    }
  }

  @Test("Student's quantiles are the tables'")
  func student() {
    // Abramowitz and Stegun, table 26.10, two-sided 95 % and 99 %.
    for (level, freedom, value) in [
      (0.95, 1.0, 12.706), (0.95, 2, 4.303), (0.95, 5, 2.571), (0.99, 10, 3.169), (0.95, 30, 2.042),
    ] {
      #expect(abs(StudentT.quantile(level, freedom: freedom) - value) < 6e-4)
    }
  }
}
